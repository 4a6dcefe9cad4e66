#include "gguf/decode.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace trex {

namespace {

struct NamedType {
  ggml_type type;
  const char *label; // ggml itself says q4_K and f16
};

constexpr NamedType known_types[] = {
    {GGML_TYPE_F32, "F32"},   {GGML_TYPE_F16, "F16"},       {GGML_TYPE_BF16, "BF16"},     {GGML_TYPE_Q8_0, "Q8_0"},
    {GGML_TYPE_Q4_0, "Q4_0"}, {GGML_TYPE_Q4_1, "Q4_1"},     {GGML_TYPE_Q5_0, "Q5_0"},     {GGML_TYPE_Q5_1, "Q5_1"},
    {GGML_TYPE_Q4_K, "Q4_K"}, {GGML_TYPE_Q5_K, "Q5_K"},     {GGML_TYPE_Q6_K, "Q6_K"},     {GGML_TYPE_IQ4_NL, "IQ4_NL"},
    {GGML_TYPE_IQ4_XS, "IQ4_XS"}, {GGML_TYPE_MXFP4, "MXFP4"},
};

} // namespace

std::span<const ggml_type> weight_types() {
  static const auto types = [] {
    std::array<ggml_type, std::size(known_types)> result{};
    for (size_t index = 0; index < result.size(); ++index) result[index] = known_types[index].type;
    return result;
  }();
  return types;
}

std::string weight_type_list() {
  std::string list;
  for (const NamedType &known : known_types) list += (list.empty() ? "" : ", ") + std::string(known.label);
  return list;
}

bool is_readable_type(ggml_type type) {
  return std::any_of(std::begin(known_types), std::end(known_types),
                     [type](const NamedType &known) { return known.type == type; });
}

std::optional<ggml_type> writable_type_from_name(std::string_view name) {
  for (const NamedType &known : known_types) {
    if (name == known.label) return known.type;
  }
  return std::nullopt;
}

const char *type_label(ggml_type type) {
  for (const NamedType &known : known_types) {
    if (known.type == type) return known.label;
  }
  return ggml_type_name(type); // types the trainer does not read; shown in `info` only
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
