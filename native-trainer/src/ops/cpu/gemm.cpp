#include "ops/cpu/gemm.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "gguf/decode.h"

// The blocking follows Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008): B is packed
// into panels of tile width that stay in the second-level cache, A into panels of tile height, and a tile of C is kept
// in registers over the whole depth of a block. B's rows are decoded while they are packed, so a quantised weight costs
// one decode per task, not one per token.
namespace trex {
namespace {

constexpr int64_t max_depth = gemm_longest_depth;
constexpr int64_t rows_at_once = 32; // few enough for their parts under some panels to stay in the first cache
constexpr int64_t small_product = 1 << 18; // multiply-adds that one core does in the time it takes to wake another

struct Span {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

// Consecutive pieces of the terms' depths that are packed together: at most two, and at most max_depth long.
struct DepthBlock {
  struct Piece {
    const GemmTerm *term;
    int64_t begin, size;
  } pieces[3];
  int count = 0;
  int64_t depth = 0;
};

// Walks the depths in pieces of gemm_block_depth, so that every piece starts on a quantisation block.
class DepthBlocks {
public:
  explicit DepthBlocks(const Gemm &product) : product_(product) {}

  bool next(DepthBlock &block) {
    block = {};
    while (term_ < product_.term_count) {
      const GemmTerm &term = product_.terms[term_];
      const int64_t size = std::min(gemm_block_depth, term.depth - begin_);
      if (block.count == 3 || (block.count > 0 && block.depth + size > max_depth)) return true;
      block.pieces[block.count++] = {&term, begin_, size};
      block.depth += size;
      begin_ += size;
      if (begin_ == term.depth) {
        ++term_;
        begin_ = 0;
      }
    }
    return block.count > 0;
  }

private:
  const Gemm &product_;
  int term_ = 0;
  int64_t begin_ = 0;
};

const std::byte *right_row(const RightOperand &right, int64_t row) {
  const int64_t stored = right.rows == nullptr ? row : right.rows[row];
  return static_cast<const std::byte *>(right.data) + static_cast<size_t>(stored) * right.row_bytes;
}

// Whether `count` rows from `row` on lie one after another.
bool adjacent(const RightOperand &right, int64_t row, int64_t count) {
  if (right.rows == nullptr) return true;
  for (int64_t i = 1; i < count; ++i) {
    if (right.rows[row + i] != right.rows[row] + i) return false;
  }
  return true;
}

// Elements [begin, begin + size) of a stored row; begin and size respect the type's blocks, except that size may end
// with the row.
const float *decoded(const RightOperand &right, int64_t row, int64_t begin, int64_t size, float *buffer) {
  const std::byte *at = right_row(right, row);
  if (right.type == GGML_TYPE_F32) return reinterpret_cast<const float *>(at) + begin;
  const size_t offset = ggml_row_size(right.type, begin);
  decode_row(right.type, at + offset, buffer, size);
  return buffer;
}

class Packer {
public:
  Packer(CpuDevice &device, int thread)
      : kernels_(*device.kernels), left_(device.packed_left(thread)), right_(device.packed_right(thread)),
        rows_(device.decoded_rows(thread)) {}

  // Tiles of `height` rows: [tile][depth][height], the last tile being lower.
  void pack_left(const DepthBlock &block, Span rows, int64_t height) {
    int64_t depth_begin = 0;
    for (int p = 0; p < block.count; ++p) {
      const auto &piece = block.pieces[p];
      const LeftOperand &left = piece.term->left;
      // Stored K x M, a tile takes a part of every line of the cache; the next tile should find the rest still there.
      const int64_t step = left.transposed ? rows_at_once : piece.size;
      for (int64_t k = 0; k < piece.size; k += step) {
        const int64_t depth = std::min(step, piece.size - k), begin = piece.begin + k;
        for (int64_t row = rows.begin; row < rows.end; row += height) {
          const int64_t count = std::min(height, rows.end - row);
          float *to = left_ + (row - rows.begin) * block.depth + (depth_begin + k) * count;
          if (left.transposed) {
            kernels_.copy_columns(to, count, left.data + begin * left.stride + row, left.stride, count, depth,
                                  left.scale);
          } else {
            kernels_.transpose(to, count, left.data + row * left.stride + begin, left.stride, count, depth, left.scale);
          }
        }
      }
      depth_begin += piece.size;
    }
  }

