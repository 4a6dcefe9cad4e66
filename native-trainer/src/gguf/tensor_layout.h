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
  std::vector<int64_t> shape; // ggml order: {in, out}, {width}, or {in, out, experts}
  bool required = true;
  bool present = true; // an optional one whose presence only `parameters` tells, like a layer's own attn_v
};

// All tensors, in the order llama.cpp's converter writes them. Optional ones (output.weight when tied, biases, rope
// factors) are listed with required = false.
std::vector<TensorSpec> expected_tensors(const HyperParameters &parameters);

// Those of them that this model has: optional ones as `parameters` says.
std::vector<TensorSpec> present_tensors(const HyperParameters &parameters);

// Frequencies, not weights: never trained, never quantised.
bool is_rope_factors(std::string_view tensor_name);
// These and the layers' output scales.
bool is_constant(std::string_view tensor_name);

// Every name a projection inside a layer can have, "attn_q" ... "ffn_down_exps", in the order of model.h's Projection.
std::span<const std::string_view> projection_names();

// Whether a projection of this name is one for each expert: "ffn_up_exps".
bool is_of_experts(std::string_view projection);

// Those that an adapter may change in a model of this shape. The router of a mixture of experts is none of them.
std::vector<std::string> lora_target_names(const HyperParameters &parameters);

// Those of present_tensors() that an adapter with these targets changes.
std::vector<TensorSpec> lora_target_tensors(const HyperParameters &parameters, const std::vector<std::string> &targets);

// "blk.<layer>.<name>.weight"
std::string layer_weight_name(int64_t layer, std::string_view name);

} // namespace trex
