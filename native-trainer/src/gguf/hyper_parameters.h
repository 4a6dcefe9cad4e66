// The numbers a transformer's shape is made of, read from a model file's metadata and checked against its tensors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gguf/model_file.h"

namespace trex {

enum class Architecture { llama, qwen2, qwen3 };

// How a rotary embedding pairs the dimensions of a head: norm rotates (0,1), (2,3), ...; neox rotates (0, D/2), ...
enum class RopeStyle { norm, neox };

struct HyperParameters {
  Architecture architecture = Architecture::llama;
  int64_t layers = 0;
  int64_t embedding = 0;    // width of the residual stream
  int64_t feed_forward = 0; // width inside the SwiGLU block
  int64_t heads = 0;
  int64_t kv_heads = 0; // divides heads
  int64_t head_dim = 0; // even; heads * head_dim may differ from embedding in qwen3
  int64_t vocab = 0;
  int64_t context_length = 0; // tokens the model was trained for
  double rope_base = 10000.0;
  int64_t rope_dims = 0;            // always equals head_dim in the supported architectures
  double rope_position_scale = 1.0; // positions are multiplied by this (linear rope scaling: 1 / factor)
  std::vector<float> rope_factors;  // head_dim / 2 frequency divisors from rope_freqs.weight (llama 3.x), or empty
  RopeStyle rope_style = RopeStyle::norm;
  double rms_epsilon = 0.0;
  double attention_scale = 0.0; // multiplies q.k: 1 / sqrt(head_dim)
  bool tied_embeddings = false; // no output.weight: the head is token_embd.weight
  bool qkv_bias = false;        // attn_{q,k,v}.bias present in every layer
  bool qk_norm = false;         // attn_{q,k}_norm.weight present (qwen3)

  int64_t q_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
};

const char *architecture_name(Architecture architecture); // the string stored in general.architecture

// Throws Failure CONFIG: "model.unsupported_architecture", "model.missing_metadata", "model.bad_dimension",
// "model.missing_tensor", "model.bad_shape", "model.unsupported_tensor", "model.unsupported_type",
// "model.unsupported_feature" or "model.vocabulary_mismatch".
HyperParameters read_hyper_parameters(const ModelFile &file);

} // namespace trex