  // Panels of wide_columns, and a narrow last one where that is enough: [panel][depth][width], padded with zeros.
  void pack_right(const DepthBlock &block, Span columns) {
    int64_t depth_begin = 0;
    for (int p = 0; p < block.count; ++p) {
      const auto &piece = block.pieces[p];
      if (piece.term->right.transposed) {
        pack_right_transposed(piece.term->right, piece.begin, piece.size, depth_begin, block.depth, columns);
      } else {
        pack_right_plain(piece.term->right, piece.begin, piece.size, depth_begin, block.depth, columns);
      }
      depth_begin += piece.size;
    }
  }

  int64_t panel_width(int64_t columns_left) const {
    return columns_left <= kernels_.narrow_columns ? kernels_.narrow_columns : kernels_.wide_columns;
  }

  const float *left() const { return left_; }
  const float *right() const { return right_; }

private:
  void pack_right_transposed(const RightOperand &right, int64_t begin, int64_t size, int64_t depth_begin, int64_t depth,
                             Span columns) {
    const bool floats = right.type == GGML_TYPE_F32;
    for (int64_t column = columns.begin; column < columns.end;) {
      const int64_t width = panel_width(columns.end - column);
      const int64_t count = std::min(width, columns.end - column);
      float *to = right_ + (column - columns.begin) * depth + depth_begin * width;
      const float *from = rows_;
      int64_t stride = size;
      if (floats && adjacent(right, column, count)) {
        from = reinterpret_cast<const float *>(right_row(right, column)) + begin;
        stride = static_cast<int64_t>(right.row_bytes / sizeof(float));
      } else {
        for (int64_t i = 0; i < count; ++i) {
          float *row = rows_ + i * size;
          const float *values = decoded(right, column + i, begin, size, row);
          if (floats) std::memcpy(row, values, static_cast<size_t>(size) * sizeof(float));
        }
      }
      if (count < width) std::memset(to, 0, static_cast<size_t>(size * width) * sizeof(float));
      kernels_.transpose(to, width, from, stride, count, size, 1.0f);
      column += width;
    }
  }

  void pack_right_plain(const RightOperand &right, int64_t begin, int64_t size, int64_t depth_begin, int64_t depth,
                        Span columns) {
    // Rows of floats that lie one after another are copied where they are, others are decoded one by one.
    const bool floats = right.type == GGML_TYPE_F32 && right.rows == nullptr;
    const int64_t step = floats ? rows_at_once : 1;
    const auto stride = static_cast<int64_t>(right.row_bytes / sizeof(float));
    for (int64_t k = 0; k < size; k += step) {
      const int64_t rows = std::min(step, size - k);
      const float *from = decoded(right, begin + k, columns.begin, columns.size(), rows_);
      for (int64_t column = columns.begin; column < columns.end;) {
        const int64_t width = panel_width(columns.end - column);
        const int64_t count = std::min(width, columns.end - column);
        float *to = right_ + (column - columns.begin) * depth + (depth_begin + k) * width;
        if (count < width) std::memset(to, 0, static_cast<size_t>(rows * width) * sizeof(float));
        kernels_.copy_columns(to, width, from + (column - columns.begin), stride, count, rows, 1.0f);
        column += width;
      }
    }
  }

