// Kernels for x86-64 with AVX2 and FMA: a tile of 6 rows by 16 columns keeps 12 accumulators, two vectors of b and one
// broadcast of a in the sixteen registers.
#include <immintrin.h>

#include "ops/cpu/kernels.h"
#include "ops/cpu/vector_kernels.h"

// The accumulators live in registers only if every loop over them is unrolled.
#if defined(__clang__)
#define TREX_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define TREX_UNROLL _Pragma("GCC unroll 16")
#else
#define TREX_UNROLL
#endif

namespace {

template <int Rows, int Vectors>
void tile(int64_t depth, const float *a, const float *b, int64_t b_stride, float *c, int64_t c_stride,
          int64_t valid_columns, const float *add, int64_t add_stride) {
  __m256 sum[Rows][Vectors];
  TREX_UNROLL
  for (int r = 0; r < Rows; ++r)
    for (int j = 0; j < Vectors; ++j) sum[r][j] = _mm256_setzero_ps();
  for (int64_t k = 0; k < depth; ++k) {
    __m256 row[Vectors];
    for (int j = 0; j < Vectors; ++j) row[j] = _mm256_loadu_ps(b + 8 * j);
    TREX_UNROLL
    for (int r = 0; r < Rows; ++r) {
      const __m256 value = _mm256_broadcast_ss(a + r);
      for (int j = 0; j < Vectors; ++j) sum[r][j] = _mm256_fmadd_ps(value, row[j], sum[r][j]);
    }
    a += Rows;
    b += b_stride;
  }
  if (valid_columns == 8 * Vectors) {
    TREX_UNROLL
    for (int r = 0; r < Rows; ++r)
      for (int j = 0; j < Vectors; ++j) {
        const __m256 old = add == nullptr ? _mm256_setzero_ps() : _mm256_loadu_ps(add + r * add_stride + 8 * j);
        _mm256_storeu_ps(c + r * c_stride + 8 * j, _mm256_add_ps(old, sum[r][j]));
      }
    return;
  }
  float edge[8 * Vectors];
  TREX_UNROLL
  for (int r = 0; r < Rows; ++r) {
    for (int j = 0; j < Vectors; ++j) _mm256_storeu_ps(edge + 8 * j, sum[r][j]);
    for (int64_t j = 0; j < valid_columns; ++j)
      c[r * c_stride + j] = (add == nullptr ? 0.0f : add[r * add_stride + j]) + edge[j];
  }
}

// Eight by eight at a time: unpack pairs, then quarters, then halves.
inline void transpose_8x8(float *to, int64_t to_stride, const float *from, int64_t from_stride, __m256 factor) {
  __m256 x[8], t[8];
  for (int r = 0; r < 8; ++r) x[r] = _mm256_mul_ps(_mm256_loadu_ps(from + r * from_stride), factor);
  for (int i = 0; i < 4; ++i) {
    t[2 * i] = _mm256_unpacklo_ps(x[2 * i], x[2 * i + 1]);
    t[2 * i + 1] = _mm256_unpackhi_ps(x[2 * i], x[2 * i + 1]);
  }
  for (int i = 0; i < 2; ++i) {
    x[4 * i + 0] = _mm256_shuffle_ps(t[4 * i + 0], t[4 * i + 2], 0x44);
    x[4 * i + 1] = _mm256_shuffle_ps(t[4 * i + 0], t[4 * i + 2], 0xee);
    x[4 * i + 2] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0x44);
    x[4 * i + 3] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0xee);
  }
  for (int i = 0; i < 4; ++i) {
    _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(x[i], x[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * to_stride, _mm256_permute2f128_ps(x[i], x[i + 4], 0x31));
  }
}

void transpose(float *to, int64_t to_stride, const float *from, int64_t from_stride, int64_t rows, int64_t depth,
               float factor) {
  const __m256 factors = _mm256_set1_ps(factor);
  int64_t r = 0;
  for (; r + 8 <= rows; r += 8) {
    int64_t k = 0;
    for (; k + 8 <= depth; k += 8)
      transpose_8x8(to + k * to_stride + r, to_stride, from + r * from_stride + k, from_stride, factors);
    for (; k < depth; ++k)
      for (int64_t i = r; i < r + 8; ++i) to[k * to_stride + i] = factor * from[i * from_stride + k];
  }
  for (; r < rows; ++r)
    for (int64_t k = 0; k < depth; ++k) to[k * to_stride + r] = factor * from[r * from_stride + k];
}

const trex::Kernels kernels = {
    6,
    16,
    8,
    {nullptr, tile<1, 2>, tile<2, 2>, tile<3, 2>, tile<4, 2>, tile<5, 2>, tile<6, 2>},
    {nullptr, tile<1, 1>, tile<2, 1>, tile<3, 1>, tile<4, 1>, tile<5, 1>, tile<6, 1>},
    transpose,
    copy_columns,
    TREX_VECTOR_KERNELS,
};

} // namespace

namespace trex {
const Kernels &avx2_kernels() { return kernels; }
} // namespace trex
