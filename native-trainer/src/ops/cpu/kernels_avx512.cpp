// Kernels for x86-64 with AVX-512: a tile of 14 rows by 32 columns keeps 28 accumulators, two vectors of b and one
// broadcast of a in the thirty-two registers.
#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12's own header leaves the ignored operand of unmasked intrinsics uninitialised on purpose and then warns (GCC
// bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

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
  __m512 sum[Rows][Vectors];
  TREX_UNROLL
  for (int r = 0; r < Rows; ++r)
    for (int j = 0; j < Vectors; ++j) {
      sum[r][j] = _mm512_setzero_ps();
      _mm_prefetch(reinterpret_cast<const char *>(c + r * c_stride + 16 * j), _MM_HINT_T0);
    }
  for (int64_t k = 0; k < depth; ++k) {
    __m512 row[Vectors];
    for (int j = 0; j < Vectors; ++j) row[j] = _mm512_loadu_ps(b + 16 * j);
    TREX_UNROLL
    for (int r = 0; r < Rows; ++r) {
      const __m512 value = _mm512_set1_ps(a[r]);
      for (int j = 0; j < Vectors; ++j) sum[r][j] = _mm512_fmadd_ps(value, row[j], sum[r][j]);
    }
    a += Rows;
    b += b_stride;
  }
  __mmask16 mask[Vectors];
  for (int j = 0; j < Vectors; ++j) {
    const int64_t left = valid_columns - 16 * j;
    mask[j] = left >= 16 ? 0xffff : left <= 0 ? 0 : static_cast<__mmask16>((1u << left) - 1u);
  }
  TREX_UNROLL
  for (int r = 0; r < Rows; ++r)
    for (int j = 0; j < Vectors; ++j) {
      const __m512 old =
          add == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask[j], add + r * add_stride + 16 * j);
      _mm512_mask_storeu_ps(c + r * c_stride + 16 * j, mask[j], _mm512_add_ps(old, sum[r][j]));
    }
}

// Up to 16 rows by 16 columns; missing rows and columns are read as zero and not written.
inline void transpose_16x16(float *to, int64_t to_stride, const float *from, int64_t from_stride, int64_t rows,
                            int64_t depth, __m512 factor) {
  __m512 x[16], t[16];
  const __mmask16 columns = depth >= 16 ? 0xffff : static_cast<__mmask16>((1u << depth) - 1u);
  for (int r = 0; r < 16; ++r)
    x[r] =
        r < rows ? _mm512_mul_ps(_mm512_maskz_loadu_ps(columns, from + r * from_stride), factor) : _mm512_setzero_ps();
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_ps(x[2 * i], x[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_ps(x[2 * i], x[2 * i + 1]);
  }
  for (int i = 0; i < 4; ++i) {
    x[4 * i + 0] = _mm512_shuffle_ps(t[4 * i + 0], t[4 * i + 2], 0x44);
    x[4 * i + 1] = _mm512_shuffle_ps(t[4 * i + 0], t[4 * i + 2], 0xee);
    x[4 * i + 2] = _mm512_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0x44);
    x[4 * i + 3] = _mm512_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0xee);
  }
  // x[4 i + q] now holds, in 128-bit lane l, column 4 l + q of rows 4 i .. 4 i + 3.
  const __mmask16 valid_rows = rows >= 16 ? 0xffff : static_cast<__mmask16>((1u << rows) - 1u);
  for (int q = 0; q < 4; ++q) {
    const __m512 low = _mm512_shuffle_f32x4(x[q], x[4 + q], 0x88);       // lanes 0 and 2 of rows 0-3 and 4-7
    const __m512 high = _mm512_shuffle_f32x4(x[8 + q], x[12 + q], 0x88); // the same of rows 8-11 and 12-15
    const __m512 low_odd = _mm512_shuffle_f32x4(x[q], x[4 + q], 0xdd);
    const __m512 high_odd = _mm512_shuffle_f32x4(x[8 + q], x[12 + q], 0xdd);
    const __m512 column[4] = {_mm512_shuffle_f32x4(low, high, 0x88), _mm512_shuffle_f32x4(low_odd, high_odd, 0x88),
                              _mm512_shuffle_f32x4(low, high, 0xdd), _mm512_shuffle_f32x4(low_odd, high_odd, 0xdd)};
    for (int l = 0; l < 4; ++l) {
      const int64_t k = 4 * l + q;
      if (k < depth) _mm512_mask_storeu_ps(to + k * to_stride, valid_rows, column[l]);
    }
  }
}

void transpose(float *to, int64_t to_stride, const float *from, int64_t from_stride, int64_t rows, int64_t depth,
               float factor) {
  const __m512 factors = _mm512_set1_ps(factor);
  for (int64_t r = 0; r < rows; r += 16)
    for (int64_t k = 0; k < depth; k += 16)
      transpose_16x16(to + k * to_stride + r, to_stride, from + r * from_stride + k, from_stride, rows - r, depth - k,
                      factors);
}

void copy_masked(float *to, int64_t to_stride, const float *from, int64_t from_stride, int64_t columns, int64_t depth,
                 float factor) {
  const __m512 factors = _mm512_set1_ps(factor);
  for (int64_t i = 0; i < columns; i += 16) {
    const __mmask16 valid = columns - i >= 16 ? 0xffff : static_cast<__mmask16>((1u << (columns - i)) - 1u);
    for (int64_t k = 0; k < depth; ++k) {
      const __m512 values = _mm512_maskz_loadu_ps(valid, from + k * from_stride + i);
      _mm512_mask_storeu_ps(to + k * to_stride + i, valid, _mm512_mul_ps(values, factors));
    }
  }
}

const trex::Kernels kernels = {
    14,
    32,
    16,
    {nullptr, tile<1, 2>, tile<2, 2>, tile<3, 2>, tile<4, 2>, tile<5, 2>, tile<6, 2>, tile<7, 2>, tile<8, 2>,
     tile<9, 2>, tile<10, 2>, tile<11, 2>, tile<12, 2>, tile<13, 2>, tile<14, 2>},
    {nullptr, tile<1, 1>, tile<2, 1>, tile<3, 1>, tile<4, 1>, tile<5, 1>, tile<6, 1>, tile<7, 1>, tile<8, 1>,
     tile<9, 1>, tile<10, 1>, tile<11, 1>, tile<12, 1>, tile<13, 1>, tile<14, 1>},
    transpose,
    copy_masked,
    TREX_VECTOR_KERNELS,
};

} // namespace

namespace trex {
const Kernels &avx512_kernels() { return kernels; }
} // namespace trex