  const Kernels &kernels_;
  float *left_;
  float *right_;
  float *rows_;
};

// Rows of a tile so that `rows` are shared out evenly: 16 rows become 8 + 8 rather than 14 + 2.
int64_t even_height(int64_t rows, int64_t tallest) {
  const int64_t tiles = (rows + tallest - 1) / tallest;
  return (rows + tiles - 1) / tiles;
}

// The first depth block adds its sums to what `product` says, later ones to C.
void run_tiles(const Gemm &product, const Kernels &kernels, const Packer &packer, int64_t depth, Span rows,
               Span columns, int64_t height, bool first) {
  for (int64_t row = rows.begin; row < rows.end; row += height) {
    const int64_t count = std::min(height, rows.end - row);
    const float *left = packer.left() + (row - rows.begin) * depth;
    for (int64_t column = columns.begin; column < columns.end;) {
      const int64_t width = packer.panel_width(columns.end - column);
      const int64_t valid = std::min(width, columns.end - column);
      const GemmTile *tiles = width == kernels.wide_columns ? kernels.wide : kernels.narrow;
      float *c = product.c + row * product.c_stride + column;
      const float *add = c;
      int64_t add_stride = product.c_stride;
      if (first && !product.accumulate) {
        add = product.bias == nullptr ? nullptr : product.bias + column;
        add_stride = 0;
      }
      tiles[count](depth, left, packer.right() + (column - columns.begin) * depth, width, c, product.c_stride, valid,
                   add, add_stride);
      column += width;
    }
  }
}

// A is packed once for all columns of a group. A group's part of C should stay in the last cache from one depth block
// to the next.
void gemm_region(CpuDevice &device, const Gemm &product, Span all_rows, Span all_columns, int thread) {
  Packer packer(device, thread);
  for (int64_t row = all_rows.begin; row < all_rows.end; row += device.packed_rows) {
    const Span rows{row, std::min(row + device.packed_rows, all_rows.end)};
    const int64_t height = even_height(rows.size(), device.kernels->tile_rows);
    for (int64_t group = all_columns.begin; group < all_columns.end; group += gemm_group_columns) {
      const int64_t group_end = std::min(group + gemm_group_columns, all_columns.end);
      DepthBlocks blocks(product);
      bool first = true;
      for (DepthBlock block; blocks.next(block); first = false) {
        packer.pack_left(block, rows, height);
        for (int64_t column = group; column < group_end; column += gemm_block_columns) {
          const Span columns{column, std::min(column + gemm_block_columns, group_end)};
          packer.pack_right(block, columns);
          run_tiles(product, *device.kernels, packer, block.depth, rows, columns, height, first);
        }
      }
    }
  }
}

struct Grid {
  int64_t row_parts, column_parts;
  int64_t rows, columns; // of one part
};

int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// How to cut C into parts for the threads. The costs, in units of one multiply-add, are those of packing one element of
// A, and of decoding and packing one of B; both are paid again by every part that shares the element.
Grid choose_grid(const Gemm &product, int threads, int64_t column_multiple) {
  constexpr double left_cost = 6.0, right_cost = 60.0;
  const int64_t most = threads == 1 ? 1 : 4 * threads;
  Grid best{1, 1, product.rows, product.columns};
  double best_cost = std::numeric_limits<double>::infinity();
  for (int64_t row_parts = 1; row_parts <= most; ++row_parts) {
    const int64_t rows = round_up((product.rows + row_parts - 1) / row_parts, max_tile_rows);
    for (int64_t column_parts = 1; row_parts * column_parts <= most; ++column_parts) {
      const int64_t columns = round_up((product.columns + column_parts - 1) / column_parts, column_multiple);
      const int64_t real_parts = ((product.rows + rows - 1) / rows) * ((product.columns + columns - 1) / columns);
      const double r = static_cast<double>(std::min(rows, product.rows));
      const double c = static_cast<double>(std::min(columns, product.columns));
      const double left_passes = static_cast<double>((columns + gemm_group_columns - 1) / gemm_group_columns);
      const double part = r * c + left_cost * r * left_passes + right_cost * c;
      const double cost = part * static_cast<double>((real_parts + threads - 1) / threads);
      if (cost < best_cost * 0.98) {
        best_cost = cost;
        best = {(product.rows + rows - 1) / rows, (product.columns + columns - 1) / columns, rows, columns};
      }
    }
  }
  return best;
}

} // namespace

void gemm(CpuDevice &device, const Gemm &product) {
  if (product.rows == 0 || product.columns == 0) return;
  // Quantised rows that run along N can only be cut at their blocks.
  bool blocked_columns = false;
  for (int t = 0; t < product.term_count; ++t) {
    const RightOperand &right = product.terms[t].right;
    blocked_columns |= !right.transposed && right.type != GGML_TYPE_F32;
  }
  const int64_t multiple = blocked_columns ? gemm_block_columns : device.kernels->wide_columns;
  int64_t depth = 0;
  for (int t = 0; t < product.term_count; ++t) depth += product.terms[t].depth;
  if (product.rows * product.columns * depth < small_product) return gemm_on_thread(device, product, 0);
  const Grid grid = choose_grid(product, device.pool.thread_count(), multiple);
  device.pool.each(grid.row_parts * grid.column_parts, [&](int64_t index, int thread) {
    const int64_t row = index / grid.column_parts * grid.rows;
    const int64_t column = index % grid.column_parts * grid.columns;
    gemm_region(device, product, {row, std::min(row + grid.rows, product.rows)},
                {column, std::min(column + grid.columns, product.columns)}, thread);
  });
}

void gemm_on_thread(CpuDevice &device, const Gemm &product, int thread) {
  gemm_region(device, product, {0, product.rows}, {0, product.columns}, thread);
}

} // namespace trex
