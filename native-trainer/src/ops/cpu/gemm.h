// Single-precision matrix products whose right operand may be quantised: C[M, N] (= or +=) sum of A_t B_t (+ bias).
#pragma once

#include <cstdint>

#include "ops/cpu/cpu_device.h"

namespace trex {

struct LeftOperand { // M x K
  const float *data;
  int64_t stride;
  bool transposed; // stored K x M
  float scale = 1.0f;
};

struct RightOperand { // K x N
  const void *data;
  size_t row_bytes;
  ggml_type type;
  bool transposed; // stored N x K, like a weight in the forward pass
  const int32_t *rows = nullptr; // the stored row r is row rows[r] of the data; null when it is row r itself
};

inline RightOperand right_floats(const float *data, int64_t stride, bool transposed, const int32_t *rows = nullptr) {
  return {data, static_cast<size_t>(stride) * sizeof(float), GGML_TYPE_F32, transposed, rows};
}

struct GemmTerm {
  LeftOperand left;
  RightOperand right;
  int64_t depth; // K of this term
};

struct Gemm {
  int64_t rows, columns; // M, N
  float *c;
  int64_t c_stride;
  bool accumulate;
  const float *bias; // N values, or null; only without accumulate
  GemmTerm terms[2]; // the second adds a LoRA to a frozen weight in the same pass over C
  int term_count;
};

// Uses all threads. The result does not depend on their number: every element sums its K in the same order.
void gemm(CpuDevice &device, const Gemm &product);

// The same inside a task that already runs on `thread`.
void gemm_on_thread(CpuDevice &device, const Gemm &product, int thread);

// Sizes of the packed blocks; the left one has CpuDevice::packed_rows rows.
inline constexpr int64_t gemm_block_columns = 256; // a multiple of every quantisation block
inline constexpr int64_t gemm_block_depth = 256;   // likewise
inline constexpr int64_t gemm_group_columns = 4 * gemm_block_columns; // the left operand is packed once for these
inline constexpr int64_t gemm_longest_depth = 384; // a block takes a short remainder along instead of leaving it; so
                                                   // a product of at most this depth is one sum in one order

} // namespace trex
