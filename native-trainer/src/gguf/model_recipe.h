// A model made from nothing: random weights of a chosen shape under a real or hand-made tokenizer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
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

struct ModelRecipe {
  std::string name;
  HyperParameters shape;               // rope factors and vocab are filled in here
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
  uint64_t parameters = 0;
  std::map<std::string, int64_t> tensor_types;                // label -> tensors
  std::map<std::string, int64_t> fallbacks;                   // "Q4_K -> Q5_0" -> tensors
};

// Weights are normal-like with the given standard deviation, norms 1. They depend on the seed and the tensor's name
// only, bit for bit on every machine. Throws as ModelWriter::write does.
MadeModel make_model(const ModelRecipe &recipe, const std::string &utf8_path, ThreadPool &threads);

} // namespace trex
