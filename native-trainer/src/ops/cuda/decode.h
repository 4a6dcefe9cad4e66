// Frozen weights from the blocks of their file to values that a product takes.
#pragma once

#include "ops/cuda/cuda_device.h"

namespace trex {

// `to`, dense or strided, bf16 or f32, gets the part of w that starts at (first_row, first_column), as many rows and
// columns as `to` has. first_column is a multiple of 256 (of anything for F32, F16 and BF16).
void decode_weight(CudaDevice &device, Matrix to, const Weight &w, int64_t first_row, int64_t first_column);

} // namespace trex
