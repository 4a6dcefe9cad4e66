// What a gated delta net (Yang et al., "Gated delta networks", 2024; Qwen3-Next, Qwen3.5) has between its projections,
// forward and backward, in the arithmetic of llama.cpp's ggml_ssm_conv, ggml_l2_norm and ggml_gated_delta_net. T tokens,
// W = 2 Hk D + Hv D columns of q, k and v, Hk key heads, Hv value heads, D head width.
//
// Nothing crosses the border of a document, and no sum depends on the number of threads: each is taken by one of them.
#include <algorithm>
#include <cmath>

#include "ops/cpu/cpu_ops.h"

namespace trex::cpu {
namespace {

constexpr int64_t channels = 64; // of the convolution, worked on at once

constexpr struct Ones {
  float values[channels];
  constexpr Ones() : values() {
    for (float &value : values) value = 1.0f;
  }
} ones;

// Channels [first, first + count) of a convolution.
struct Channels {
  const Kernels &kernels;
  const PackedBatch &batch;
  Matrix x;
  const float *taps;
  int64_t width, first, count;

  // taps[c * width + i] of these channels for one i
  void tap(float *to, int64_t i) const {
    for (int64_t c = 0; c < count; ++c) to[c] = taps[(first + c) * width + i];
  }

  // sum[token] = the convolution before its activation
  void sum(float *to, int64_t token) const {
    std::fill(to, to + count, 0.0f);
    float one[channels];
    const int64_t earliest = std::max<int64_t>(0, width - 1 - batch.positions[token]);
    for (int64_t i = earliest; i < width; ++i) {
      tap(one, i);
      kernels.multiply_add(to, one, x.f32() + (token - width + 1 + i) * x.stride + first, 1.0f, count);
    }
  }
};

template <class Use> void each_block(CpuDevice &device, int64_t columns, const Use &use) {
  const int64_t blocks = (columns + channels - 1) / channels;
  device.pool.each(blocks, [&](int64_t block, int) {
    use(block * channels, std::min(channels, columns - block * channels));
  });
}

float inverse_length(const Kernels &kernels, const float *head, int64_t head_dim, float epsilon) {
  const double length = std::sqrt(kernels.sum_of_squares(head, head_dim));
  return static_cast<float>(1.0 / std::max(length, static_cast<double>(epsilon)));
}

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double softplus(double x) { return x > 20.0 ? x : std::log1p(std::exp(x)); } // the same threshold as ggml

} // namespace

void causal_conv_forward(Device &any, Matrix y, Matrix x, const float *taps, int64_t width, const PackedBatch &batch) {
  CpuDevice &device = cpu(any);
  each_block(device, x.cols, [&](int64_t first, int64_t count) {
    const Channels block{*device.kernels, batch, x, taps, width, first, count};
    float sum[channels];
    for (int64_t t = 0; t < x.rows; ++t) {
      block.sum(sum, t);
      device.kernels->swiglu(y.f32() + t * y.stride + first, sum, ones.values, count);
    }
  });
}

// With s the sums and g = dy silu'(s): dx[t] = sum over i of taps[i] g[t + width - 1 - i] and dtaps[i] = sum over t of
// g[t] x[t - width + 1 + i]. g overwrites dy, then dx overwrites g: what is read lies at t or after it.
void causal_conv_backward(Device &any, Matrix dy, float *dtaps, Matrix x, const float *taps, int64_t width,
                          const PackedBatch &batch) {
  CpuDevice &device = cpu(any);
  const Kernels &kernels = *device.kernels;
  each_block(device, x.cols, [&](int64_t first, int64_t count) {
    const Channels block{kernels, batch, x, taps, width, first, count};
    float sum[channels], unused[channels], one[channels];
    for (int64_t t = 0; t < x.rows; ++t) {
      float *g = dy.f32() + t * dy.stride + first;
      block.sum(sum, t);
      kernels.swiglu_gradient(g, unused, g, sum, ones.values, count);
    }
    for (int64_t i = 0; dtaps != nullptr && i < width; ++i) {
      std::fill(sum, sum + count, 0.0f);
      const int64_t back = width - 1 - i;
      for (int64_t t = 0; t < x.rows; ++t) {
        if (batch.positions[t] < back) continue;
        kernels.multiply_add(sum, dy.f32() + t * dy.stride + first, x.f32() + (t - back) * x.stride + first, 1.0f, count);
      }
      for (int64_t c = 0; c < count; ++c) dtaps[(first + c) * width + i] += sum[c];
    }
    for (int64_t document = 0; document < batch.documents; ++document) {
      const int64_t end = batch.offsets[document + 1];
      for (int64_t t = batch.offsets[document]; t < end; ++t) {
        std::fill(sum, sum + count, 0.0f);
        for (int64_t i = width - 1; i >= 0 && t + width - 1 - i < end; --i) {
          block.tap(one, i);
          kernels.multiply_add(sum, one, dy.f32() + (t + width - 1 - i) * dy.stride + first, 1.0f, count);
        }
        std::copy(sum, sum + count, dy.f32() + t * dy.stride + first);
      }
    }
  });
}

void unit_heads_forward(Device &any, Matrix x, float *inverse, int64_t head_dim, float epsilon) {
  CpuDevice &device = cpu(any);
  const int64_t heads = x.cols / head_dim;
  device.pool.split(x.rows, rows_per_share(x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      for (int64_t h = 0; h < heads; ++h) {
        float *head = x.f32() + t * x.stride + h * head_dim;
        inverse[t * heads + h] = inverse_length(*device.kernels, head, head_dim, epsilon);
        device.kernels->scale(head, inverse[t * heads + h], head_dim);
      }
    }
  });
}

