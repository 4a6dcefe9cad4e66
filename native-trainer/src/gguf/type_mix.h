// In which type each tensor of a model is stored: one type for all matrices, or one of llama.cpp's mixes, which spend more
// bits on the tensors that suffer most.
//
// Source of every rule here: llama_tensor_get_type_impl, tensor_allows_quantization and llama_ftype_get_default_type in
// src/llama-quant.cpp of llama.cpp v0.4.0, without an importance matrix. test/type_mix.mjs holds the result against
// llama_model_quantize, tensor by tensor and byte by byte.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gguf/hyper_parameters.h"
#include "gguf/tensor_layout.h"

namespace trex {

// The mixes whose types the trainer can read. "mostly" ones share their name with a type, so they are asked for as
// "MOSTLY_Q4_0", after llama.cpp's LLAMA_FTYPE_MOSTLY_Q4_0.
enum class Mix { none, q4_0, q4_1, q5_0, q5_1, q4_k_s, q4_k_m, q5_k_s, q5_k_m, iq4_nl, iq4_xs, mxfp4_moe };

// What a request's "type" asks for. Without a mix every matrix gets `type`.
struct Storage {
  ggml_type type = GGML_TYPE_F32;
  Mix mix = Mix::none;
};

// "Q4_0" -> that type everywhere; "Q4_K_M", "MOSTLY_IQ4_XS", "MXFP4_MOE", ... -> a mix; nullopt for other names.
std::optional<Storage> storage_from_name(std::string_view name);

// The same; throws Failure CONFIG "request.range", naming the request's `field`, for other names.
Storage read_storage(const std::string &name, const std::string &field);

// general.file_type (enum llama_ftype) of a mix; nullopt when there is none and the writer counts bytes.
std::optional<uint32_t> file_type_of(const Storage &storage);

// What the rules ask about a model as a whole.
struct MixShape {
  int64_t layers = 0;
  int64_t heads_per_kv_head = 1; // of the first layer
  int64_t experts = 0;           // 0 when the model is dense
  bool shares_values_widely = false; // the 70 and 72 billion models of llama and qwen2: 80 layers
};

MixShape mix_shape(const HyperParameters &parameters);

// Whether llama.cpp's quantiser changes this tensor's type at all: matrices named *.weight, except norms and the router.
bool takes_storage_type(std::string_view name, size_t dimensions);

struct StorageType {
  ggml_type wanted;
  ggml_type stored; // another where a row is no multiple of the wanted type's block (storable_type)
};

// For each tensor of `tensors` (all of a model's, in any order) that takes_storage_type.
std::map<std::string, StorageType> storage_types(const Storage &storage, std::span<const TensorSpec> tensors,
                                                 const MixShape &shape);

} // namespace trex
