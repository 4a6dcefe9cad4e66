// The state of the CUDA back end: one device, one stream of work, and scratch memory for what an operation needs while
// it runs. Read by kernels' launchers and by host code; holds nothing that only nvcc understands.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda_runtime.h"
#include "ops/ops.h"

namespace trex {

class CudaDevice : public Device {
public:
  // `scratch_bytes` must hold the most that any operation takes at once (cuda_scratch_bytes in plan). Throws
  // std::bad_alloc.
  explicit CudaDevice(size_t scratch_bytes);
  ~CudaDevice();
  CudaDevice(const CudaDevice &) = delete;
  CudaDevice &operator=(const CudaDevice &) = delete;

  cudaStream_t stream = nullptr;
  int multiprocessors = 1;
  int compute_capability = 80; // 10 * major + minor

  // Remembers the first error; nothing is thrown inside an operation.
  void check(cudaError_t error);
  cudaError_t first_error() const { return error_; }

  std::byte *scratch = nullptr;
  size_t scratch_bytes = 0;
  size_t scratch_used = 0, scratch_most = 0; // by the scopes that are open, and ever

private:
  cudaError_t error_ = cudaSuccess;
};

inline CudaDevice &cuda(Device &device) { return static_cast<CudaDevice &>(device); }

// Scratch memory for one operation, given back at the end of the scope. The work that uses it may still be queued then:
// the next operation's comes after it on the same stream. Asking for more than was planned is a bug and ends the
// program.
class Scratch {
public:
  explicit Scratch(CudaDevice &device) : device_(device), start_(device.scratch_used) {}
  ~Scratch() { device_.scratch_used = start_; }
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;

  template <class T> T *take(int64_t count) {
    return reinterpret_cast<T *>(take_bytes(static_cast<size_t>(count) * sizeof(T)));
  }

private:
  std::byte *take_bytes(size_t bytes); // at 256 bytes

  CudaDevice &device_;
  size_t start_;
};

} // namespace trex