// y = x r with r = 1 / |x|: dx = r (dy - y (y . dy)); where epsilon took the length's place, dx = r dy.
void unit_heads_backward(Device &any, Matrix dy, Matrix y, const float *inverse, int64_t head_dim, float epsilon) {
  CpuDevice &device = cpu(any);
  const int64_t heads = y.cols / head_dim;
  const float largest = static_cast<float>(1.0 / static_cast<double>(epsilon));
  device.pool.split(y.rows, rows_per_share(y.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      for (int64_t h = 0; h < heads; ++h) {
        float *change = dy.f32() + t * dy.stride + h * head_dim;
        const float *unit = y.f32() + t * y.stride + h * head_dim;
        const float r = inverse[t * heads + h];
        if (r < largest) {
          device.kernels->add_scaled(change, unit, -device.kernels->dot(change, unit, head_dim), head_dim);
        }
        device.kernels->scale(change, r, head_dim);
      }
    }
  });
}

void delta_gates_forward(Device &any, Matrix beta, Matrix log_decay, Matrix alpha, const float *rate,
                         const float *bias) {
  cpu(any).pool.split(beta.rows, rows_per_share(8 * beta.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      for (int64_t h = 0; h < beta.cols; ++h) {
        float &share = beta.f32()[t * beta.stride + h];
        share = static_cast<float>(sigmoid(static_cast<double>(share)));
        const auto step = static_cast<double>(alpha.f32()[t * alpha.stride + h] + bias[h]);
        log_decay.f32()[t * log_decay.stride + h] = rate[h] * static_cast<float>(softplus(step));
      }
    }
  });
}

void delta_gates_backward(Device &any, Matrix dbeta, Matrix dlog_decay, float *drate, float *dbias, Matrix beta,
                          Matrix alpha, const float *rate, const float *bias) {
  cpu(any).pool.split(beta.cols, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t h = begin; h < end; ++h) {
      double rates = 0.0, biases = 0.0;
      for (int64_t t = 0; t < beta.rows; ++t) {
        const float share = beta.f32()[t * beta.stride + h];
        dbeta.f32()[t * dbeta.stride + h] *= share * (1.0f - share);
        float &change = dlog_decay.f32()[t * dlog_decay.stride + h];
        const auto step = static_cast<double>(alpha.f32()[t * alpha.stride + h] + bias[h]);
        rates += static_cast<double>(change) * softplus(step);
        change = static_cast<float>(static_cast<double>(change * rate[h]) * sigmoid(step));
        biases += static_cast<double>(change);
      }
      if (drate != nullptr) drate[h] += static_cast<float>(rates);
      if (dbias != nullptr) dbias[h] += static_cast<float>(biases);
    }
  });
}

namespace {

// One value head over one document.
struct Head {
  const DeltaShape &shape;
  Matrix qkv, beta, log_decay;
  int64_t begin, end, value_head;

  int64_t key_column() const { return value_head % shape.key_heads * shape.head_dim; }
  int64_t value_column() const { return 2 * shape.key_width() + value_head * shape.head_dim; }
  const float *q(int64_t t) const { return qkv.f32() + t * qkv.stride + key_column(); }
  const float *k(int64_t t) const { return q(t) + shape.key_width(); }
  const float *v(int64_t t) const { return qkv.f32() + t * qkv.stride + value_column(); }
  float share(int64_t t) const { return beta.f32()[t * beta.stride + value_head]; }
  float decay(int64_t t) const { return std::exp(log_decay.f32()[t * log_decay.stride + value_head]); }
};

float scale_of(const DeltaShape &shape) { return 1.0f / std::sqrt(static_cast<float>(shape.head_dim)); }

// Half of the widest state: what the scratch for attention scores has room for even when documents are short.
constexpr int64_t rows_at_once = most_delta_dim / 2;
static_assert(2 * attention_rows * attention_rows >= rows_at_once * most_delta_dim);
// A row's states over a whole document, one more of zeros before them, and its gradient.
static_assert(2 * attention_rows >= most_delta_dim && attention_rows >= 2);

} // namespace

