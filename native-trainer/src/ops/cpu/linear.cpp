// y = x W^T + bias + scale B (A drop(x)), with W as stored in the file. T tokens, `in` and `out` features, rank r.
#include <cstring>

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
      device.kernels->add(dbias + begin, dy.data + t * dy.stride + begin, end - begin);
  });
}

} // namespace

void linear_forward(Device &any, Matrix y, Matrix x, const Weight &w, const float *bias, const LoraPair *lora, float *h,
                    const DropoutKey &dropout, float *dropped) {
  CpuDevice &device = cpu(any);
  Gemm whole =
      product(x.rows, w.out, y.data, y.stride, false, {{x.data, x.stride, false}, weight_operand(w, true), w.in});
  whole.bias = bias;
  if (lora != nullptr) {
    Matrix seen = x;
    if (dropout.rate > 0.0f) {
      seen = {dropped, x.rows, x.cols, x.cols};
      apply_dropout(device, seen, x, dropout, false);
    }
    gemm(device, product(x.rows, lora->rank, h, lora->rank, false,
                         {{seen.data, seen.stride, false}, right_floats(lora->a, w.in, true), w.in}));
    whole.terms[1] = {{h, lora->rank, false, lora->scale}, right_floats(lora->b, lora->rank, true), lora->rank};
    whole.term_count = 2;
  }
  gemm(device, whole);
}

void linear_backward(Device &any, Matrix dx, bool add_to_dx, Matrix dy, Matrix x, const Weight &w, float *dw,
                     float *dbias, const LoraPair *lora, const float *h, float *dh, const DropoutKey &dropout,
                     float *dropped) {
  CpuDevice &device = cpu(any);
  const int64_t tokens = dy.rows;
  if (dw != nullptr) {
    gemm(device, product(w.out, w.in, dw, w.in, true,
                         {{dy.data, dy.stride, true}, right_floats(x.data, x.stride, false), tokens}));
  }
  if (dbias != nullptr) bias_backward(device, dbias, dy);

  const bool drop = lora != nullptr && dropout.rate > 0.0f;
  if (lora != nullptr) {
    const int64_t rank = lora->rank;
    // dh = scale dy B, which dA and dx both need.
    gemm(device, product(tokens, rank, dh, rank, false,
                         {{dy.data, dy.stride, false, lora->scale}, right_floats(lora->b, rank, false), w.out}));
    if (lora->db != nullptr) {
      gemm(device, product(w.out, rank, lora->db, rank, true,
                           {{dy.data, dy.stride, true, lora->scale}, right_floats(h, rank, false), tokens}));
    }
    if (lora->da != nullptr) {
      Matrix seen = x;
      if (drop) {
        seen = {dropped, x.rows, x.cols, x.cols};
        apply_dropout(device, seen, x, dropout, false);
      }
      gemm(device, product(rank, w.in, lora->da, w.in, true,
                           {{dh, rank, true}, right_floats(seen.data, seen.stride, false), tokens}));
    }
  }

  if (dx.data == nullptr) return;
  Gemm whole = product(tokens, w.in, dx.data, dx.stride, add_to_dx,
                       {{dy.data, dy.stride, false}, weight_operand(w, false), w.out});
  if (lora != nullptr) {
    const GemmTerm through_lora{{dh, lora->rank, false}, right_floats(lora->a, w.in, false), lora->rank};
    if (drop) {
      gemm(device, product(tokens, w.in, dropped, w.in, false, through_lora));
    } else {
      whole.terms[1] = through_lora;
      whole.term_count = 2;
    }
  }
  gemm(device, whole);
  if (drop) apply_dropout(device, dx, {dropped, tokens, w.in, w.in}, dropout, true);
}

} // namespace trex::cpu
