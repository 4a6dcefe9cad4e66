#include "peft/permutation.h"

#include <algorithm>

#include "common/failure.h"
#include "peft/tensor_names.h"

namespace trex {
namespace {

// The Hugging Face row that stands at this row of the GGUF.
int64_t hugging_face_row(int64_t gguf_row, int64_t head_dim) {
  const int64_t head = gguf_row / head_dim, within = gguf_row % head_dim;
  return head * head_dim + within % 2 * (head_dim / 2) + within / 2;
}

int64_t head_size(std::span<const float> matrix, int64_t columns, int64_t heads) {
  const auto values = static_cast<int64_t>(matrix.size());
  const int64_t rows = columns > 0 ? values / columns : 0;
  if (heads < 1 || rows < 1 || rows * columns != values || rows % (2 * heads) != 0) {
    throw config_failure("peft.bad_shape",
                         std::to_string(rows) + " rows of a projection cannot be divided into " +
                             std::to_string(heads) + " heads of an even size.",
                         "Use the adapter with the model it was trained on.");
  }
  return rows / heads;
}

} // namespace

bool reorders_query_and_key(std::string_view architecture) {
  return architecture == "llama" || architecture == "mistral3" || architecture == "smollm3";
}

std::optional<int64_t> heads_to_reorder(std::string_view architecture, std::string_view gguf_name,
                                        const std::vector<HeadCounts> &layers) {
  const bool query = gguf_name.ends_with(".attn_q.weight"), key = gguf_name.ends_with(".attn_k.weight");
  const std::optional<int64_t> layer = layer_of_gguf_name(gguf_name);
  if (!reorders_query_and_key(architecture) || !(query || key) || !layer) return std::nullopt;
  const HeadCounts &counts = layers.at(static_cast<size_t>(*layer));
  return query ? counts.heads : counts.kv_heads;
}

std::vector<float> rows_to_gguf(std::span<const float> hugging_face, int64_t columns, int64_t heads) {
  const int64_t head_dim = head_size(hugging_face, columns, heads);
  std::vector<float> gguf(hugging_face.size());
  for (int64_t row = 0; row < heads * head_dim; ++row) {
    std::copy_n(hugging_face.begin() + hugging_face_row(row, head_dim) * columns, columns,
                gguf.begin() + row * columns);
  }
  return gguf;
}

std::vector<float> rows_to_hugging_face(std::span<const float> gguf, int64_t columns, int64_t heads) {
  const int64_t head_dim = head_size(gguf, columns, heads);
  std::vector<float> hugging_face(gguf.size());
  for (int64_t row = 0; row < heads * head_dim; ++row) {
    std::copy_n(gguf.begin() + row * columns, columns,
                hugging_face.begin() + hugging_face_row(row, head_dim) * columns);
  }
  return hugging_face;
}

} // namespace trex
