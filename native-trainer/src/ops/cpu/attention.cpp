// Causal grouped-query attention inside each document of a packed batch.
//
//   S = scale q k^T for keys up to the query's own position, P = softmax(S) row by row, out = P v.
//
// Queries are taken attention_rows at a time and their probabilities are recomputed in the backward pass from the saved
// log-sum-exp (Dao et al., "FlashAttention", 2022), so memory grows with a document's length, not with its square.
#include <algorithm>
#include <cmath>

#include "ops/cpu/cpu_ops.h"
#include "ops/cpu/gemm.h"

namespace trex::cpu {
namespace {

// One head's columns of the tokens of one document: T rows of D.
struct HeadView {
  float *data;
  int64_t stride;
  const float *row(int64_t t) const { return data + t * stride; }
};

HeadView head_view(Matrix m, int64_t first_token, int64_t head, int64_t head_dim) {
  return {m.data + first_token * m.stride + head * head_dim, m.stride};
}

void multiply(CpuDevice &device, int thread, int64_t rows, int64_t columns, int64_t depth, float *c, int64_t c_stride,
              bool accumulate, LeftOperand left, RightOperand right) {
  gemm_on_thread(device, {rows, columns, c, c_stride, accumulate, nullptr, {{left, right, depth}, {}}, 1}, thread);
}

// scores[i, j] = scale q_{first + i} . k_j for j < keys.
void score_block(CpuDevice &device, int thread, float *scores, HeadView q, HeadView k, int64_t first, int64_t rows,
                 int64_t keys, const AttentionShape &shape) {
  multiply(device, thread, rows, keys, shape.head_dim, scores, keys, false,
           {q.row(first), q.stride, false, shape.scale}, right_floats(k.data, k.stride, true));
}

void clear(float *from, float *to) { std::fill(from, to, 0.0f); }

void forward_block(CpuDevice &device, int thread, HeadView out, float *lse, HeadView q, HeadView k, HeadView v,
                   int64_t first, int64_t rows, const AttentionShape &shape) {
  const int64_t keys = first + rows;
  float *p = device.scores(thread);
  score_block(device, thread, p, q, k, first, rows, keys, shape);
  for (int64_t i = 0; i < rows; ++i) {
    float *row = p + i * keys;
    const int64_t visible = first + i + 1;
    const float largest = device.kernels->maximum(row, visible);
    const double sum = device.kernels->exp_minus(row, row, largest, visible);
    device.kernels->scale(row, static_cast<float>(1.0 / sum), visible);
    clear(row + visible, row + keys);
    lse[first + i] = largest + static_cast<float>(std::log(sum));
  }
  multiply(device, thread, rows, shape.head_dim, keys, out.data + first * out.stride, out.stride, false,
           {p, keys, false}, right_floats(v.data, v.stride, false));
}

struct HeadGradients {
  HeadView q, k, v;
};

// With delta_i = dout_i . out_i: dP = dout v^T, dS = P (dP - delta), dq = scale dS k, dk += scale dS^T q, dv += P^T
// dout.
void backward_block(CpuDevice &device, int thread, HeadGradients d, HeadView dout, HeadView out, const float *lse,
                    HeadView q, HeadView k, HeadView v, int64_t first, int64_t rows, const AttentionShape &shape) {
  const int64_t keys = first + rows, width = shape.head_dim;
  float *p = device.scores(thread);
  float *ds = p + attention_rows * device.longest;
  score_block(device, thread, p, q, k, first, rows, keys, shape);
  multiply(device, thread, rows, keys, width, ds, keys, false, {dout.row(first), dout.stride, false},
           right_floats(v.data, v.stride, true));
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t visible = first + i + 1;
    float *p_row = p + i * keys, *ds_row = ds + i * keys;
    device.kernels->exp_minus(p_row, p_row, lse[first + i], visible);
    const float delta = device.kernels->dot(dout.row(first + i), out.row(first + i), width);
    device.kernels->softmax_gradient(ds_row, p_row, delta, shape.scale, visible);
    clear(p_row + visible, p_row + keys);
    clear(ds_row + visible, ds_row + keys);
  }
  multiply(device, thread, rows, width, keys, d.q.data + first * d.q.stride, d.q.stride, false, {ds, keys, false},
           right_floats(k.data, k.stride, false));
  multiply(device, thread, keys, width, rows, d.v.data, d.v.stride, true, {p, keys, true},
           right_floats(dout.row(first), dout.stride, false));
  multiply(device, thread, keys, width, rows, d.k.data, d.k.stride, true, {ds, keys, true},
           right_floats(q.row(first), q.stride, false));
}

} // namespace

void attention_forward(Device &any, Matrix out, float *lse, Matrix q, Matrix k, Matrix v, const PackedBatch &batch,
                       const AttentionShape &shape) {
  CpuDevice &device = cpu(any);
  const int64_t group = shape.heads / shape.kv_heads, width = shape.head_dim;
  device.pool.each(batch.documents * shape.heads, [&](int64_t index, int thread) {
    const int64_t document = index / shape.heads, head = index % shape.heads;
    const int64_t begin = batch.offsets[document], length = batch.offsets[document + 1] - begin;
    for (int64_t first = 0; first < length; first += attention_rows) {
      forward_block(device, thread, head_view(out, begin, head, width), lse + head * batch.token_count + begin,
                    head_view(q, begin, head, width), head_view(k, begin, head / group, width),
                    head_view(v, begin, head / group, width), first, std::min(attention_rows, length - first), shape);
    }
  });
}

// A task owns a document and a key/value head with all of its query heads, so dk and dv are summed in a fixed order.
void attention_backward(Device &any, Matrix dq, Matrix dk, Matrix dv, Matrix dout, Matrix out, const float *lse,
                        Matrix q, Matrix k, Matrix v, const PackedBatch &batch, const AttentionShape &shape) {
  CpuDevice &device = cpu(any);
  const int64_t group = shape.heads / shape.kv_heads, width = shape.head_dim;
  device.pool.each(batch.documents * shape.kv_heads, [&](int64_t index, int thread) {
    const int64_t document = index / shape.kv_heads, kv_head = index % shape.kv_heads;
    const int64_t begin = batch.offsets[document], length = batch.offsets[document + 1] - begin;
    HeadGradients d{{}, head_view(dk, begin, kv_head, width), head_view(dv, begin, kv_head, width)};
    for (int64_t t = 0; t < length; ++t) {
      clear(d.k.data + t * d.k.stride, d.k.data + t * d.k.stride + width);
      clear(d.v.data + t * d.v.stride, d.v.data + t * d.v.stride + width);
    }
    for (int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
      d.q = head_view(dq, begin, head, width);
      for (int64_t first = 0; first < length; first += attention_rows) {
        backward_block(device, thread, d, head_view(dout, begin, head, width), head_view(out, begin, head, width),
                       lse + head * batch.token_count + begin, head_view(q, begin, head, width),
                       head_view(k, begin, kv_head, width), head_view(v, begin, kv_head, width), first,
                       std::min(attention_rows, length - first), shape);
      }
    }
  });
}

} // namespace trex::cpu
