// A transformer's weights as the forward and backward pass see them. Nothing here owns the matrices: they lie in a
// mapped model file (frozen) or in a ParameterSet (trained).
#pragma once

#include <string>
#include <vector>

#include "gguf/hyper_parameters.h"
#include "ops/ops.h"

namespace trex {

// y = W x + bias (+ LoRA). The gradients are null while the matrix is frozen.
struct Linear {
  Weight weight;
  const float *bias = nullptr;
  float *dweight = nullptr;
  float *dbias = nullptr;
  LoraPair lora; // rank 0: none

  const LoraPair *lora_or_null() const { return lora.rank > 0 ? &lora : nullptr; }
};

struct Norm {
  const float *weight = nullptr;
  float *dweight = nullptr;
};

// The seven projections of a layer, in the order of lora_target_names().
enum Projection { attn_q, attn_k, attn_v, attn_output, ffn_gate, ffn_up, ffn_down, projection_count };

struct Layer {
  Norm attention_norm, ffn_norm;
  Norm q_norm, k_norm; // qwen3 only
  Linear projections[projection_count];
};

struct Model {
  HyperParameters parameters;
  Weight embedding;
  float *dembedding = nullptr;
  std::vector<Layer> layers;
  Norm output_norm;
  Linear head; // shares the embedding's values and gradient when they are tied
};

} // namespace trex
