// Kernels for any processor: plain loops, vectorised by the compiler for the architecture's baseline (SSE2, NEON).
#include "ops/cpu/kernels.h"
#include "ops/cpu/vector_kernels.h"

namespace {

// Four rows of eight columns: the accumulators of a tile and one row of b fit the sixteen registers of SSE2.
template <int Rows>
void tile(int64_t depth, const float *a, const float *b, int64_t b_stride, float *c, int64_t c_stride,
          int64_t valid_columns, const float *add, int64_t add_stride) {
  constexpr int columns = 8;
  float sum[Rows][columns] = {};
  for (int64_t k = 0; k < depth; ++k) {
    for (int r = 0; r < Rows; ++r)
      for (int j = 0; j < columns; ++j) sum[r][j] += a[k * Rows + r] * b[k * b_stride + j];
  }
  for (int r = 0; r < Rows; ++r) {
    for (int64_t j = 0; j < valid_columns; ++j)
      c[r * c_stride + j] = (add == nullptr ? 0.0f : add[r * add_stride + j]) + sum[r][j];
  }
}

void transpose(float *to, int64_t to_stride, const float *from, int64_t from_stride, int64_t rows, int64_t depth,
               float factor) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t k = 0; k < depth; ++k) to[k * to_stride + r] = factor * from[r * from_stride + k];
}

const trex::Kernels kernels = {
    4,
    8,
    8,
    {nullptr, tile<1>, tile<2>, tile<3>, tile<4>},
    {nullptr, tile<1>, tile<2>, tile<3>, tile<4>},
    transpose,
    copy_columns,
    TREX_VECTOR_KERNELS,
};

} // namespace

namespace trex {
const Kernels &portable_kernels() { return kernels; }
} // namespace trex
