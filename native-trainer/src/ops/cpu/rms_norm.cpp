// RMSNorm (Zhang and Sennrich, 2019): y = x * rstd * w with rstd = 1 / sqrt(mean(x^2) + epsilon), row by row.
#include <cmath>

#include "ops/cpu/cpu_ops.h"

namespace trex::cpu {

void rms_norm_forward(Device &any, Matrix y, float *rstd, Matrix x, const float *weight, float epsilon) {
  CpuDevice &device = cpu(any);
  device.pool.split(x.rows, rows_per_share(x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) {
      const float *row = x.data + r * x.stride;
      const double mean = device.kernels->sum_of_squares(row, x.cols) / static_cast<double>(x.cols);
      rstd[r] = static_cast<float>(1.0 / std::sqrt(mean + static_cast<double>(epsilon)));
      device.kernels->norm_row(y.data + r * y.stride, row, weight, rstd[r], x.cols);
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
        device.kernels->multiply_add(dweight + begin, dy.data + r * dy.stride + begin, x.data + r * x.stride + begin,
                                     rstd[r], end - begin);
      }
    });
  }
  device.pool.split(x.rows, rows_per_share(x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) {
      const float *row = x.data + r * x.stride;
      const float *gradient = dy.data + r * dy.stride;
      const float inner = device.kernels->dot3(gradient, row, weight, x.cols);
      const float slope = inner * rstd[r] * rstd[r] * rstd[r] / static_cast<float>(x.cols);
      device.kernels->norm_row_gradient(dx.data + r * dx.stride, add_to_dx, gradient, row, weight, rstd[r], slope,
                                        x.cols);
    }
  });
}

} // namespace trex::cpu
