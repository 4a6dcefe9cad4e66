// RMSNorm (Zhang and Sennrich, 2019): y = x * rstd * w with rstd = 1 / sqrt(mean(x^2) + epsilon), row by row.
#include <algorithm>
#include <cmath>

#include "ops/cpu/cpu_ops.h"

namespace trex::cpu {

namespace {

// y = x * rstd * weight + residual, piece by piece because y may be the residual.
void norm_row_and_add(const Kernels &kernels, float *y, const float *x, const float *weight, float rstd,
                      const float *residual, int64_t count) {
  constexpr int64_t most = 256;
  float normed[most];
  for (int64_t begin = 0; begin < count; begin += most) {
    const int64_t size = std::min(most, count - begin);
    kernels.norm_row(normed, x + begin, weight + begin, rstd, size);
    kernels.add(normed, residual + begin, size);
    std::copy(normed, normed + size, y + begin);
  }
}

} // namespace

void rms_norm_forward(Device &any, Matrix y, float *rstd, Matrix x, const float *weight, float epsilon,
                      Matrix residual) {
  CpuDevice &device = cpu(any);
  device.pool.split(x.rows, rows_per_share(x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) {
      const float *row = x.f32() + r * x.stride;
      const double mean = device.kernels->sum_of_squares(row, x.cols) / static_cast<double>(x.cols);
      rstd[r] = static_cast<float>(1.0 / std::sqrt(mean + static_cast<double>(epsilon)));
      float *to = y.f32() + r * y.stride;
      if (residual.data == nullptr) {
        device.kernels->norm_row(to, row, weight, rstd[r], x.cols);
      } else {
        norm_row_and_add(*device.kernels, to, row, weight, rstd[r], residual.f32() + r * residual.stride, x.cols);
      }
    }
  });
}

// With g = w * dy: dx = rstd * g - x * rstd^3 / C * sum(g x), and dw = sum over rows of dy * x * rstd.
void rms_norm_backward(Device &any, Matrix dx, bool add_to_dx, float *dweight, Matrix dy, Matrix x, const float *weight,
                       const float *rstd) {
  CpuDevice &device = cpu(any);
  if (dweight != nullptr) { // first, because dx may overwrite dy
    device.pool.split(x.cols, 64, [&](int64_t begin, int64_t end, int) {
      for (int64_t r = 0; r < x.rows; ++r) {
        device.kernels->multiply_add(dweight + begin, dy.f32() + r * dy.stride + begin, x.f32() + r * x.stride + begin,
                                     rstd[r], end - begin);
      }
    });
  }
  device.pool.split(x.rows, rows_per_share(x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) {
      const float *row = x.f32() + r * x.stride;
      const float *gradient = dy.f32() + r * dy.stride;
      const float inner = device.kernels->dot3(gradient, row, weight, x.cols);
      const float slope = inner * rstd[r] * rstd[r] * rstd[r] / static_cast<float>(x.cols);
      device.kernels->norm_row_gradient(dx.f32() + r * dx.stride, add_to_dx, gradient, row, weight, rstd[r], slope,
                                        x.cols);
    }
  });
}

} // namespace trex::cpu
