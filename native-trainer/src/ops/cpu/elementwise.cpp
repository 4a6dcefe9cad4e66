// SwiGLU (Shazeer, 2020), sums, copies of rows, the embedding table and AdamW (Loshchilov and Hutter, 2019): each
// passes once over its data.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "gguf/decode.h"
#include "ops/cpu/cpu_ops.h"

namespace trex::cpu {
void swiglu_forward(Device &any, float *y, const float *gate, const float *up, int64_t count) {
  CpuDevice &device = cpu(any);
  device.pool.split(count, values_per_share, [&](int64_t begin, int64_t end, int) {
    device.kernels->swiglu(y + begin, gate + begin, up + begin, end - begin);
  });
}

void swiglu_backward(Device &any, float *dgate, float *dup, const float *dy, const float *gate, const float *up,
                     int64_t count) {
  CpuDevice &device = cpu(any);
  device.pool.split(count, values_per_share, [&](int64_t begin, int64_t end, int) {
    device.kernels->swiglu_gradient(dgate + begin, dup + begin, dy + begin, gate + begin, up + begin, end - begin);
  });
}

void add(Device &any, float *y, const float *x, int64_t count) {
  CpuDevice &device = cpu(any);
  device.pool.split(count, values_per_share,
                    [&](int64_t begin, int64_t end, int) { device.kernels->add(y + begin, x + begin, end - begin); });
}

void fill(Device &any, float *values, float value, int64_t count) {
  cpu(any).pool.split(count, values_per_share,
                      [&](int64_t begin, int64_t end, int) { std::fill(values + begin, values + end, value); });
}

void embedding_forward(Device &any, Matrix x, const int32_t *tokens, const Weight &table) {
  cpu(any).pool.split(x.rows, rows_per_share(x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      decode_row(table.type, table.data + static_cast<size_t>(tokens[t]) * table.row_bytes, x.data + t * x.stride,
                 x.cols);
    }
  });
}

// Threads own columns, so that a token that occurs twice is always added in the same order.
void embedding_backward(Device &any, float *dtable, Matrix dx, const int32_t *tokens) {
  CpuDevice &device = cpu(any);
  device.pool.split(dx.cols, 16, [&](int64_t begin, int64_t end, int) {
    for (int64_t t = 0; t < dx.rows; ++t) {
      device.kernels->add(dtable + tokens[t] * dx.cols + begin, dx.data + t * dx.stride + begin, end - begin);
    }
  });
}

void gather_rows(Device &any, Matrix y, const int32_t *rows, Matrix x) {
  cpu(any).pool.split(y.rows, rows_per_share(y.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(y.data + i * y.stride, x.data + rows[i] * x.stride, static_cast<size_t>(y.cols) * sizeof(float));
    }
  });
}

void scatter_rows(Device &any, Matrix y, const int32_t *rows, Matrix x) {
  cpu(any).pool.split(x.rows, rows_per_share(x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(y.data + rows[i] * y.stride, x.data + i * x.stride, static_cast<size_t>(x.cols) * sizeof(float));
    }
  });
}

double sum_of_squares(Device &any, const float *values, int64_t count) {
  CpuDevice &device = cpu(any);
  std::array<double, most_parts> parts{};
  const int64_t size = std::max<int64_t>(values_per_share, (count + most_parts - 1) / most_parts);
  const int64_t used = (count + size - 1) / size;
  device.pool.each(used, [&](int64_t index, int) {
    const int64_t begin = index * size;
    parts[static_cast<size_t>(index)] = device.kernels->sum_of_squares(values + begin, std::min(size, count - begin));
  });
  double sum = 0.0;
  for (int64_t i = 0; i < used; ++i) sum += parts[static_cast<size_t>(i)];
  return sum;
}

void adamw(Device &any, float *values, float *m, float *v, const float *gradient, int64_t count, const AdamW &options) {
  CpuDevice &device = cpu(any);
  const double bias1 = 1.0 - std::pow(static_cast<double>(options.beta1), static_cast<double>(options.step));
  const double bias2 = 1.0 - std::pow(static_cast<double>(options.beta2), static_cast<double>(options.step));
  const auto step_size = static_cast<float>(static_cast<double>(options.learning_rate) / bias1);
  const auto root_correction = static_cast<float>(1.0 / std::sqrt(bias2));
  const float decay = 1.0f - options.learning_rate * options.weight_decay;
  device.pool.split(count, values_per_share, [&](int64_t begin, int64_t end, int) {
    device.kernels->adamw(values + begin, m + begin, v + begin, gradient + begin, end - begin, options.grad_scale,
                          options.beta1, options.beta2, step_size, options.epsilon, root_correction, decay);
  });
}

} // namespace trex::cpu
