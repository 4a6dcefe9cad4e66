// Matrix products on the tensor cores. M, N: rows and columns of the result; K: what is summed over.
#pragma once

#include "ops/cuda/cuda_device.h"
#include "ops/cuda/formats.h"

namespace trex {

// L[M, r] R[N, r]^T, a LoRA's part of a product: added in the same pass, from bf16. r is a multiple of 16 (short ranks
// are filled up with zeros), rows lie r elements apart.
struct LowRankTerm {
  const bf16 *left = nullptr, *right = nullptr;
  int64_t rank = 0; // 0: there is none
};

// What is added to a product before it is written, once: c = (c +) product + low rank + bias[N] + residual[M, N].
struct Epilogue {
  bool accumulate = false; // c is added to
  LowRankTerm low_rank;
  const float *bias = nullptr;
  Matrix residual; // none without data; may be c
};

// How an operand lies in memory: `along_k` when the elements of one row (of A) or column (of B) that are summed over
// lie side by side, else the elements of one k do.
struct Operand {
  const bf16 *data = nullptr;
  int64_t stride = 0; // elements
  bool along_k = true;
};

// c[M, N], bf16 or f32, from a[M, K] and b[K, N]. Any sizes; operands and strides that are multiples of 8 elements (16
// bytes) are copied fastest.
void product_bf16(CudaDevice &device, Matrix c, const Operand &a, const Operand &b, int64_t k,
                  const Epilogue &epilogue);

} // namespace trex
