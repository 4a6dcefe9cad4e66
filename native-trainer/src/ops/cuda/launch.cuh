// Starts kernels, and tells them where their dynamic shared memory is.
#pragma once

#include <cstdint>
#include <utility>

#include "cuda_runtime.h"
#include "ops/cuda/cuda_device.h"

namespace trex {

// The block's dynamic shared memory. Kernels use no other kind except for a few floats of a reduction. Its start is
// aligned to 16 bytes at least: swizzles go by the offset in it, never by the address.
__device__ __forceinline__ unsigned char *shared_memory() {
#if defined(TREX_EMULATED)
  return reinterpret_cast<unsigned char *>(emulation::current().block->shared);
#else
  extern __shared__ __align__(1024) unsigned char trex_shared_memory[];
  return trex_shared_memory;
#endif
}

// kernel<<<grid, block, shared_bytes>>>(arguments...) on the device's stream. More than 48 KiB of shared memory is
// asked for as the runtime wants it. Errors are kept by the device (CudaDevice::check).
template <class... Parameters, class... Arguments>
void launch(CudaDevice &device, void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
            Arguments &&...arguments) {
#if defined(TREX_EMULATED)
  device.check(emulation::launch(grid, block, shared_bytes, device.stream,
                                 [=] { kernel(static_cast<Parameters>(arguments)...); }));
#else
  if (shared_bytes > 48 * 1024) {
    device.check(cudaFuncSetAttribute(reinterpret_cast<const void *>(kernel),
                                      cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes)));
  }
  kernel<<<grid, block, shared_bytes, device.stream>>>(static_cast<Parameters>(arguments)...);
  device.check(cudaGetLastError());
#endif
}

inline unsigned blocks_for(int64_t count, int64_t per_block) {
  return static_cast<unsigned>((count + per_block - 1) / per_block);
}

} // namespace trex
