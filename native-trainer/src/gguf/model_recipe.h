// A model made from nothing: random weights of a chosen shape under a real or hand-made tokenizer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gguf/hyper_parameters.h"
#include "gguf/model_writer.h"
#include "gguf/type_mix.h"

namespace trex {

// A byte-level BPE tokenizer in the terms of llama.cpp's "gpt2" model.
struct TokenizerRecipe {
  std::string pre; // which pre-tokenizer splits text, e.g. "qwen2", "llama-bpe", "gpt-2"
  std::vector<std::string> tokens;
  std::vector<std::string> merges;
  std::vector<int32_t> token_types; // as in llama.cpp: 1 normal, 2 unknown, 3 control, 4 user defined, 6 byte
  std::optional<uint32_t> bos_token_id;
  std::optional<uint32_t> eos_token_id;
  std::optional<uint32_t> pad_token_id;
  bool add_bos_token = false;
  bool add_eos_token = false;
};

// What every family has. The rest of a family's own metadata has llama.cpp's keys without the architecture, for example
// "attention.sliding_window".
struct ModelDimensions {
  int64_t layers = 1, embedding = 0, feed_forward = 0, heads = 1, kv_heads = 1, head_dim = 0, context_length = 0;
  double rope_base = 10000.0, rms_epsilon = 1e-6;
};

// Lists have one entry for each layer, but for the sections of a rope.
using MetadataValue = std::variant<uint32_t, float, std::string, std::vector<int32_t>, std::vector<bool>>;

struct ModelRecipe {
  std::string name;
  Architecture architecture = Architecture::llama;
  ModelDimensions dimensions;
  std::map<std::string, MetadataValue> metadata;
  bool tied_embeddings = true;
  std::vector<std::string> biases;                // projections that get a random bias, "attn_q"
  std::vector<float> rope_factors, long_factors;  // rope_freqs, or rope_factors_short and rope_factors_long; may be empty
  std::vector<int32_t> values_from_keys;          // layers without an attn_v of their own (gemma4)
  std::vector<float> output_scales;               // of each layer (gemma4); may be empty
  const ModelFile *vocabulary = nullptr; // its "tokenizer." metadata is copied; else `tokenizer` is written
  TokenizerRecipe tokenizer;
  std::optional<std::string> chat_template; // replaces the vocabulary's own
  Storage storage;
  std::map<std::string, ggml_type> type_of_target; // "attn_v", "token_embd", "output", ...
  uint64_t seed = 1;
  double init_std = 0.02;
};

struct MadeModel {
  WrittenFile file;
  HyperParameters shape;
  uint64_t parameters = 0;
  std::map<std::string, int64_t> tensor_types;                // label -> tensors
  std::map<std::string, int64_t> fallbacks;                   // "Q4_K -> Q5_0" -> tensors
};

// Weights are normal-like with the given standard deviation, norms 1, rates of decay below 0. They depend on the seed and the tensor's name
// only, bit for bit on every machine. Throws as read_metadata and ModelWriter::write do.
MadeModel make_model(const ModelRecipe &recipe, const std::string &utf8_path, ThreadPool &threads);

} // namespace trex
