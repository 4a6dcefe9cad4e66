// What CUDA adds to C++, for kernels compiled for the host (fibers.h): qualifiers, the built-in variables, barriers,
// shuffles, vector types, conversions and the intrinsics that the kernels use. Section numbers are those of the CUDA
// C++ Programming Guide 13.0.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "fibers.h"

#define __global__
#define __device__
#define __host__
#define __constant__ static const
#define __shared__ static thread_local
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define __align__(n) alignas(n)
#define __grid_constant__

#define threadIdx (::trex::emulation::current().index)
#define blockIdx (::trex::emulation::current().block->index)
#define blockDim (::trex::emulation::current().block->size)
#define gridDim (::trex::emulation::current().block->grid)
inline constexpr int warpSize = 32;

// ---- Vector types --------------------------------------------------------------------------------------------------

struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) int2 {
  int x, y;
};
struct alignas(16) int4 {
  int x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(4) uchar4 {
  unsigned char x, y, z, w;
};
struct alignas(4) char4 {
  signed char x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline int2 make_int2(int x, int y) { return {x, y}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

// ---- Barriers and shuffles (10.6, 10.22) ---------------------------------------------------------------------------

inline void __syncthreads() { trex::emulation::block_barrier(); }
inline void __syncwarp(unsigned = 0xffffffffU) {
  trex::emulation::warp_collective([](trex::emulation::Warp &) {}, nullptr, 0, nullptr, 0);
}
inline void __threadfence() {}
inline void __threadfence_block() {}

namespace trex::emulation {

// A value of four or eight bytes and the lane it is asked from.
struct Shuffled {
  uint64_t value;
  int from;
};

template <class T, class From> T shuffle(T value, const From &from_lane) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  Shuffled mine{};
  std::memcpy(&mine.value, &value, sizeof(T));
  mine.from = from_lane(current().lane);
  uint64_t got = 0;
  warp_collective(
      [](Warp &warp) {
        for (int lane = 0; lane < warp_lanes; ++lane) {
          Shuffled asked, source;
          std::memcpy(&asked, warp.operands[lane], sizeof asked);
          const int from = asked.from < 0 || asked.from >= warp_lanes ? lane : asked.from;
          std::memcpy(&source, warp.operands[from], sizeof source);
          std::memcpy(warp.results[lane], &source.value, sizeof source.value);
        }
      },
      &mine, sizeof mine, &got, sizeof got);
  T result;
  std::memcpy(&result, &got, sizeof(T));
  return result;
}

} // namespace trex::emulation

template <class T> T __shfl_sync(unsigned, T value, int from, int width = 32) {
  return trex::emulation::shuffle(value, [&](int lane) { return lane / width * width + (from & (width - 1)); });
}
template <class T> T __shfl_xor_sync(unsigned, T value, int mask, int width = 32) {
  return trex::emulation::shuffle(value, [&](int lane) {
    const int from = lane ^ mask;
    return from / width > lane / width ? lane : from;
  });
}
template <class T> T __shfl_down_sync(unsigned, T value, unsigned delta, int width = 32) {
  return trex::emulation::shuffle(value, [&](int lane) {
    const int from = lane + static_cast<int>(delta);
    return from / width != lane / width ? lane : from;
  });
}
template <class T> T __shfl_up_sync(unsigned, T value, unsigned delta, int width = 32) {
  return trex::emulation::shuffle(value, [&](int lane) {
    const int from = lane - static_cast<int>(delta);
    return from < lane / width * width ? lane : from;
  });
}

inline unsigned __ballot_sync(unsigned, int predicate) {
  const unsigned mine = predicate != 0;
  unsigned all = 0;
  trex::emulation::warp_collective(
      [](trex::emulation::Warp &warp) {
        unsigned bits = 0;
        for (int lane = 0; lane < warp.live; ++lane) {
          unsigned one;
          std::memcpy(&one, warp.operands[lane], sizeof one);
          bits |= one << lane;
        }
        for (auto &result : warp.results) std::memcpy(result, &bits, sizeof bits);
      },
      &mine, sizeof mine, &all, sizeof all);
  return all;
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }

// ---- Arithmetic ----------------------------------------------------------------------------------------------------

using std::max;
using std::min;
inline float __expf(float x) { return std::exp(x); }
inline float __logf(float x) { return std::log(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fsqrt_rn(float x) { return std::sqrt(x); }
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
inline float __fmaf_rn(float x, float y, float z) { return std::fma(x, y, z); }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fadd_rn(float x, float y) { return x + y; }
inline int __float2int_rn(float x) { return static_cast<int>(std::nearbyint(x)); }
inline int __popc(unsigned x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __ffs(int x) { return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1; }
inline uint64_t __umul64hi(uint64_t x, uint64_t y) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(x) * y) >> 64);
}
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
  const uint64_t bytes = (uint64_t{y} << 32) | x;
  unsigned result = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned which = (selector >> (4 * i)) & 7U;
    result |= static_cast<unsigned>((bytes >> (8 * which)) & 0xFFU) << (8 * i);
  }
  return result;
}
template <class T> T __ldg(const T *p) { return *p; }
template <class T> T __ldcs(const T *p) { return *p; }
template <class T> void __stcs(T *p, T value) { *p = value; }
template <class T> T atomicAdd(T *p, T value) {
  const T old = *p;
  *p += value;
  return old;
}
template <class T> T atomicMax(T *p, T value) {
  const T old = *p;
  *p = std::max(old, value);
  return old;
}
template <class T> T atomicExch(T *p, T value) {
  const T old = *p;
  *p = value;
  return old;
}
template <class T> T atomicCAS(T *p, T expected, T value) {
  const T old = *p;
  if (old == expected) *p = value;
  return old;
}
