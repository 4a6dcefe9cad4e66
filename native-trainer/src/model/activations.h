// Where the values of a forward and backward pass lie. One allocation holds them all; the same function that hands out
// the pieces also measures them, so that what is planned is what is used.
//
// T tokens of the largest micro-batch, C residual width, D head width, Q = heads * D, K = kv_heads * D, F feed-forward
// width, P width of per-layer embeddings, L layers, V vocabulary, N target tokens of a chunk of the head, E experts,
// S = T * k slots: one for each of the k experts that a token goes to. In a gated delta net Hk key heads, Hv value
// heads, V = Hv * D and W = 2 Hk D + V.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/model.h"
#include "model/views.h"

namespace trex {

using ProjectionRanks = std::array<int64_t, projection_count>; // of each projection's LoRA; 0 without

// What the backward pass computes again instead of keeping (Chen et al., "Training deep nets with sublinear memory
// cost", 2016). The loss and the gradients are the same bit for bit.
enum class Recompute {
  nothing,
  feed_forward, // gate and up: two matrix products more a layer; with experts also what they answer: three
  layer         // everything but each layer's input: one forward pass more
};

const char *recompute_name(Recompute recompute);
std::optional<Recompute> recompute_named(std::string_view name); // nullopt for any other name

// What a pass must have room for.
struct PassLimits {
  int64_t tokens = 0;                 // T
  bool backward = false;              // what a layer's backward pass needs is kept; otherwise the layers share one set
  std::vector<ProjectionRanks> ranks; // of each layer
  Recompute recompute = Recompute::nothing;
  bool dropout = true; // LoRA dropout needs scratch as wide as the widest input
  Element element = Element::f32; // Ops::activations
  int64_t carried = 0; // rows of keys and values that go from batch to batch (carried_keys.h); without backward only
};

// What a mixture of experts keeps. Rows are sorted by expert (SlotGroups), so that each expert's are neighbours. Every
// token goes to exactly k experts, so S is never more or less.
struct ExpertActivations {
  int32_t *chosen = nullptr;       // [S] which experts, T by k
  float *weights = nullptr;        // [S] how much each counts, T by k
  SlotGroups groups;               // of the S slots
  int32_t *host_offsets = nullptr; // [E + 1] those of the groups, on the host; whoever runs the pass provides it
  Matrix gate, up;                 // [S, F] each
  Matrix out;                      // [S, C] what each expert answers; in the backward pass gradients
};

// A layer's values. With fused matrices q, k, v and gate, up are columns of qkv and gate_up.
struct LayerActivations {
  Matrix x;                          // [T, C] residual stream that enters the layer
  float *attention_rstd = nullptr;   // [T]
  Matrix q_raw, k_raw;               // [T, Q], [T, K] before the head norms, where there are any; gated: q_raw is [T, 2 Q]
  float *q_rstd = nullptr;           // [T * heads]
  float *k_rstd = nullptr;           // [T * kv_heads]
  Matrix v_raw;                      // [T, K] before its norm, where there is one; k_raw itself where values are keys
  float *v_rstd = nullptr;           // [T * kv_heads]
  Matrix qkv;                        // [T, Q + 2 K] when fused
  Matrix q, k, v;                    // [T, Q], [T, K], [T, K]; q and k rotated. Room for carried rows lies before them
  // k and v may be those of an earlier layer. Both then share these too: [T, K] each, the gradient from the readers.
  Matrix readers_dk, readers_dv;
  Matrix kept_k, kept_v;             // [carried, K] each, of this layer alone
  Matrix attention;                  // [T, Q]
  float *lse = nullptr;              // [heads, T]
  Matrix attention_out;              // [T, C] before the post-norm, where there is one
  float *post_attention_rstd = nullptr; // [T]
  Matrix middle;                     // [T, C] residual stream after attention
  // Of a gated delta net instead of what stands between attention_rstd and middle:
  Matrix mixed;                      // [T, W] q, k and v before the convolution
  Matrix convolved;                  // [T, W] after it, the heads of q and k divided by their lengths
  float *unit_inverse = nullptr;     // [T, 2 Hk] 1 / those lengths
  Matrix z;                          // [T, V] the output's gate
  Matrix beta, alpha, log_decay;     // [T, Hv] each
  Matrix delta_out;                  // [T, V] what the recurrence gives
  float *delta_rstd = nullptr;       // [T * Hv]
  float *ffn_rstd = nullptr;         // [T]
  Matrix gate_up;                    // [T, 2 F] when fused
  Matrix gate, up;                   // [T, F] each
  Matrix ffn_out;                    // [T, C] before the post-norm, where there is one
  float *post_ffn_rstd = nullptr;    // [T]
  Matrix block_out;                  // [T, C] residual stream before the per-layer embedding, where there is one
  Matrix inp_gate;                   // [T, P]
  Matrix proj_out;                   // [T, C] before its norm
  float *per_layer_rstd = nullptr;   // [T]
  ExpertActivations experts;
  Matrix h[projection_count];        // [T, rank] or, of experts, [S, rank]: A x of each LoRA
};

// Of per-layer embeddings, where there are any.
struct PerLayerActivations {
  Matrix projected;      // [T, L P] before the norm
  float *rstd = nullptr; // [T * L]
  Matrix inputs;         // [T, L P] P columns for each layer, which its backward pass turns into their own gradient
};

// What the head is told of each target, and what it answers.
struct TargetMemory {
  int32_t *rows = nullptr;      // of the residual stream; at most as many as there are targets
  int32_t *targets = nullptr;   // the tokens
  float *weights = nullptr;     // of their losses
  double *losses = nullptr;     // -ln p, or ln p
  uint8_t *is_argmax = nullptr; // whether no token is more likely
};

struct Workspace {
  Matrix normed;              // [T, C] a norm's output, recomputed in the backward pass
  Matrix activated;           // [T, F] or [S, F] activation(gate) * up, likewise
  Matrix slot_x;              // [S, C] each slot's token, likewise
  Matrix router;              // [T, E] the router's logits, then their gradient
  Matrix final_x;             // [T, C] residual stream after the last layer
  Matrix dx;                  // [T, C] gradient of the residual stream
  Matrix dnormed;             // [T, C]
  Matrix dblock;              // [T, C] gradient of a block's output before its post-norm, where there is one
  Matrix dqkv;                // [T, Q + 2 K]; dq, dk and dv lie in it side by side when fused, else one after another;
                              // [T, 2 Q + 2 K] with a gate, and [T, W] of a delta net
  Matrix dattention;          // [T, Q], or [T, V] of a delta net
  Matrix gated;               // [T, Q] or [T, V] what passed the gate; with gates only
  Matrix dbeta, dlog_decay;   // [T, Hv]; with delta nets only
  Matrix table_rows;          // [T, L P] per-layer embeddings of the tokens
  float *factors = nullptr;   // [T] one number for all rows
  float *ones = nullptr;      // [largest D] the weights of a norm that has none
  Matrix dactivated;          // [T, F] or [S, F]
  float *dweights = nullptr;  // [S] gradients of ExpertActivations::weights
  Matrix dh;                  // [T, largest rank]
  Matrix dropped;             // [T, widest input of a projection], with dropout; with a backward pass only
  Matrix head_x;              // [N, C] rows that predict a target
  Matrix head_normed;         // [N, C]
  Matrix head_dx;             // [N, C]
  float *head_rstd = nullptr; // [N]
  Matrix logits;              // [N, V]
  TargetMemory targets;       // of T targets
  double *loss = nullptr;     // [1] what the targets of all batches lost so far
  float *temperatures = nullptr;     // [T] what q is multiplied by, where the family has them
  float *amplitudes = nullptr;       // [T] of the embedding noise; with a backward pass only
  int32_t *carried_before = nullptr; // [carried] CarriedKeys::before
  int32_t *carried_kept = nullptr;   // [carried] CarriedKeys::kept
};

struct PassMemory {
  std::vector<LayerActivations> layers;
  PerLayerActivations per_layer;
  Workspace work;
  size_t activation_bytes = 0;
  size_t workspace_bytes = 0;
};

// Target tokens whose logits are computed at once: about 64 MiB of them, and never more than the batch has.
int64_t head_chunk_rows(const HyperParameters &parameters, int64_t tokens);

// Hands out `base` piece by piece; with base null it only measures.
PassMemory lay_out(const HyperParameters &parameters, const PassLimits &limits, void *base);

// The same for targets alone: a tree of prefixes may have more of them than tokens.
TargetMemory lay_out_targets(int64_t count, void *base);
size_t target_bytes(int64_t count);

// Gradients of q, k and v of a layer inside Workspace::dqkv.
struct QkvGradients {
  Matrix q, k, v;
};
QkvGradients split_qkv(const Matrix &dqkv, const LayerShape &layer, const ArchitectureTraits &traits);

} // namespace trex
