// y = x W^T + bias + scale B (A drop(x)), with W as stored in the file. T tokens, `in` and `out` features, rank r.
#include <cassert>

#include "ops/cpu/cpu_ops.h"
#include "ops/cpu/gemm.h"

namespace trex::cpu {
namespace {

RightOperand weight_operand(const Weight &w, bool transposed) { return {w.data, w.row_bytes, w.type, transposed}; }

Gemm product(int64_t rows, int64_t columns, float *c, int64_t stride, bool accumulate, const GemmTerm &term) {
  return {rows, columns, c, stride, accumulate, nullptr, {term, {}}, 1};
}

// dbias[out] += sum over tokens of dy. Threads own columns, so tokens are always added in order.
void bias_backward(CpuDevice &device, float *dbias, Matrix dy) {
  device.pool.split(dy.cols, 64, [&](int64_t begin, int64_t end, int) {
    for (int64_t t = 0; t < dy.rows; ++t)
      device.kernels->add(dbias + begin, dy.f32() + t * dy.stride + begin, end - begin);
  });
}

// y += x, row by row
void add_rows(CpuDevice &device, Matrix y, const float *x, int64_t x_stride) {
  device.pool.split(y.rows, rows_per_share(y.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) device.kernels->add(y.f32() + t * y.stride, x + t * x_stride, y.cols);
  });
}

// What the LoRA's A sees: x, or what dropout leaves of it.
Matrix seen_by_lora(CpuDevice &device, Matrix x, const DropoutKey &dropout, const Matrix &dropped) {
  if (!(dropout.rate > 0.0f)) return x;
  const Matrix seen{dropped.data, x.rows, x.cols, x.cols};
  apply_dropout(device, seen, x, dropout, false);
  return seen;
}

LeftOperand left(const Matrix &m, bool transposed, float scale = 1.0f) {
  assert(m.element == Element::f32);
  return {m.f32(), m.stride, transposed, scale};
}

RightOperand right(const Matrix &m) { return right_floats(m.f32(), m.stride, false); }

} // namespace

// The residual is added to the whole product, so that it does not change how that is rounded; only where y is its own
// residual the product is added to it block by block.
void linear_forward(Device &any, Matrix y, Matrix x, const Weight &w, const float *bias, const LoraPair *lora, Matrix h,
                    const DropoutKey &dropout, Matrix dropped, Matrix residual) {
  assert(y.element == Element::f32);
  CpuDevice &device = cpu(any);
  const bool in_place = residual.data == y.data;
  Gemm whole = product(x.rows, w.out, y.f32(), y.stride, in_place, {left(x, false), weight_operand(w, true), w.in});
  if (!in_place) whole.bias = bias;
  if (lora != nullptr) {
    const Matrix seen = seen_by_lora(device, x, dropout, dropped);
    gemm(device, product(x.rows, lora->rank, h.f32(), h.stride, false,
                         {left(seen, false), right_floats(lora->a, w.in, true), w.in}));
    whole.terms[1] = {left(h, false, lora->scale), right_floats(lora->b, lora->rank, true), lora->rank};
    whole.term_count = 2;
  }
  gemm(device, whole);
  if (in_place && bias != nullptr) add_rows(device, y, bias, 0);
  if (!in_place && residual.data != nullptr) add_rows(device, y, residual.f32(), residual.stride);
}

void linear_backward(Device &any, Matrix dx, bool add_to_dx, Matrix dy, Matrix x, const Weight &w, float *dw,
                     float *dbias, const LoraPair *lora, Matrix h, Matrix dh, const DropoutKey &dropout,
                     Matrix dropped) {
  CpuDevice &device = cpu(any);
  const int64_t tokens = dy.rows;
  if (dw != nullptr) gemm(device, product(w.out, w.in, dw, w.in, true, {left(dy, true), right(x), tokens}));
  if (dbias != nullptr) bias_backward(device, dbias, dy);

  const bool drop = lora != nullptr && dropout.rate > 0.0f;
  if (lora != nullptr) {
    const int64_t rank = lora->rank;
    // dh = scale dy B, which dA and dx both need.
    gemm(device, product(tokens, rank, dh.f32(), dh.stride, false,
                         {left(dy, false, lora->scale), right_floats(lora->b, rank, false), w.out}));
    if (lora->db != nullptr) {
      gemm(device, product(w.out, rank, lora->db, rank, true, {left(dy, true, lora->scale), right(h), tokens}));
    }
    if (lora->da != nullptr) {
      const Matrix seen = seen_by_lora(device, x, dropout, dropped);
      gemm(device, product(rank, w.in, lora->da, w.in, true, {left(dh, true), right(seen), tokens}));
    }
  }

  if (dx.data == nullptr) return;
  Gemm whole =
      product(tokens, w.in, dx.f32(), dx.stride, add_to_dx, {left(dy, false), weight_operand(w, false), w.out});
  const Matrix through{dropped.data, tokens, w.in, w.in};
  if (lora != nullptr) {
    const GemmTerm through_lora{left(dh, false), right_floats(lora->a, w.in, false), lora->rank};
    if (drop) {
      gemm(device, product(tokens, w.in, through.f32(), through.stride, false, through_lora));
    } else {
      whole.terms[1] = through_lora;
      whole.term_count = 2;
    }
  }
  gemm(device, whole);
  if (drop) apply_dropout(device, dx, through, dropout, true);
}

} // namespace trex::cpu
