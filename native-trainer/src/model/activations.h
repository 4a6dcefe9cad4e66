// Where the values of a forward and backward pass lie. One allocation holds them all; the same function that hands out
// the pieces also measures them, so that what is planned is what is used.
//
// T tokens of the largest micro-batch, C residual width, Q = heads * D, K = kv_heads * D, F feed-forward width, V
// vocabulary, N target tokens of a chunk of the head.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/model.h"

namespace trex {

using ProjectionRanks = std::array<int64_t, projection_count>; // of each projection's LoRA; 0 without

// What a pass must have room for.
struct PassLimits {
  int64_t tokens = 0;                 // T
  bool backward = false;              // every layer's values are kept; otherwise the layers share one set
  std::vector<ProjectionRanks> ranks; // of each layer
};

struct LayerActivations {
  float *x = nullptr;              // [T, C] residual stream that enters the layer
  float *attention_rstd = nullptr; // [T]
  float *q_raw = nullptr;          // [T, Q] before the head norm (qwen3 only)
  float *k_raw = nullptr;          // [T, K]
  float *q_rstd = nullptr;         // [T * heads]
  float *k_rstd = nullptr;         // [T * kv_heads]
  float *q = nullptr;              // [T, Q] rotated
  float *k = nullptr;              // [T, K] rotated
  float *v = nullptr;              // [T, K]
  float *attention = nullptr;      // [T, Q]
  float *lse = nullptr;            // [heads, T]
  float *middle = nullptr;         // [T, C] residual stream after attention
  float *ffn_rstd = nullptr;       // [T]
  float *gate = nullptr;           // [T, F]
  float *up = nullptr;             // [T, F]
  float *h[projection_count] = {}; // [T, rank] A x of each LoRA
};

struct Workspace {
  float *normed = nullptr;      // [T, C] a norm's output, recomputed in the backward pass
  float *activated = nullptr;   // [T, F] silu(gate) * up, likewise
  float *final_x = nullptr;     // [T, C] residual stream after the last layer
  float *dx = nullptr;          // [T, C] gradient of the residual stream
  float *dnormed = nullptr;     // [T, C]
  float *dq = nullptr;          // [T, Q]
  float *dk = nullptr;          // [T, K]
  float *dv = nullptr;          // [T, K]
  float *dattention = nullptr;  // [T, Q]
  float *dactivated = nullptr;  // [T, F]
  float *dh = nullptr;          // [T, largest rank]
  float *dropped = nullptr;     // [T, max(C, Q, F)]
  float *head_x = nullptr;      // [N, C] rows that predict a target
  float *head_normed = nullptr; // [N, C]
  float *head_dx = nullptr;     // [N, C]
  float *head_rstd = nullptr;   // [N]
  float *logits = nullptr;      // [N, V]
};

struct PassMemory {
  std::vector<LayerActivations> layers;
  Workspace work;
  size_t activation_floats = 0;
  size_t workspace_floats = 0;
};

// Target tokens whose logits are computed at once: about 64 MiB of them, and never more than the batch has.
int64_t head_chunk_rows(const HyperParameters &parameters, int64_t tokens);

// Hands out `base` piece by piece; with base null it only measures.
PassMemory lay_out(const HyperParameters &parameters, const PassLimits &limits, float *base);

} // namespace trex
