// Stored tensor values to floats and back, by ggml's own reference code.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ggml.h"

namespace trex {

// The types a weight may have, for reading and for writing: F32 F16 BF16 Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q4_K Q5_K Q6_K IQ4_NL
// IQ4_XS MXFP4. They are those of four bits and more that ggml quantises without an importance matrix. Every block is 1,
// 32 or 256 values long, which is what the panels of the matrix product are cut for (ops/cpu/gemm.h).
std::span<const ggml_type> weight_types();
bool is_readable_type(ggml_type type);
std::string weight_type_list(); // "F32, F16, ..., MXFP4", for messages

// "Q4_K" -> GGML_TYPE_Q4_K; nullopt for what is no weight type.
std::optional<ggml_type> writable_type_from_name(std::string_view name);

// Upper-case name as used in requests and reports, e.g. "Q8_0", "F32".
const char *type_label(ggml_type type);

// Decodes one row of n values (n a multiple of the type's block size). Safe for unaligned src. Requires
// is_readable_type(type).
void decode_row(ggml_type type, const void *src, float *dst, int64_t n);

} // namespace trex
