#include "gguf/decode.h"

#include <cstdint>
#include <cstring>
#include <string>

namespace trex {

bool is_readable_type(ggml_type type) {
  switch (type) {
  case GGML_TYPE_F32:
  case GGML_TYPE_F16:
  case GGML_TYPE_BF16:
  case GGML_TYPE_Q4_0:
  case GGML_TYPE_Q4_1:
  case GGML_TYPE_Q5_0:
  case GGML_TYPE_Q5_1:
  case GGML_TYPE_Q8_0:
  case GGML_TYPE_Q4_K:
  case GGML_TYPE_Q5_K:
  case GGML_TYPE_Q6_K: return true;
  default: return false;
  }
}

std::optional<ggml_type> writable_type_from_name(std::string_view name) {
  for (const ggml_type type : {GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_BF16, GGML_TYPE_Q8_0, GGML_TYPE_Q4_0,
                               GGML_TYPE_Q4_K, GGML_TYPE_Q6_K}) {
    if (name == type_label(type)) return type;
  }
  return std::nullopt;
}

const char *type_label(ggml_type type) {
  switch (type) {
  case GGML_TYPE_F32: return "F32";
  case GGML_TYPE_F16: return "F16";
  case GGML_TYPE_BF16: return "BF16";
  case GGML_TYPE_Q4_K: return "Q4_K"; // ggml itself says q4_K
  case GGML_TYPE_Q5_K: return "Q5_K";
  case GGML_TYPE_Q6_K: return "Q6_K";
  case GGML_TYPE_Q4_0: return "Q4_0";
  case GGML_TYPE_Q4_1: return "Q4_1";
  case GGML_TYPE_Q5_0: return "Q5_0";
  case GGML_TYPE_Q5_1: return "Q5_1";
  case GGML_TYPE_Q8_0: return "Q8_0";
  default: return ggml_type_name(type); // types the trainer does not read; shown in `info` only
  }
}

void decode_row(ggml_type type, const void *src, float *dst, int64_t n) {
  if (type == GGML_TYPE_F32) {
    std::memcpy(dst, src, static_cast<size_t>(n) * sizeof(float));
    return;
  }
  const ggml_to_float_t to_float = ggml_get_type_traits(type)->to_float;
  if (reinterpret_cast<uintptr_t>(src) % alignof(uint32_t) == 0) {
    to_float(src, dst, n);
    return;
  }
  // ggml's blocks hold 16- and 32-bit fields; a file may place them at odd addresses. Copied piecewise to the stack.
  alignas(16) std::byte block[4096];
  const int64_t block_length = ggml_blck_size(type);
  const auto block_bytes = static_cast<int64_t>(ggml_type_size(type));
  const int64_t blocks_at_once = static_cast<int64_t>(sizeof block) / block_bytes;
  const auto *next = static_cast<const std::byte *>(src);
  for (int64_t left = n / block_length; left > 0;) {
    const int64_t blocks = left < blocks_at_once ? left : blocks_at_once;
    std::memcpy(block, next, static_cast<size_t>(blocks * block_bytes));
    to_float(block, dst, blocks * block_length);
    next += blocks * block_bytes;
    dst += blocks * block_length;
    left -= blocks;
  }
}

} // namespace trex
