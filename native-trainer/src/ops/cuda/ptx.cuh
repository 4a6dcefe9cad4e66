// The instructions of the tensor cores and of asynchronous copies, which C++ has no words for. Every function maps to
// one PTX instruction (PTX ISA 9.0); compiled for the host, each is emulated. Pointers to shared memory are generic.
#pragma once

#include <cstdint>

#include "cuda_runtime.h"
#include "ops/cuda/formats.h"

#if defined(TREX_EMULATED)
#include "ptx_emulated.h"
#else
#include <cuda_fp16.h>
#endif

namespace trex {

#if !defined(TREX_EMULATED)
__device__ __forceinline__ uint32_t shared_address(const void *shared) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(shared));
}
#endif

// ---- Fragments from shared memory ----------------------------------------------------------------------------------
// Lane l gives the address of row l % 8 of 8 x 8 matrix l / 8 (16 bytes each, at 16 bytes); register m then holds, of
// matrix m, elements 2 (l % 4) and the next of row l / 4, or transposed of column l / 4.

__device__ __forceinline__ void ldmatrix_x4(uint32_t (&r)[4], const void *row) {
#if defined(TREX_EMULATED)
  emulated_ldmatrix(r, 4, false, row);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row)));
#endif
}

__device__ __forceinline__ void ldmatrix_x4_transposed(uint32_t (&r)[4], const void *row) {
#if defined(TREX_EMULATED)
  emulated_ldmatrix(r, 4, true, row);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row)));
#endif
}

__device__ __forceinline__ void ldmatrix_x2(uint32_t (&r)[2], const void *row) { // lanes 0 to 15 give the addresses
#if defined(TREX_EMULATED)
  emulated_ldmatrix(r, 2, false, row);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];\n"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(row)));
#endif
}

__device__ __forceinline__ void ldmatrix_x2_transposed(uint32_t (&r)[2], const void *row) {
#if defined(TREX_EMULATED)
  emulated_ldmatrix(r, 2, true, row);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];\n"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(row)));
#endif
}

// ---- Products: D[16, 8] += A[16, K] B[K, 8]
// -------------------------------------------------------------------------- Lane l = 4 g + t. D: d0, d1 are row g,
// columns 2 t and 2 t + 1; d2, d3 row g + 8. A: a0 and a2 row g, a1 and a3 row g + 8; a0 and a1 the elements from t *
// (K / 8) on, a2 and a3 those from K / 2 + t * (K / 8) on. B: column g, likewise.

__device__ __forceinline__ void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) { // K = 16
#if defined(TREX_EMULATED)
  emulated_mma_bf16(d, a, b);
#else
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};\n"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

__device__ __forceinline__ void mma_s8(int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) { // K = 32
#if defined(TREX_EMULATED)
  emulated_mma_s8(d, a, b);
#else
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};\n"
               : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

// K = 32; needs sm_89. Older targets compile it to nothing: the host never launches it there.
__device__ __forceinline__ void mma_e4m3(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if defined(TREX_EMULATED)
  emulated_mma_e4m3(d, a, b);
#elif __CUDA_ARCH__ >= 890
  asm volatile("mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};\n"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

// ---- Copies to shared memory that go on while the threads compute --------------------------------------------------
// Of `bytes` (4, 8 or 16) the first `valid` come from global memory and the rest are zeros; valid 0 reads nothing.

template <unsigned bytes>
__device__ __forceinline__ void cp_async(void *shared, const void *global, unsigned valid = bytes) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
#if defined(TREX_EMULATED)
  emulated_cp_async(shared, global, bytes, valid);
#else
  if constexpr (bytes == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(shared_address(shared)), "l"(global),
                 "r"(valid)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %3, %2;\n" ::"r"(shared_address(shared)), "l"(global),
                 "r"(valid), "n"(bytes)
                 : "memory");
  }
#endif
}

__device__ __forceinline__ void cp_async_commit() {
#if defined(TREX_EMULATED)
  emulated_cp_async_commit();
#else
  asm volatile("cp.async.commit_group;\n" ::: "memory");
#endif
}

// Until at most `left` of this thread's groups are under way. The other threads' copies need a barrier besides.
template <int left> __device__ __forceinline__ void cp_async_wait() {
#if defined(TREX_EMULATED)
  emulated_cp_async_wait(left);
#else
  asm volatile("cp.async.wait_group %0;\n" ::"n"(left) : "memory");
#endif
}

// ---- Number formats ------------------------------------------------------------------------------------------------

__device__ __forceinline__ float to_float(bf16 value) {
  return __uint_as_float(static_cast<uint32_t>(value.bits) << 16);
}
__device__ __forceinline__ float to_float(float value) { return value; }

// Nearest, ties to even; `low` in the lower half.
__device__ __forceinline__ uint32_t pack_bf16(float low, float high) {
#if defined(TREX_EMULATED)
  return emulated_to_bf16(low) | (static_cast<uint32_t>(emulated_to_bf16(high)) << 16);
#else
  uint32_t packed;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;\n" : "=r"(packed) : "f"(high), "f"(low));
  return packed;
#endif
}
__device__ __forceinline__ float low_bf16(uint32_t packed) { return __uint_as_float(packed << 16); }
__device__ __forceinline__ float high_bf16(uint32_t packed) { return __uint_as_float(packed & 0xFFFF0000U); }
__device__ __forceinline__ bf16 to_bf16(float value) { return {static_cast<uint16_t>(pack_bf16(value, 0.0f))}; }

template <class T> __device__ __forceinline__ T from_float(float value);
template <> __device__ __forceinline__ float from_float<float>(float value) { return value; }
template <> __device__ __forceinline__ bf16 from_float<bf16>(float value) { return to_bf16(value); }

__device__ __forceinline__ float half_to_float(uint16_t bits) {
#if defined(TREX_EMULATED)
  return emulated_from_half(bits);
#else
  return __half2float(__ushort_as_half(bits));
#endif
}

// Four values to e4m3, the first in the lowest byte; beyond +-448 they are +-448. Needs sm_89 for speed only.
__device__ __forceinline__ uint32_t pack_e4m3(float x0, float x1, float x2, float x3) {
#if defined(TREX_EMULATED)
  return emulated_to_e4m3(x0) | (uint32_t{emulated_to_e4m3(x1)} << 8) | (uint32_t{emulated_to_e4m3(x2)} << 16) |
         (uint32_t{emulated_to_e4m3(x3)} << 24);
#elif __CUDA_ARCH__ >= 890
  uint16_t low, high;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;\n" : "=h"(low) : "f"(x1), "f"(x0));
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;\n" : "=h"(high) : "f"(x3), "f"(x2));
  return low | (static_cast<uint32_t>(high) << 16);
#else
  return 0; // never launched below sm_89
#endif
}

} // namespace trex
