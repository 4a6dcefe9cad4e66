// The numbers a transformer's shape is made of, read from a model file's metadata and checked against its tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gguf/architecture.h"
#include "gguf/model_file.h"

namespace trex {

inline constexpr int no_rope = -1;
inline constexpr int own_keys = -1;

// A gated delta net's sizes (model/delta_net_block.h).
struct DeltaNetShape {
  int64_t key_heads = 0, value_heads = 0; // the first divides the second; no value heads: the layer has attention instead
  int64_t head_dim = 0;                   // of keys and values
  int64_t kernel = 0;                     // tokens that the convolution sees

  int64_t key_width() const { return key_heads * head_dim; }
  int64_t value_width() const { return value_heads * head_dim; }
  int64_t mixed_width() const { return 2 * key_width() + value_width(); } // q, k and v, which go through the convolution
  // Of the recurrence for a token, forward and backward: three products with every state, and six.
  double operations() const { return 2.0 * (3.0 + 6.0) * static_cast<double>(value_width() * head_dim); }
};

// A layer's own sizes. Layers may differ in all of them.
struct LayerShape {
  int64_t heads = 0;
  int64_t kv_heads = 0; // divides heads
  int64_t head_dim = 0; // even; heads * head_dim may differ from the width
  int64_t feed_forward = 0; // width inside the gated block, or inside each expert
  int64_t window = 0;       // tokens a query sees, its own included; 0 means all up to its own
  int rope = 0;             // which of HyperParameters::ropes, or no_rope
  int64_t experts = 0;      // of a mixture of experts; 0: one gated block that sees every token
  int64_t experts_used = 0; // experts a token goes to
  DeltaNetShape delta{};
  int keys_from = own_keys; // an earlier layer whose keys and values this one reads, or own_keys
  bool values_are_keys = false;        // v is what attn_k gives, as there is no attn_v
  std::optional<float> output_scale{}; // a constant that multiplies the residual stream behind the layer

  bool has_delta_net() const { return delta.value_heads > 0; }
  int64_t q_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
  bool has_own_keys() const { return keys_from == own_keys; }
};

// A rotary embedding; model/rope_angles.h turns it into a table. Names and defaults follow llama.cpp.
struct RopeParameters {
  double base = 10000.0;
  int64_t dims = 0;                // of a head that are rotated
  double position_scale = 1.0;     // positions are multiplied by this (1 / factor of linear scaling and YaRN)
  double magnitude = 1.0;          // multiplies every cosine and sine
  double extrapolation = 0.0;      // YaRN (Peng et al., 2023): 1 mixes in unscaled positions, 0 is plain scaling
  double beta_fast = 32.0, beta_slow = 1.0; // YaRN: turns between which the mix goes from all to none
  int64_t original_context = 0;    // tokens before the context was stretched
  std::vector<float> factors{};      // dims / 2 divisors of the angles (llama 3.x; phi3's short ones), or empty
  std::vector<float> long_factors{}; // used instead when the context is longer than original_context (phi3), or empty
};

struct HyperParameters {
  Architecture architecture = Architecture::llama;
  std::vector<LayerShape> layers;
  int64_t embedding = 0; // width of the residual stream
  int64_t per_layer_embedding = 0; // of the embeddings that every layer has of its own; 0: none
  int64_t vocab = 0;
  int64_t context_length = 0; // tokens the model was trained for
  std::vector<RopeParameters> ropes; // one, or two where windowed layers have their own
  double rms_epsilon = 0.0;
  double attention_scale = 0.0;   // multiplies q.k
  double attention_softcap = 0.0; // s becomes cap * tanh(s / cap); 0: none
  double logit_softcap = 0.0;     // likewise
  double embedding_scale = 1.0;   // multiplies the embeddings
  // mistral3: q at position t is multiplied by 1 + temperature_scale * ln(1 + floor(t / temperature_length)); 0: not.
  double temperature_scale = 0.0;
  int64_t temperature_length = 0;
  bool tied_embeddings = false; // the head is token_embd.weight
  std::vector<std::string> biases; // projections that have a bias, "attn_q"; every layer has it or none

  const ArchitectureTraits &traits() const { return traits_of(architecture); }
  int64_t layer_count() const { return static_cast<int64_t>(layers.size()); }
  bool has_bias(std::string_view projection) const;
  // Whether a token's keys and values are all that later tokens need of it. A recurrent layer's state is more.
  bool keys_carry_everything() const { return !traits().delta_net; }
  bool later_layers_read_keys_of(size_t layer) const;
};

// What the metadata alone says: everything but vocab, tied_embeddings, biases, rope factors, output
// scales and which layers lack attn_v. Throws Failure CONFIG:
// "model.unsupported_architecture", "model.missing_metadata", "model.bad_dimension", "model.unsupported_feature".
HyperParameters read_metadata(const Metadata &metadata);

// The same completed by and checked against the tensors. Throws besides: "model.missing_tensor", "model.bad_shape",
// "model.unsupported_tensor", "model.unsupported_type" or "model.vocabulary_mismatch".
HyperParameters read_hyper_parameters(const ModelFile &file);

} // namespace trex
