// What this card reaches at best, measured rather than taken from a data sheet: the yardstick of every share that
// gpu_bench prints. Measured in the same run, because clocks depend on heat and power.
#pragma once

#include "ops/cuda/cuda_device.h"

namespace trex::bench {

struct Peaks {
  double copy_bytes_per_second = 0.0;      // read and written together
  double bf16_operations_per_second = 0.0; // mma.sync m16n8k16 with fp32 sums, operands in registers
  double s8_operations_per_second = 0.0;   // mma.sync m16n8k32
  double e4m3_operations_per_second = 0.0; // likewise; 0 where the card has none
};

// `memory` of `bytes` is overwritten. `rounds` products for every thread: 4096 take milliseconds on a card.
Peaks measure_peaks(CudaDevice &device, void *memory, size_t bytes, int rounds);

} // namespace trex::bench
