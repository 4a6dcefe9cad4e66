// The element-wise inner loops, written once as plain loops that every compiler turns into vector code, and compiled
// once per instruction set by kernels_*.cpp. All names are in an unnamed namespace so that no copy leaks into another
// file.
//
// Sums run over 16 fixed lanes, so every instruction set adds in the same order and gives the same result.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "ops/cpu/kernels.h"

namespace {

constexpr int64_t lanes = 16;

inline float sum_lanes(const float *lane) {
  double sum = 0.0;
  for (int64_t i = 0; i < lanes; ++i) sum += static_cast<double>(lane[i]);
  return static_cast<float>(sum);
}

// x held to [-88, 88]; not-a-number stays what it is. In integers, because compilers turn a comparison of floats with a
// constant into a branch, and a loop with a branch stays scalar on everything below AVX-512.
inline float within_88(float x) {
  constexpr int32_t bits_of_88 = 0x42b00000, bits_of_infinity = 0x7f800000;
  int32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const int32_t size = bits & 0x7fffffff;
  const int32_t held = size < bits_of_88 ? size : bits_of_88;
  bits = (size > bits_of_infinity ? size : held) | (bits & ~0x7fffffff);
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// exp(x) to about 1 unit in the last place for x in [-87, 88]; 0 below -88, exp(88) above 88. Cody and Waite's reduction
// to |r| <= ln 2 / 2, then the Taylor polynomial of degree 7, whose remainder is below 6e-9 relative.
inline float exp_fast(float x) {
  x = within_88(x);
  const float shifted = x * 1.44269504088896341f + 12582912.0f; // adding 1.5 * 2^23 rounds to the nearest integer
  int32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  const float n = shifted - 12582912.0f;
  float r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * (r * r) + r + 1.0f;
  const int32_t exponent = (bits + 127) << 23; // the integer sits in the low bits of the shifted float
  float power;
  std::memcpy(&power, &exponent, sizeof power);
  return p * power;
}

float maximum(const float *x, int64_t n) {
  float lane[lanes];
  for (int64_t i = 0; i < lanes; ++i) lane[i] = x[0];
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int64_t j = 0; j < lanes; ++j) lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
  float best = lane[0];
  for (int64_t j = 1; j < lanes; ++j) best = lane[j] > best ? lane[j] : best;
  for (; i < n; ++i) best = x[i] > best ? x[i] : best;
  return best;
}

double exp_minus(float *y, const float *x, float shift, int64_t n) {
  double lane[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    float e[lanes]; // y may be x: nothing is written before all of it is read
    for (int64_t j = 0; j < lanes; ++j) e[j] = exp_fast(x[i + j] - shift);
    for (int64_t j = 0; j < lanes; ++j) y[i + j] = e[j];
    for (int64_t j = 0; j < lanes; ++j) lane[j] += static_cast<double>(e[j]);
  }
  double sum = 0.0;
  for (int64_t j = 0; j < lanes; ++j) sum += lane[j];
  for (; i < n; ++i) {
    y[i] = exp_fast(x[i] - shift);
    sum += static_cast<double>(y[i]);
  }
  return sum;
}

double sum_exp_minus(const float *x, float shift, int64_t n) {
  double lane[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int64_t j = 0; j < lanes; ++j) lane[j] += static_cast<double>(exp_fast(x[i + j] - shift));
  double sum = 0.0;
  for (int64_t j = 0; j < lanes; ++j) sum += lane[j];
  for (; i < n; ++i) sum += static_cast<double>(exp_fast(x[i] - shift));
  return sum;
}

float dot(const float *x, const float *y, int64_t n) {
  float lane[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int64_t j = 0; j < lanes; ++j) lane[j] += x[i + j] * y[i + j];
  for (int64_t j = 0; i < n; ++i, ++j) lane[j] += x[i] * y[i];
  return sum_lanes(lane);
}

float dot3(const float *x, const float *y, const float *z, int64_t n) {
  float lane[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int64_t j = 0; j < lanes; ++j) lane[j] += x[i + j] * y[i + j] * z[i + j];
  for (int64_t j = 0; i < n; ++i, ++j) lane[j] += x[i] * y[i] * z[i];
  return sum_lanes(lane);
}

double sum_of_squares(const float *x, int64_t n) {
  double lane[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int64_t j = 0; j < lanes; ++j) lane[j] += static_cast<double>(x[i + j]) * static_cast<double>(x[i + j]);
  double sum = 0.0;
  for (int64_t j = 0; j < lanes; ++j) sum += lane[j];
  for (; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}

inline void copy_columns(float *to, int64_t to_stride, const float *from, int64_t from_stride, int64_t columns,
                         int64_t depth, float factor) {
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t i = 0; i < columns; ++i) to[k * to_stride + i] = factor * from[k * from_stride + i];
}

void scale(float *x, float factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] *= factor;
}

