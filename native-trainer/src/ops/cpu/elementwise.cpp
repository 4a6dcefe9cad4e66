// Gated linear units (Shazeer, 2020), sums, noise, copies of rows, the embedding table and AdamW (Loshchilov and
// Hutter, 2019): each passes once over its data.
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>

#include "gguf/decode.h"
#include "ops/cpu/cpu_ops.h"
#include "ops/random.h"

namespace trex::cpu {
namespace {

bool is_dense(const Matrix &m) { return m.stride == m.cols || m.rows <= 1; }
Matrix one_row(const Matrix &m) { return {m.data, 1, m.rows * m.cols, m.rows * m.cols, m.element}; }

// Calls work(row, begin, end) for pieces of rows, the columns of a single one shared among the threads.
template <class Work> void split_rows(CpuDevice &device, const Matrix &m, const Work &work) {
  if (m.rows == 1) {
    device.pool.split(m.cols, values_per_share, [&](int64_t begin, int64_t end, int) { work(0, begin, end); });
    return;
  }
  device.pool.split(m.rows, rows_per_share(m.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) work(row, 0, m.cols);
  });
}

} // namespace

void glu_forward(Device &any, Matrix y, Matrix gate, Matrix up, Activation activation) {
  CpuDevice &device = cpu(any);
  const Kernels &kernels = *device.kernels;
  const auto row = activation == Activation::silu   ? kernels.swiglu
                   : activation == Activation::gelu ? kernels.geglu
                                                    : kernels.sigmoid_gate;
  device.pool.split(y.rows, rows_per_share(y.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      row(y.f32() + t * y.stride, gate.f32() + t * gate.stride, up.f32() + t * up.stride, y.cols);
    }
  });
}

void glu_backward(Device &any, Matrix dgate, Matrix dup, Matrix dy, Matrix gate, Matrix up, Activation activation) {
  CpuDevice &device = cpu(any);
  const Kernels &kernels = *device.kernels;
  const auto row = activation == Activation::silu   ? kernels.swiglu_gradient
                   : activation == Activation::gelu ? kernels.geglu_gradient
                                                    : kernels.sigmoid_gate_gradient;
  device.pool.split(dy.rows, rows_per_share(dy.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      row(dgate.f32() + t * dgate.stride, dup.f32() + t * dup.stride, dy.f32() + t * dy.stride,
          gate.f32() + t * gate.stride, up.f32() + t * up.stride, dy.cols);
    }
  });
}

void add(Device &any, Matrix y, Matrix x) {
  assert(y.element == Element::f32 && x.element == Element::f32);
  CpuDevice &device = cpu(any);
  if (is_dense(y) && is_dense(x)) y = one_row(y), x = one_row(x);
  split_rows(device, y, [&](int64_t row, int64_t begin, int64_t end) {
    device.kernels->add(y.f32() + row * y.stride + begin, x.f32() + row * x.stride + begin, end - begin);
  });
}

void fill(Device &any, Matrix x, float value) {
  assert(x.element == Element::f32);
  if (is_dense(x)) x = one_row(x);
  split_rows(cpu(any), x, [&](int64_t row, int64_t begin, int64_t end) {
    std::fill(x.f32() + row * x.stride + begin, x.f32() + row * x.stride + end, value);
  });
}

void scale_rows(Device &any, Matrix x, const float *factors) {
  CpuDevice &device = cpu(any);
  device.pool.split(x.rows, rows_per_share(x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) device.kernels->scale(x.f32() + r * x.stride, factors[r], x.cols);
  });
}

void add_noise(Device &any, Matrix x, const float *amplitudes, const NoiseKey &key) {
  cpu(any).pool.split(x.rows, rows_per_share(4 * x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      const auto row = static_cast<uint64_t>(key.first_token + t) * static_cast<uint64_t>(x.cols);
      float *to = x.f32() + t * x.stride;
      for (int64_t c = 0; c < x.cols; ++c) {
        const double unit = random_unit(key.seed, key.stream, row + static_cast<uint64_t>(c));
        to[c] += amplitudes[t] * static_cast<float>(2.0 * unit - 1.0);
      }
    }
  });
}

void embedding_forward(Device &any, Matrix x, const int32_t *tokens, const Weight &table, float scale) {
  CpuDevice &device = cpu(any);
  device.pool.split(x.rows, rows_per_share(x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      float *row = x.f32() + t * x.stride;
      decode_row(table.type, table.data + static_cast<size_t>(tokens[t]) * table.row_bytes, row, x.cols);
      if (scale != 1.0f) device.kernels->scale(row, scale, x.cols);
    }
  });
}

// Threads own columns, so that a token that occurs twice is always added in the same order.
void embedding_backward(Device &any, float *dtable, Matrix dx, const int32_t *tokens, float scale) {
  cpu(any).pool.split(dx.cols, 16, [&](int64_t begin, int64_t end, int) {
    for (int64_t t = 0; t < dx.rows; ++t) {
      float *to = dtable + tokens[t] * dx.cols;
      const float *from = dx.f32() + t * dx.stride;
      for (int64_t c = begin; c < end; ++c) to[c] += scale * from[c];
    }
  });
}

void gather_rows(Device &any, Matrix y, const int32_t *rows, Matrix x) {
  cpu(any).pool.split(y.rows, rows_per_share(y.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(y.f32() + i * y.stride, x.f32() + rows[i] * x.stride, static_cast<size_t>(y.cols) * sizeof(float));
    }
  });
}

void scatter_rows(Device &any, Matrix y, const int32_t *rows, Matrix x) {
  cpu(any).pool.split(x.rows, rows_per_share(x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(y.f32() + rows[i] * y.stride, x.f32() + i * x.stride, static_cast<size_t>(x.cols) * sizeof(float));
    }
  });
}

void add_up(Device &, double *sum, const double *values, int64_t count) {
  double part = 0.0;
  for (int64_t i = 0; i < count; ++i) part += values[i];
  *sum += part;
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

AdamWFactors adamw_factors(const AdamW &options) {
  const double bias1 = 1.0 - std::pow(static_cast<double>(options.beta1), static_cast<double>(options.step));
  const double bias2 = 1.0 - std::pow(static_cast<double>(options.beta2), static_cast<double>(options.step));
  return {static_cast<float>(static_cast<double>(options.learning_rate) / bias1),
          static_cast<float>(1.0 / std::sqrt(bias2)), 1.0f - options.learning_rate * options.weight_decay};
}

void adamw(Device &any, float *values, float *m, float *v, const float *gradient, int64_t count, const AdamW &options) {
  CpuDevice &device = cpu(any);
  const AdamWFactors factors = adamw_factors(options);
  device.pool.split(count, values_per_share, [&](int64_t begin, int64_t end, int) {
    device.kernels->adamw(values + begin, m + begin, v + begin, gradient + begin, end - begin, options.grad_scale,
                          options.beta1, options.beta2, factors.step_size, options.epsilon, factors.root_correction,
                          factors.decay);
  });
}

void average(Device &any, float *mean, const float *x, float share, int64_t count) {
  cpu(any).pool.split(count, values_per_share, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) mean[i] += share * (x[i] - mean[i]);
  });
}

} // namespace trex::cpu
