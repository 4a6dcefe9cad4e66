// A transformer's weights as the forward and backward pass see them. Nothing here owns the matrices: they lie in a
// mapped model file (frozen) or in a ParameterSet (trained).
#pragma once

#include <string>
#include <vector>

#include "gguf/hyper_parameters.h"
#include "ops/ops.h"

namespace trex {

// y = W x + bias (+ LoRA). The gradients are null while the matrix is frozen. Of a mixture of experts it is the first
// expert's, and the others follow it in memory: W [experts, out, in], A [experts, rank, in], B [experts, out, rank].
struct Linear {
  Weight weight; // no data: the family has no such projection
  const float *bias = nullptr;
  float *dweight = nullptr;
  float *dbias = nullptr;
  LoraPair lora{}; // rank 0: none
  int64_t experts = 1;

  bool present() const { return weight.data != nullptr; }
  const LoraPair *lora_or_null() const { return lora.rank > 0 ? &lora : nullptr; }
  Linear of_expert(int64_t expert) const;
};

inline LoraPair pair_of_expert(LoraPair pair, int64_t in, int64_t out, int64_t expert) {
  const int64_t a = expert * pair.rank * in, b = expert * out * pair.rank;
  if (pair.a != nullptr) pair.a += a;
  if (pair.b != nullptr) pair.b += b;
  if (pair.da != nullptr) pair.da += a;
  if (pair.db != nullptr) pair.db += b;
  return pair;
}

inline Linear Linear::of_expert(int64_t expert) const {
  Linear one = *this;
  one.experts = 1;
  one.weight.data += static_cast<size_t>(expert * weight.out) * weight.row_bytes;
  if (dweight != nullptr) one.dweight += expert * weight.out * weight.in;
  one.lora = pair_of_expert(lora, weight.in, weight.out, expert);
  return one;
}

// A norm's weights, or others that are no projection.
struct Norm {
  const float *weight = nullptr; // null: there is none
  float *dweight = nullptr;
};

// The projections a layer can have, in the order of projection_names(). A family has either attn_q, attn_k and attn_v
// or attn_qkv, whose rows are those of the three; and either ffn_gate and ffn_up, or an ffn_up that holds both, or those of
// experts. A gated delta net has attn_qkv, attn_gate, ssm_beta, ssm_alpha and ssm_out. Those up to ssm_alpha read the
// layer's input. inp_gate and proj are those of per-layer embeddings.
enum Projection {
  attn_q,
  attn_k,
  attn_v,
  attn_qkv,
  attn_gate,
  ssm_beta,
  ssm_alpha,
  attn_output,
  ssm_out,
  ffn_gate,
  ffn_up,
  ffn_down,
  ffn_gate_exps,
  ffn_up_exps,
  ffn_down_exps,
  inp_gate,
  proj,
  projection_count
};

constexpr bool is_of_slots(size_t projection) { return projection >= ffn_gate_exps && projection <= ffn_down_exps; }

struct Layer {
  Norm attention_norm, ffn_norm;           // of each block's input
  Norm post_attention_norm, post_ffn_norm; // of its output; Gemma only
  Norm q_norm, k_norm;                     // of every head
  Linear router; // [experts, C]: which experts a token goes to; of a mixture of experts only
  Norm conv;                               // taps of a delta net's convolution, [W, kernel]
  Norm decay_rate, decay_bias;             // [Hv] each; the rates are below zero
  Norm delta_norm;                         // [D] of every head that the recurrence gives
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