void add(float *y, const float *x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

void add_scaled(float *y, const float *x, float factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

void norm_row(float *y, const float *x, const float *weight, float rstd, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] * rstd * weight[i];
}

void norm_row_gradient(float *dx, bool accumulate, const float *dy, const float *x, const float *weight, float rstd,
                       float slope, int64_t n) {
  if (accumulate) {
    for (int64_t i = 0; i < n; ++i) dx[i] += rstd * weight[i] * dy[i] - x[i] * slope;
  } else {
    for (int64_t i = 0; i < n; ++i) dx[i] = rstd * weight[i] * dy[i] - x[i] * slope;
  }
}

void multiply_add(float *sum, const float *x, const float *y, float factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) sum[i] += x[i] * y[i] * factor;
}

void rotate_halves(float *x, const float *cosine, const float *sine, float direction, int64_t half) {
  float *low = x, *high = x + half;
  for (int64_t i = 0; i < half; ++i) {
    const float c = cosine[i], s = sine[i] * direction, a = low[i], b = high[i];
    low[i] = a * c - b * s;
    high[i] = a * s + b * c;
  }
}

void rotate_pairs(float *x, const float *cosine, const float *sine, float direction, int64_t half) {
  for (int64_t i = 0; i < half; ++i) {
    const float c = cosine[i], s = sine[i] * direction, a = x[2 * i], b = x[2 * i + 1];
    x[2 * i] = a * c - b * s;
    x[2 * i + 1] = a * s + b * c;
  }
}

void softmax_gradient(float *dp, const float *p, float delta, float factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dp[i] = p[i] * (dp[i] - delta) * factor;
}

// tanh to about one unit in the last place: the polynomial of the Cephes library (S. L. Moshier) near zero, where
// 1 - 2 / (e + 1) would cancel, that quotient elsewhere.
inline float tanh_fast(float x) {
  const float size = x < 0.0f ? -x : x, square = x * x;
  const float near =
      ((((-5.70498872745e-3f * square + 2.06390887954e-2f) * square - 5.37397155531e-2f) * square + 1.33314422036e-1f) *
           square -
       3.33332819422e-1f) *
          square * x +
      x;
  const float far = 1.0f - 2.0f / (exp_fast(2.0f * size) + 1.0f);
  return size < 0.625f ? near : (x < 0.0f ? -far : far);
}

void softcap(float *x, float cap, int64_t n) {
  const float inverse = 1.0f / cap;
  for (int64_t i = 0; i < n; ++i) x[i] = cap * tanh_fast(x[i] * inverse);
}

void capped_softmax_gradient(float *dp, float *s, float lse, float delta, float factor, float cap, int64_t n) {
  const float inverse = 1.0f / cap;
  for (int64_t i = 0; i < n; ++i) {
    const float share = s[i] * inverse;
    s[i] = exp_fast(s[i] - lse);
    dp[i] = s[i] * (dp[i] - delta) * factor * (1.0f - share * share);
  }
}

void capped_exp(float *x, float shift, float factor, float cap, int64_t n) {
  const float inverse = 1.0f / cap;
  for (int64_t i = 0; i < n; ++i) {
    const float share = x[i] * inverse;
    x[i] = factor * exp_fast(x[i] - shift) * (1.0f - share * share);
  }
}

// Both activations are g * sigmoid(z): z = g for silu; for gelu in its tanh form (Hendrycks and Gimpel, 2016)
// z = 2 sqrt(2 / pi) (g + 0.044715 g^3), because 1 + tanh(u) = 2 sigmoid(2 u).
constexpr float gelu_linear = 1.5957691216057308f, gelu_cubic = 0.044715f;

struct Silu {
  static float inner(float g) { return g; }
  static float slope(float) { return 1.0f; }
};
struct Gelu {
  static float inner(float g) { return gelu_linear * (g + gelu_cubic * g * g * g); }
  static float slope(float g) { return gelu_linear * (1.0f + 3.0f * gelu_cubic * g * g); }
};

template <class Form> inline void glu_row(float *y, const float *gate, const float *up, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = gate[i] / (1.0f + exp_fast(-Form::inner(gate[i]))) * up[i];
}

