// Buffers of a measurement, of values that a training step could hold.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/cuda/cuda_device.h"
#include "ops/ops.h"

namespace trex::bench {

class BenchMemory {
public:
  explicit BenchMemory(CudaDevice &device) : device_(device) {}
  ~BenchMemory();
  BenchMemory(const BenchMemory &) = delete;
  BenchMemory &operator=(const BenchMemory &) = delete;

  Matrix bf16_matrix(int64_t rows, int64_t columns); // of values in [-0.5, 0.5)
  Matrix f32_matrix(int64_t rows, int64_t columns);
  float *floats(int64_t count, float size = 0.5f);
  void *zeros(size_t bytes);
  Weight weight(ggml_type type, int64_t in, int64_t out);
  template <class T> T *copy_of(const std::vector<T> &host) {
    return static_cast<T *>(filled(host.data(), host.size() * sizeof(T), host.size() * sizeof(T)));
  }

private:
  // `bytes` of memory in which the `pattern_bytes` at `pattern` repeat.
  void *filled(const void *pattern, size_t pattern_bytes, size_t bytes);

  CudaDevice &device_;
  std::vector<void *> pieces_;
};

} // namespace trex::bench
