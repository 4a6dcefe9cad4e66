// The families of models that can be trained, and in what each differs from a plain pre-norm decoder with RMSNorm,
// rotary positions, grouped-query attention and a gated feed-forward block. To add one: a line in the table, its own
// metadata in hyper_parameters.cpp, its tensors in tensor_layout.cpp, and its entry in test/parity.mjs.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "ops/activation.h"

namespace trex {

enum class Architecture { llama, mistral3, smollm3, qwen2, qwen3, gemma2, gemma3, phi3, qwen3moe, qwen35, gemma4 };

// How a rotary embedding pairs the dimensions of a head: norm rotates (0,1), (2,3), ...; neox rotates (0, D/2), ...
enum class RopeStyle { norm, neox };

struct ArchitectureTraits {
  Architecture architecture;
  const char *name;   // the string stored in general.architecture
  const char *models; // what people call them
  RopeStyle rope_style;
  Activation activation;
  bool qk_norm = false;          // every head of q and k goes through an RMSNorm before it is rotated
  bool value_norm = false;       // every head of v goes through an RMSNorm without weights
  bool post_norms = false;       // attention's and the feed-forward block's output go through a norm before they are added
  bool fused = false;            // q, k and v are one matrix, gate and up another
  bool scaled_embedding = false; // embeddings are multiplied by sqrt(width)
  bool always_tied = false;      // the head is token_embd.weight even if the file holds an output.weight
  bool wide_heads = true;        // heads * head_dim may differ from the width
  bool partial_rope = false;     // only some dimensions of a head are rotated
  bool rope_factors = false;     // rope_freqs.weight may be there
  bool full_factors = false;     // rope_freqs.weight must be there when a layer sees everything, for these layers alone
  bool optional_values = false;  // a layer may have no attn_v: its values are what attn_k gives, before the head norm
  bool output_scales = false;    // blk.N.layer_output_scale.weight may be there
  bool long_factors = false;     // rope_factors_short.weight and rope_factors_long.weight may be there
  bool experts = false;          // the feed-forward block is a mixture of experts
  bool gated_attention = false;  // attn_q holds a query and a gate for every head; attention's output passes the gate
  bool delta_net = false;        // most layers have a gated delta net instead of attention
  const char *ffn_norm = "ffn_norm"; // the name of the norm before the feed-forward block
  bool more_biases = false;      // attn_output and the feed-forward matrices may have biases too
};

std::span<const ArchitectureTraits> known_architectures();
const ArchitectureTraits &traits_of(Architecture architecture);
std::optional<Architecture> architecture_named(std::string_view name);
const char *architecture_name(Architecture architecture);

} // namespace trex