// One block, read whole before any of it is written, because dgate and dup may be gate and up.
template <class Form, int64_t Count>
inline void glu_block_gradient(float *dgate, float *dup, const float *dy, const float *gate, const float *up) {
  float g[Count], u[Count];
  for (int64_t j = 0; j < Count; ++j) {
    const float sigmoid = 1.0f / (1.0f + exp_fast(-Form::inner(gate[j])));
    const float value = gate[j] * sigmoid;
    g[j] = dy[j] * up[j] * (sigmoid + value * (1.0f - sigmoid) * Form::slope(gate[j])); // (g s)' = s + g s (1 - s) z'
    u[j] = dy[j] * value;
  }
  for (int64_t j = 0; j < Count; ++j) dgate[j] = g[j];
  for (int64_t j = 0; j < Count; ++j) dup[j] = u[j];
}

template <class Form>
inline void glu_row_gradient(float *dgate, float *dup, const float *dy, const float *gate, const float *up, int64_t n) {
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) glu_block_gradient<Form, lanes>(dgate + i, dup + i, dy + i, gate + i, up + i);
  for (; i < n; ++i) glu_block_gradient<Form, 1>(dgate + i, dup + i, dy + i, gate + i, up + i);
}

void swiglu(float *y, const float *gate, const float *up, int64_t n) { glu_row<Silu>(y, gate, up, n); }
void geglu(float *y, const float *gate, const float *up, int64_t n) { glu_row<Gelu>(y, gate, up, n); }
void swiglu_gradient(float *dgate, float *dup, const float *dy, const float *gate, const float *up, int64_t n) {
  glu_row_gradient<Silu>(dgate, dup, dy, gate, up, n);
}
void geglu_gradient(float *dgate, float *dup, const float *dy, const float *gate, const float *up, int64_t n) {
  glu_row_gradient<Gelu>(dgate, dup, dy, gate, up, n);
}

void sigmoid_gate(float *y, const float *gate, const float *x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] / (1.0f + exp_fast(-gate[i]));
}

// Read whole before any of it is written, as above.
template <int64_t Count>
inline void sigmoid_gate_block(float *dgate, float *dx, const float *dy, const float *gate, const float *x) {
  float g[Count], u[Count];
  for (int64_t j = 0; j < Count; ++j) {
    const float share = 1.0f / (1.0f + exp_fast(-gate[j]));
    u[j] = dy[j] * share;
    g[j] = u[j] * x[j] * (1.0f - share);
  }
  for (int64_t j = 0; j < Count; ++j) dgate[j] = g[j];
  for (int64_t j = 0; j < Count; ++j) dx[j] = u[j];
}

void sigmoid_gate_gradient(float *dgate, float *dx, const float *dy, const float *gate, const float *x, int64_t n) {
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) sigmoid_gate_block<lanes>(dgate + i, dx + i, dy + i, gate + i, x + i);
  for (; i < n; ++i) sigmoid_gate_block<1>(dgate + i, dx + i, dy + i, gate + i, x + i);
}

// Lanes added in pairs: these sums are short and many.
inline float sum_pairs(float *lane) {
  for (int64_t half = lanes / 2; half > 0; half /= 2)
    for (int64_t j = 0; j < half; ++j) lane[j] += lane[j + half];
  return lane[0];
}

template <int64_t Count>
inline void decay_block(float *next, const float *row, const float *k, float decay, float *known) {
  float m[Count];
  for (int64_t j = 0; j < Count; ++j) m[j] = decay * row[j];
  for (int64_t j = 0; j < Count; ++j) known[j] += m[j] * k[j];
  for (int64_t j = 0; j < Count; ++j) next[j] = m[j];
}

template <int64_t Count>
inline void change_block(float *next, const float *k, const float *q, float change, float *out) {
  float m[Count];
  for (int64_t j = 0; j < Count; ++j) m[j] = next[j] + change * k[j];
  for (int64_t j = 0; j < Count; ++j) out[j] += m[j] * q[j];
  for (int64_t j = 0; j < Count; ++j) next[j] = m[j];
}

