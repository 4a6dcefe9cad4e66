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
  Weight weight; // no data: the family has no such projection
  const float *bias = nullptr;
  float *dweight = nullptr;
  float *dbias = nullptr;
  LoraPair lora{}; // rank 0: none

  bool present() const { return weight.data != nullptr; }
  const LoraPair *lora_or_null() const { return lora.rank > 0 ? &lora : nullptr; }
};

struct Norm {
  const float *weight = nullptr; // null: there is none
  float *dweight = nullptr;
};

// The projections a layer can have, in the order of projection_names(). A family has either attn_q, attn_k and attn_v
// or attn_qkv, whose rows are those of the three; and either ffn_gate and ffn_up or an ffn_up that holds both. inp_gate
// and proj are those of per-layer embeddings.
enum Projection {
  attn_q,
  attn_k,
  attn_v,
  attn_qkv,
  attn_output,
  ffn_gate,
  ffn_up,
  ffn_down,
  inp_gate,
  proj,
  projection_count
};

struct Layer {
  Norm attention_norm, ffn_norm;           // of each block's input
  Norm post_attention_norm, post_ffn_norm; // of its output; Gemma only
  Norm q_norm, k_norm;                     // of every head
  Norm per_layer_norm;                     // of what the per-layer embedding adds
  Linear projections[projection_count];
};

// What every layer's own input is made of (per_layer_embedding.h). No data: the family has none.
struct PerLayerEmbedding {
  Weight table;            // [V, L * P]
  float *dtable = nullptr; // null while frozen
  Linear projection;       // from the embedding, [L * P, C]; adapters do not change it
  Norm norm;               // [P]
};

struct Model {
  HyperParameters parameters;
  Weight embedding;
  float *dembedding = nullptr;
  PerLayerEmbedding per_layer;
  std::vector<Layer> layers;
  Norm output_norm;
  Linear head; // shares the embedding's values and gradient when they are tied
};

} // namespace trex
