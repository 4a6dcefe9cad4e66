// Which tensors a supported model holds, with their shapes: what the reader expects, make-model fills, and LoRA targets.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/hyper_parameters.h"

namespace trex {

struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape; // ggml order: {in, out} or {width}
  bool required = true;
};

// All tensors, in the order llama.cpp's converter writes them. Optional ones (output.weight when tied, biases of
// llama and qwen3, rope_freqs.weight) are listed with required = false.
std::vector<TensorSpec> expected_tensors(const HyperParameters &parameters);

// The seven projections an adapter may target, as named inside a layer: "attn_q" ... "ffn_down".
std::span<const std::string_view> lora_target_names();

// Those of expected_tensors() that an adapter with these targets changes.
std::vector<TensorSpec> lora_target_tensors(const HyperParameters &parameters, const std::vector<std::string> &targets);

// "blk.<layer>.<name>.weight"
std::string layer_weight_name(int64_t layer, std::string_view name);

} // namespace trex