float delta_step(float *next, const float *row, const float *k, const float *q, float decay, float beta, float v,
                 int64_t n) {
  float known[lanes] = {}, out[lanes] = {};
  const int64_t whole = n / lanes * lanes;
  int64_t i = 0;
  for (; i < whole; i += lanes) decay_block<lanes>(next + i, row + i, k + i, decay, known);
  for (; i < n; ++i) decay_block<1>(next + i, row + i, k + i, decay, known + i - whole);
  const float change = beta * (v - sum_pairs(known));
  for (i = 0; i < whole; i += lanes) change_block<lanes>(next + i, k + i, q + i, change, out);
  for (; i < n; ++i) change_block<1>(next + i, k + i, q + i, change, out + i - whole);
  return sum_pairs(out);
}

// Through out = next . q, and towards change = beta (v - decay row . k).
template <int64_t Count>
inline void output_block(float *drow, float *dq, const float *next, const float *row, const float *k, const float *q,
                         float dout, float *dchange, float *known) {
  float d[Count];
  for (int64_t j = 0; j < Count; ++j) d[j] = drow[j] + dout * q[j];
  for (int64_t j = 0; j < Count; ++j) dchange[j] += d[j] * k[j];
  for (int64_t j = 0; j < Count; ++j) known[j] += row[j] * k[j];
  for (int64_t j = 0; j < Count; ++j) drow[j] = d[j];
  for (int64_t j = 0; j < Count; ++j) d[j] = dq[j] + dout * next[j];
  for (int64_t j = 0; j < Count; ++j) dq[j] = d[j];
}

// Through next = M + change k and M = decay row.
template <int64_t Count>
inline void state_block(float *drow, float *dk, const float *row, const float *k, float change, float dknown,
                        float decay, float *ddecay) {
  float d[Count], e[Count];
  const float through_row = dknown * decay;
  for (int64_t j = 0; j < Count; ++j) e[j] = dk[j] + change * drow[j] + through_row * row[j];
  for (int64_t j = 0; j < Count; ++j) d[j] = drow[j] + dknown * k[j];
  for (int64_t j = 0; j < Count; ++j) ddecay[j] += d[j] * row[j];
  for (int64_t j = 0; j < Count; ++j) dk[j] = e[j];
  for (int64_t j = 0; j < Count; ++j) drow[j] = decay * d[j];
}

// With M = decay * row, known = M . k, change = beta (v - known), next = M + change k and out = next . q, backwards.
trex::DeltaStepGradient delta_step_gradient(float *drow, float *dk, float *dq, const float *next, const float *row,
                                            const float *k, const float *q, float decay, float beta, float v,
                                            float dout, int64_t n) {
  float dchange_lane[lanes] = {}, known[lanes] = {}, ddecay[lanes] = {};
  const int64_t whole = n / lanes * lanes;
  int64_t i = 0;
  for (; i < whole; i += lanes)
    output_block<lanes>(drow + i, dq + i, next + i, row + i, k + i, q + i, dout, dchange_lane, known);
  for (; i < n; ++i)
    output_block<1>(drow + i, dq + i, next + i, row + i, k + i, q + i, dout, dchange_lane + i - whole, known + i - whole);
  const float missed = v - decay * sum_pairs(known), dchange = sum_pairs(dchange_lane), dv = beta * dchange;
  for (i = 0; i < whole; i += lanes)
    state_block<lanes>(drow + i, dk + i, row + i, k + i, beta * missed, -dv, decay, ddecay);
  for (; i < n; ++i)
    state_block<1>(drow + i, dk + i, row + i, k + i, beta * missed, -dv, decay, ddecay + i - whole);
  return {dv, dchange * missed, decay * sum_pairs(ddecay)};
}

void adamw(float *x, float *m, float *v, const float *g, int64_t n, float grad_scale, float beta1, float beta2,
           float step_size, float epsilon, float root_correction, float decay) {
  for (int64_t i = 0; i < n; ++i) {
    const float gradient = g[i] * grad_scale;
    m[i] = beta1 * m[i] + (1.0f - beta1) * gradient;
    v[i] = beta2 * v[i] + (1.0f - beta2) * gradient * gradient;
    x[i] = x[i] * decay - step_size * m[i] / (std::sqrt(v[i]) * root_correction + epsilon);
  }
}

#define TREX_VECTOR_KERNELS                                                                                            \
  maximum, exp_minus, sum_exp_minus, dot, sum_of_squares, scale, add, add_scaled, norm_row, norm_row_gradient, dot3,   \
      multiply_add, rotate_halves, rotate_pairs, softmax_gradient, softcap, capped_softmax_gradient, capped_exp,       \
      swiglu, geglu, swiglu_gradient, geglu_gradient, sigmoid_gate, sigmoid_gate_gradient, delta_step,                 \
      delta_step_gradient, adamw

} // namespace
