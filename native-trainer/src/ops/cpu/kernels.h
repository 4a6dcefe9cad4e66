// The inner loops that are compiled once per instruction set. Everything above them is compiled once.
//
// This header is included by files compiled for newer processors, so it holds declarations only (see
// cmake/kernel_flags.cmake).
#pragma once

#include <cstdint>

namespace trex {

// c[rows, columns] = add + a b with a packed as [depth][rows], b[k, j] at b[k * b_stride + j]. `add` may be c itself, a
// bias (with an add_stride of 0) or null, which stands for zeros. `rows` is the kernel's own; when fewer than the
// kernel's columns are valid, b is padded with zeros, and add and c are only touched where valid.
using GemmTile = void (*)(int64_t depth, const float *a, const float *b, int64_t b_stride, float *c, int64_t c_stride,
                          int64_t valid_columns, const float *add, int64_t add_stride);

inline constexpr int max_tile_rows = 14;

struct DeltaStepGradient {
  float v, beta, log_decay;
};

struct Kernels {
  int tile_rows;                    // rows of the tallest tile
  int wide_columns;                 // columns of a wide tile
  int narrow_columns;               // columns of a narrow one, for what remains and for LoRA's ranks
  GemmTile wide[max_tile_rows + 1]; // by rows; 1 to tile_rows are set
  GemmTile narrow[max_tile_rows + 1];

  // to[k * to_stride + r] = scale * from[r * from_stride + k]
  void (*transpose)(float *to, int64_t to_stride, const float *from, int64_t from_stride, int64_t rows, int64_t depth,
                    float scale);
  // to[k * to_stride + i] = scale * from[k * from_stride + i] for i < columns
  void (*copy_columns)(float *to, int64_t to_stride, const float *from, int64_t from_stride, int64_t columns,
                       int64_t depth, float scale);

  float (*maximum)(const float *x, int64_t n);                           // n > 0
  double (*exp_minus)(float *y, const float *x, float shift, int64_t n); // y = exp(x - shift); returns the sum of y
  double (*sum_exp_minus)(const float *x, float shift, int64_t n);       // sum of exp(x - shift)
  float (*dot)(const float *x, const float *y, int64_t n);
  double (*sum_of_squares)(const float *x, int64_t n);
  void (*scale)(float *x, float factor, int64_t n);
  void (*add)(float *y, const float *x, int64_t n);
  void (*add_scaled)(float *y, const float *x, float factor, int64_t n); // y += factor * x
  void (*norm_row)(float *y, const float *x, const float *weight, float rstd, int64_t n); // y = x * rstd * weight
  // dx (= or +=) rstd * weight * dy - x * slope
  void (*norm_row_gradient)(float *dx, bool accumulate, const float *dy, const float *x, const float *weight,
                            float rstd, float slope, int64_t n);
  float (*dot3)(const float *x, const float *y, const float *z, int64_t n);                  // sum of x y z
  void (*multiply_add)(float *sum, const float *x, const float *y, float factor, int64_t n); // sum += x y factor
  void (*rotate_halves)(float *x, const float *cosine, const float *sine, float direction, int64_t half); // neox
  void (*rotate_pairs)(float *x, const float *cosine, const float *sine, float direction, int64_t half);  // norm
  // ds = p * (dp - delta) * scale, over ds = dp in place
  void (*softmax_gradient)(float *dp, const float *p, float delta, float scale, int64_t n);
  void (*softcap)(float *x, float cap, int64_t n); // x = cap * tanh(x / cap)
  // p = exp(s - lse) over the capped scores s, ds = p * (dp - delta) * scale * (1 - (s / cap)^2) over dp.
  void (*capped_softmax_gradient)(float *dp, float *s, float lse, float delta, float scale, float cap, int64_t n);
  // x = factor * exp(x - shift) * (1 - (x / cap)^2): a row of capped logits becomes its gradient.
  void (*capped_exp)(float *x, float shift, float factor, float cap, int64_t n);
  void (*swiglu)(float *y, const float *gate, const float *up, int64_t n);
  void (*geglu)(float *y, const float *gate, const float *up, int64_t n); // gelu in its tanh form
  // dgate and dup may overwrite gate and up.
  void (*swiglu_gradient)(float *dgate, float *dup, const float *dy, const float *gate, const float *up, int64_t n);
  void (*geglu_gradient)(float *dgate, float *dup, const float *dy, const float *gate, const float *up, int64_t n);
  // The same two with sigmoid(gate) instead of its product with the gate.
  void (*sigmoid_gate)(float *y, const float *gate, const float *x, int64_t n);
  void (*sigmoid_gate_gradient)(float *dgate, float *dx, const float *dy, const float *gate, const float *x, int64_t n);
  // One row of a delta rule's state, a token on: next = decay * row; next += beta * (v - next . k) k. Returns next . q.
  // next may be row.
  float (*delta_step)(float *next, const float *row, const float *k, const float *q, float decay, float beta, float v,
                      int64_t n);
  // Its gradient, from that of the output and, in drow, that of `next`; drow becomes that of `row`. dk and dq are added to.
  DeltaStepGradient (*delta_step_gradient)(float *drow, float *dk, float *dq, const float *next, const float *row,
                                           const float *k, const float *q, float decay, float beta, float v, float dout,
                                           int64_t n);
  void (*adamw)(float *x, float *m, float *v, const float *g, int64_t n, float grad_scale, float beta1, float beta2,
                float step_size, float epsilon, float root_correction, float decay);
};

const Kernels &portable_kernels();
const Kernels &avx2_kernels();
const Kernels &avx512_kernels();

} // namespace trex
