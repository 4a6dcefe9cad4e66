// The order of rows in the query and key projections.
//
// Hugging Face rotates dimension i of a head together with i + D/2 (D = head size), llama.cpp's NORM rotary embedding
// rotates 2i with 2i + 1. Its converter therefore reorders the rows of q_proj and k_proj inside each head
// (conversion/llama.py, LlamaModel.permute):
//
//   gguf row  h D + 2 i + j  =  Hugging Face row  h D + j D/2 + i      for j in {0, 1}, 0 <= i < D/2
//
// h runs over the query heads in q_proj and over the key-value heads in k_proj. Of W + s B A only the rows of B are
// output rows, so an adapter's A stays as it is. Adapters that were trained on the GGUF need none of this until they
// are exchanged with PEFT.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace trex {

struct HeadCounts {
  int64_t heads = 0;
  int64_t kv_heads = 0;
};

// Whether GGUF files of this general.architecture hold reordered rows: llama, mistral3 and smollm3, whose converter
// classes inherit LlamaModel with undo_permute set. The others use the NEOX rotation and keep the order.
bool reorders_query_and_key(std::string_view architecture);

// The heads that the rows of this GGUF tensor are made of, when it is one whose order differs; nullopt when it keeps
// its order. `layers` has an entry for every layer where reorders_query_and_key, and may be empty otherwise.
std::optional<int64_t> heads_to_reorder(std::string_view architecture, std::string_view gguf_name,
                                        const std::vector<HeadCounts> &layers);

// Both take a matrix of heads * head_dim rows of `columns` values, row-major, and return it reordered; head_dim is
// rows / heads. Each undoes the other. Throws Failure CONFIG "peft.bad_shape" when the rows do not divide into heads of
// an even size.
std::vector<float> rows_to_gguf(std::span<const float> hugging_face, int64_t columns, int64_t heads);
std::vector<float> rows_to_hugging_face(std::span<const float> gguf, int64_t columns, int64_t heads);

} // namespace trex
