// What the blocks of a forward and backward pass share.
#pragma once

#include <span>

#include "model/activations.h"
#include "model/carried_keys.h"
#include "model/model.h"

namespace trex {

// What is random in a micro-batch's pass, and the counters that make it repeatable.
struct PassNoise {
  float dropout = 0.0f;         // LoRA dropout rate
  float embedding_noise = 0.0f; // NEFTune's alpha: a document of L tokens gets uniform noise of +-alpha / sqrt(L C)
  uint64_t seed = 0;
  uint64_t step = 0;
  int64_t first_token = 0; // tokens of the step that came before this micro-batch
};

struct Pass {
  const Ops &ops;
  Device &device;
  const HyperParameters &parameters;
  const PackedBatch &batch; // as place_batch gave it
  const PassNoise &noise;
  Workspace work;                   // cut to the batch's T tokens
  PerLayerActivations per_layer;    // likewise
  std::span<const RopeTable> ropes; // of HyperParameters::ropes
  const float *temperatures;        // [T] what q is multiplied by, or null
  const CarriedKeys &carry;         // on the host; the rows it names are in `work` too

  int64_t tokens() const { return batch.token_count; }
  float epsilon() const { return static_cast<float>(parameters.rms_epsilon); }
};

// One layer of a pass.
struct LayerPass {
  const Pass &pass;
  size_t index;
  const LayerShape &shape;
  const Layer &weights;
  LayerActivations a; // cut to T
};

LayerActivations cut(LayerActivations a, const LayerShape &shape, int64_t tokens);
Workspace cut(Workspace w, int64_t tokens);
PerLayerActivations cut(PerLayerActivations a, int64_t tokens);

// y = W x + bias + LoRA + residual, or without one when that has no data
void project(const LayerPass &layer, Projection projection, Matrix y, Matrix x, Matrix residual = {});
// dx (= or +=) its gradient; those of the projection's own weights are added to. dx without data is left out.
void project_backward(const LayerPass &layer, Projection projection, Matrix dx, bool add_to_dx, Matrix dy, Matrix x);

// The mask of a projection's LoRA dropout. Each expert has its own.
DropoutKey dropout_key(const LayerPass &layer, Projection projection, int64_t expert = 0);

// y = norm(x) + residual, or without one when that has no data; rstd [rows]
void norm_forward(const Pass &pass, Matrix y, float *rstd, Matrix x, const Norm &norm, Matrix residual = {});
// dx (= or +=) its gradient. dx may be dy.
void norm_backward(const Pass &pass, Matrix dx, bool add_to_dx, Matrix dy, Matrix x, const Norm &norm,
                   const float *rstd);

// y += x, both [T, any]
void add_rows(const Pass &pass, Matrix y, Matrix x);

// x *= factor, [T, any]
void scale_all(const Pass &pass, Matrix x, float factor);

} // namespace trex
