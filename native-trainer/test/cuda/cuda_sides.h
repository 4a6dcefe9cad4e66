// What the tests of the CUDA back end share: both back ends side by side, the same values on both, and what counts as
// equal. Host data are floats; where the GPU keeps bf16 they are first rounded to it, so that both sides start from the
// same numbers and only sums in another order and the rounding of results tell them apart.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ops/cpu/cpu_device.h"
#include "ops/cuda/cuda_device.h"
#include "ops/ops.h"

namespace trex::test {

float rounded_to_bf16(float value);
std::vector<float> random_floats(int64_t count, uint64_t seed, float size = 1.0f); // uniform in [-size, size]
std::vector<float> random_bf16(int64_t count, uint64_t seed, float size = 1.0f);   // likewise, rounded

// Memory of the CUDA side. Kept apart by red zones of not-a-numbers that the destructor checks.
class OnCuda {
public:
  OnCuda(CudaDevice &device, size_t bytes);
  ~OnCuda();
  OnCuda(const OnCuda &) = delete;
  OnCuda &operator=(const OnCuda &) = delete;
  void *data() const { return data_; }
  template <class T> T *as() const { return static_cast<T *>(data_); }
  void write(const void *host, size_t bytes, size_t offset = 0);
  void read(void *host, size_t bytes, size_t offset = 0) const;

private:
  CudaDevice &device_;
  void *memory_ = nullptr, *data_ = nullptr;
  size_t bytes_;
};

class Sides {
public:
  explicit Sides(size_t scratch_bytes = size_t{64} << 20, int64_t longest = 1024);
  CpuDevice &cpu() { return *cpu_; }
  CudaDevice &cuda() { return *cuda_; }

  // A matrix on the CUDA side. `stride` 0 means dense. Elements beyond `cols` are not-a-numbers.
  Matrix matrix(const std::vector<float> &values, int64_t columns, Element element, int64_t stride = 0);
  Matrix empty(int64_t rows, int64_t columns, Element element, int64_t stride = 0); // of not-a-numbers
  float *floats(const std::vector<float> &values);
  int32_t *integers(const std::vector<int32_t> &values);
  void *bytes(const void *host, size_t count);
  std::vector<float> read(const Matrix &m); // dense
  std::vector<float> read(const float *values, int64_t count);
  std::vector<double> read(const double *values, int64_t count);
  std::vector<int32_t> read(const int32_t *values, int64_t count);

private:
  OnCuda &take(size_t bytes);

  std::unique_ptr<CpuDevice> cpu_;
  std::unique_ptr<CudaDevice> cuda_;
  std::vector<std::unique_ptr<OnCuda>> pieces_;
};

// Runs `body` with kernels' threads in several orders (on a card: twice). `body` returns what the CUDA side gave; all
// runs must give the same bits.
void in_every_order(const std::string &label, const std::function<std::vector<float>()> &body);

// Every value of `got` is within absolute + relative * |want| of `want`, where `absolute` is in units of the root mean
// square of `want`; neither holds a not-a-number.
void check_near(const std::vector<float> &got, const std::vector<float> &want, double relative, double absolute,
                const std::string &label);

inline constexpr double bf16_step = 1.0 / 256; // twice the largest rounding error of a bf16, relative

} // namespace trex::test
