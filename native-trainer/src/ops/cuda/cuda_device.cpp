#include "ops/cuda/cuda_device.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace trex {

CudaDevice::CudaDevice(size_t bytes) : scratch_bytes(bytes) {
  void *memory = nullptr;
  if (cudaMalloc(&memory, bytes) != cudaSuccess) throw std::bad_alloc();
  scratch = static_cast<std::byte *>(memory);
  check(cudaStreamCreate(&stream));
}

CudaDevice::~CudaDevice() {
  cudaStreamSynchronize(stream);
  cudaStreamDestroy(stream);
  cudaFree(scratch);
}

void CudaDevice::check(cudaError_t error) {
  if (error_ == cudaSuccess) error_ = error;
}

std::byte *Scratch::take_bytes(size_t bytes) {
  std::byte *piece = device_.scratch + device_.scratch_used;
  device_.scratch_used += (bytes + 255) / 256 * 256;
  device_.scratch_most = std::max(device_.scratch_most, device_.scratch_used);
  if (device_.scratch_used > device_.scratch_bytes) {
    std::fprintf(stderr, "an operation took %zu bytes of scratch memory, %zu were planned\n", device_.scratch_used,
                 device_.scratch_bytes);
    std::abort();
  }
  return piece;
}

} // namespace trex
