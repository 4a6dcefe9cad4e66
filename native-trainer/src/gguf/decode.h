// Stored tensor values to floats and back, by ggml's own reference code.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ggml.h"

namespace trex {

// The types the trainer reads: F32 F16 BF16 Q8_0 Q4_0 Q4_K Q6_K, and what llama.cpp falls back to when a row length is
// not a multiple of 256 (Q5_0, Q5_1, Q4_1) or puts into the common mixes (Q5_K).
bool is_readable_type(ggml_type type);

// "Q4_K" -> GGML_TYPE_Q4_K for the types the trainer writes (F32 F16 BF16 Q8_0 Q4_0 Q4_K Q6_K); nullopt otherwise.
std::optional<ggml_type> writable_type_from_name(std::string_view name);

// Upper-case name as used in requests and reports, e.g. "Q8_0", "F32".
const char *type_label(ggml_type type);

// Decodes one row of n values (n a multiple of the type's block size). Safe for unaligned src. Requires
// is_readable_type(type).
void decode_row(ggml_type type, const void *src, float *dst, int64_t n);

} // namespace trex