void delta_rule_forward(Device &any, Matrix out, Matrix qkv, Matrix beta, Matrix log_decay, const PackedBatch &batch,
                        const DeltaShape &shape) {
  CpuDevice &device = cpu(any);
  const int64_t head_dim = shape.head_dim;
  const float scale = scale_of(shape);
  device.pool.each(batch.documents * shape.value_heads, [&](int64_t task, int thread) {
    const int64_t document = task / shape.value_heads;
    const Head head{shape, qkv, beta, log_decay, batch.offsets[document], batch.offsets[document + 1],
                    task % shape.value_heads};
    float *state = device.scores(thread);
    for (int64_t first = 0; first < head_dim; first += rows_at_once) {
      const int64_t rows = std::min(rows_at_once, head_dim - first);
      std::fill(state, state + rows * head_dim, 0.0f);
      for (int64_t t = head.begin; t < head.end; ++t) {
        const float decay = head.decay(t), share = head.share(t);
        float *to = out.f32() + t * out.stride + head.value_head * head_dim + first;
        for (int64_t row = 0; row < rows; ++row) {
          float *at = state + row * head_dim;
          to[row] = scale * device.kernels->delta_step(at, at, head.k(t), head.q(t), decay, share,
                                                       head.v(t)[first + row], head_dim);
        }
      }
    }
  });
}

// A row of the state meets the other rows in the gradients of q and k alone, so one row after another is taken through
// the whole document, forwards to have its states and then back. A thread owns a key head, whose gradient its value
// heads add up in their order.
void delta_rule_backward(Device &any, Matrix dqkv, Matrix dbeta, Matrix dlog_decay, Matrix dout, Matrix qkv,
                         Matrix beta, Matrix log_decay, const PackedBatch &batch, const DeltaShape &shape) {
  CpuDevice &device = cpu(any);
  const Kernels &kernels = *device.kernels;
  const int64_t head_dim = shape.head_dim;
  const float scale = scale_of(shape);
  const auto one_row = [&](const Head &head, int64_t row, float *states) {
    std::fill(states, states + head_dim, 0.0f);
    const auto state = [&](int64_t t) { return states + (t - head.begin + 1) * head_dim; }; // after token t
    for (int64_t t = head.begin; t < head.end; ++t) {
      kernels.delta_step(state(t), state(t - 1), head.k(t), head.q(t), head.decay(t), head.share(t), head.v(t)[row],
                         head_dim);
    }
    float *drow = state(head.end);
    std::fill(drow, drow + head_dim, 0.0f);
    for (int64_t t = head.end; t-- > head.begin;) {
      float *dq = dqkv.f32() + t * dqkv.stride + head.key_column(), *dk = dq + shape.key_width();
      const float change = scale * dout.f32()[t * dout.stride + head.value_head * head_dim + row];
      const DeltaStepGradient d =
          kernels.delta_step_gradient(drow, dk, dq, state(t), state(t - 1), head.k(t), head.q(t), head.decay(t),
                                      head.share(t), head.v(t)[row], change, head_dim);
      dqkv.f32()[t * dqkv.stride + head.value_column() + row] = d.v;
      dbeta.f32()[t * dbeta.stride + head.value_head] += d.beta;
      dlog_decay.f32()[t * dlog_decay.stride + head.value_head] += d.log_decay;
    }
  };
  device.pool.each(batch.documents * shape.key_heads, [&](int64_t task, int thread) {
    const int64_t document = task / shape.key_heads, key_head = task % shape.key_heads;
    const int64_t begin = batch.offsets[document], end = batch.offsets[document + 1];
    for (int64_t t = begin; t < end; ++t) {
      float *dq = dqkv.f32() + t * dqkv.stride + key_head * head_dim, *dk = dq + shape.key_width();
      std::fill(dq, dq + head_dim, 0.0f);
      std::fill(dk, dk + head_dim, 0.0f);
    }
    for (int64_t value_head = key_head; value_head < shape.value_heads; value_head += shape.key_heads) {
      const Head head{shape, qkv, beta, log_decay, begin, end, value_head};
      for (int64_t t = begin; t < end; ++t) {
        dbeta.f32()[t * dbeta.stride + value_head] = 0.0f;
        dlog_decay.f32()[t * dlog_decay.stride + value_head] = 0.0f;
      }
      for (int64_t row = 0; row < head_dim; ++row) one_row(head, row, device.scores(thread));
    }
  });
}

} // namespace trex::cpu
