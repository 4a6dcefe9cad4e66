// Which keys a block of queries sees in the forward pass, and where they lie.
//
// A packed batch may hold pieces of a tree of prefixes (ops.h). A block is up to attention_rows queries of one piece, or
// of siblings: pieces that continue the same one from the same position and lie one after another. Its keys are laid
// out in columns: first the shared ones, positions [low, start) of what the pieces continue, then the pieces' own rows
// as they lie in the batch. Own keys of another sibling are not seen: their probability is zero, and adding zero times
// a number changes no sum.
//
// P v is summed in blocks of key_block positions, counted from position 0 of the document, whatever the pieces are. So
// every output is the same sum in the same order, however its prefix was cut and whatever else is in the block. That is
// why siblings are only taken together when they end in the block of positions they start in.
#pragma once

#include <algorithm>

#include "ops/cpu/cpu_device.h"
#include "ops/cpu/gemm.h"

namespace trex::cpu {

inline constexpr int64_t key_block = 256;
// Shared keys and a first sibling's own fill at most a block of positions; the other rows add theirs.
static_assert(key_block + attention_rows <= gemm_longest_depth);

inline int64_t piece_start(const PackedBatch &batch, int64_t piece) {
  return batch.parents == nullptr ? 0 : batch.positions[batch.offsets[piece]];
}

inline bool ends_in_its_block(const PackedBatch &batch, int64_t piece) {
  return piece_start(batch, piece) % key_block + batch.offsets[piece + 1] - batch.offsets[piece] <= key_block;
}

// Whether a piece's queries are taken together with those of the piece before it.
inline bool joins_the_one_before(const PackedBatch &batch, int64_t piece) {
  if (batch.parents == nullptr || piece == 0 || batch.parents[piece] != batch.parents[piece - 1]) return false;
  const int64_t start = piece_start(batch, piece);
  return start > 0 && start == piece_start(batch, piece - 1) && ends_in_its_block(batch, piece) &&
         ends_in_its_block(batch, piece - 1);
}

struct QueryBlock {
  int64_t piece;   // the one that holds the first query
  int64_t row;     // first query, a row of the batch
  int64_t rows;    // queries
  int64_t start;   // position of the pieces' first tokens
  int64_t low;     // first position that any of the queries sees
  int64_t shared;  // columns for positions [low, start)
  int64_t own;     // row of the batch of the first column after those
  int64_t columns; // keys
  bool several;    // whether it holds siblings
};

// `row` lies in `piece`; `end` is the row after the last of it and of the siblings that join it.
inline QueryBlock query_block(const PackedBatch &batch, int64_t piece, int64_t row, int64_t end, int64_t window) {
  QueryBlock block{piece, row, std::min(attention_rows, end - row), piece_start(batch, piece), 0, 0, 0, 0, false};
  block.several = row + block.rows > batch.offsets[piece + 1];
  const int64_t position = block.several ? block.start : block.start + row - batch.offsets[piece];
  block.low = window > 0 ? std::max<int64_t>(0, position - window + 1) : 0;
  block.shared = std::max<int64_t>(0, block.start - block.low);
  block.own = batch.offsets[piece] + std::max<int64_t>(0, block.low - block.start);
  block.columns = block.shared + row + block.rows - block.own;
  return block;
}

// The rows of k and v that hold each column's key.
inline void fill_key_rows(int32_t *rows, const PackedBatch &batch, const QueryBlock &block) {
  int64_t piece = batch.parents[block.piece];
  for (int64_t end = block.start; end > block.low; piece = batch.parents[piece]) {
    const int64_t begin = std::max(block.low, piece < 0 ? 0 : piece_start(batch, piece));
    const int64_t first = piece < 0 ? begin : batch.carried + batch.offsets[piece] + begin - piece_start(batch, piece);
    for (int64_t i = begin; i < end; ++i) rows[i - block.low] = static_cast<int32_t>(first + i - begin);
    end = begin;
    if (piece < 0) break;
  }
  for (int64_t i = block.shared; i < block.columns; ++i) {
    rows[i] = static_cast<int32_t>(batch.carried + block.own + i - block.shared);
  }
}

// The column after the last that is summed together with column `from`.
inline int64_t end_of_sum(const QueryBlock &block, int64_t from) {
  const int64_t border = ((block.low + from) / key_block + 1) * key_block;
  if (block.several && border > block.start) return block.columns;
  return std::min(border - block.low, block.columns);
}

} // namespace trex::cpu
