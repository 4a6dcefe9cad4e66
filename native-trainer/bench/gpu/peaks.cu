// Products without memory traffic, and a copy without arithmetic.
//
// A multiprocessor's tensor cores are busy when every one of its four partitions always has a product to start: two
// blocks of eight warps, each warp with eight independent sums, hide the latency of mma.sync on every card since
// Ampere.
#include "peaks.h"

#include "ops/cuda/launch.cuh"
#include "ops/cuda/ptx.cuh"
#include "timing.h"

namespace trex::bench {
namespace {

constexpr int sums = 8, threads = 256, blocks_per_multiprocessor = 2;

enum class Kind { bf16, s8, e4m3 };
constexpr int depth(Kind kind) { return kind == Kind::bf16 ? 16 : 32; } // K of one product

// The operands are nought, so that no sum overflows; hardware takes as long for them (power, and so clocks, may
// differ).
template <Kind kind> __global__ void __launch_bounds__(threads) products(float *out, int rounds) {
  const uint32_t a[4] = {}, b[2] = {};
  float f[sums][4] = {};
  int32_t s[sums][4] = {};
  for (int round = 0; round < rounds; ++round) {
#pragma unroll
    for (int i = 0; i < sums; ++i) {
      if constexpr (kind == Kind::bf16) mma_bf16(f[i], a, b);
      if constexpr (kind == Kind::s8) mma_s8(s[i], a, b);
      if constexpr (kind == Kind::e4m3) mma_e4m3(f[i], a, b);
    }
  }
  float total = 0.0f;
#pragma unroll
  for (int i = 0; i < sums; ++i) {
    for (int j = 0; j < 4; ++j) total += f[i][j] + static_cast<float>(s[i][j]);
  }
  if (total != 0.0f) out[threadIdx.x] = total; // never; keeps the sums alive
}

__global__ void __launch_bounds__(threads) copy(uint4 *to, const uint4 *from, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * threads;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * threads + threadIdx.x; i < count; i += step) to[i] = from[i];
}

template <Kind kind> double operations_per_second(CudaDevice &device, void *memory, int rounds) {
  const int blocks = blocks_per_multiprocessor * device.multiprocessors;
  const double seconds = median_seconds(device, 5, nullptr, 0, [&] {
    launch(device, products<kind>, dim3(static_cast<unsigned>(blocks)), dim3(threads), 0, static_cast<float *>(memory),
           rounds);
  });
  const double products_made = static_cast<double>(blocks) * (threads / 32) * rounds * sums;
  return products_made * 2.0 * 16 * 8 * depth(kind) / seconds;
}

} // namespace

Peaks measure_peaks(CudaDevice &device, void *memory, size_t bytes, int rounds) {
  Peaks peaks;
  const auto half = static_cast<int64_t>(bytes / 2 / sizeof(uint4));
  auto *from = static_cast<uint4 *>(memory);
  const double seconds = median_seconds(device, 5, nullptr, 0, [&] {
    launch(device, copy, dim3(static_cast<unsigned>(8 * device.multiprocessors)), dim3(threads), 0, from + half,
           static_cast<const uint4 *>(from), half);
  });
  peaks.copy_bytes_per_second = 2.0 * static_cast<double>(half) * sizeof(uint4) / seconds;
  peaks.bf16_operations_per_second = operations_per_second<Kind::bf16>(device, memory, rounds);
  peaks.s8_operations_per_second = operations_per_second<Kind::s8>(device, memory, rounds);
  if (device.compute_capability >= 89) {
    peaks.e4m3_operations_per_second = operations_per_second<Kind::e4m3>(device, memory, rounds);
  }
  return peaks;
}

} // namespace trex::bench
