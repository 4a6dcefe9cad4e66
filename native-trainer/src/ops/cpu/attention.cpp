// Causal grouped-query attention inside each document of a packed batch, and forward along the paths of a tree of them.
//
//   S = scale q k^T for the keys a query sees, P = softmax(S) row by row, out = P v.
//
// A query sees its own position and those before it; with a sliding window only the last `window` of them (Beltagy et
// al., "Longformer", 2020). Gemma 2 caps the scores: S becomes softcap * tanh(S / softcap).
//
// Queries are taken attention_rows at a time and their probabilities are recomputed in the backward pass from the saved
// log-sum-exp (Dao et al., "FlashAttention", 2022), so memory grows with a document's length, not with its square.
//
// A key's gradient is a sum over queries, which is taken in one fixed order. So a backward task that yields all three
// gradients must own a whole document of one key/value head. Where such tasks are too few for the threads, they are cut
// in two kinds that need no order between them: dq by blocks of queries, dk and dv by blocks of keys. That recomputes
// the scores (7 products instead of 5) and gives the same bits.
#include <algorithm>
#include <cmath>

#include "ops/cpu/attention_keys.h"
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
  return {m.f32() + first_token * m.stride + head * head_dim, m.stride};
}

void multiply(CpuDevice &device, int thread, int64_t rows, int64_t columns, int64_t depth, float *c, int64_t c_stride,
              bool accumulate, LeftOperand left, RightOperand right) {
  gemm_on_thread(device, {rows, columns, c, c_stride, accumulate, nullptr, {{left, right, depth}, {}}, 1}, thread);
}

void clear(float *from, float *to) { std::fill(from, to, 0.0f); }

// The keys that `rows` queries from `first` on can see: [low, low + count) of the document.
struct KeyRange {
  int64_t low, count;
};

KeyRange keys_of(int64_t first, int64_t rows, const AttentionShape &shape) {
  const int64_t low = shape.window > 0 ? std::max<int64_t>(0, first - shape.window + 1) : 0;
  return {low, first + rows - low};
}

// Of the keys of a block, a query sees [begin, end).
struct Seen {
  int64_t begin, end;
};

Seen seen_by(int64_t query, KeyRange keys, const AttentionShape &shape) {
  const int64_t low = shape.window > 0 ? query - shape.window + 1 : 0;
  const int64_t begin = std::clamp<int64_t>(low - keys.low, 0, keys.count);
  return {begin, std::clamp(query + 1 - keys.low, begin, keys.count)};
}

// scores[i, j] = scale q_{first + i} . k_{low + j}
void score_block(CpuDevice &device, int thread, float *scores, HeadView q, HeadView k, int64_t first, int64_t rows,
                 KeyRange keys, const AttentionShape &shape) {
  multiply(device, thread, rows, keys.count, shape.head_dim, scores, keys.count, false,
           {q.row(first), q.stride, false, shape.scale}, right_floats(k.row(keys.low), k.stride, true));
}

// Turns scores into probabilities, row by row; keys a query does not see get zero.
void softmax_block(const Kernels &kernels, float *p, float *lse, const PackedBatch &batch, const QueryBlock &block,
                   const AttentionShape &shape) {
  int64_t piece = block.piece;
  for (int64_t i = 0; i < block.rows; ++i) {
    while (batch.offsets[piece + 1] <= block.row + i) ++piece;
    float *row = p + i * block.columns;
    const int64_t position = block.start + block.row + i - batch.offsets[piece];
    const int64_t low = shape.window > 0 ? std::max(block.low, position - shape.window + 1) : block.low;
    const int64_t end = position + 1 - block.low;
    // Between the shared keys and the piece's own lie those of the siblings before it: close the gap, and open it again.
    const int64_t gap = std::max<int64_t>(0, batch.offsets[piece] - block.own);
    float *own = row + block.shared, *visible = row + low - block.low;
    if (gap > 0) std::copy(own + gap, row + end + gap, own);
    const int64_t count = position + 1 - low;
    if (shape.softcap > 0.0f) kernels.softcap(visible, shape.softcap, count);
    const float largest = kernels.maximum(visible, count);
    const double sum = kernels.exp_minus(visible, visible, largest, count);
    kernels.scale(visible, static_cast<float>(1.0 / sum), count);
    clear(row, visible);
    if (gap > 0) std::copy_backward(own, row + end, row + end + gap);
    clear(own, own + gap);
    clear(row + end + gap, row + block.columns);
    lse[block.row + i] = largest + static_cast<float>(std::log(sum));
  }
}

// The views begin at the batch's first row; those of k and v at the first carried one.
void forward_block(CpuDevice &device, int thread, HeadView out, float *lse, HeadView q, HeadView k, HeadView v,
                   const PackedBatch &batch, const QueryBlock &block, const AttentionShape &shape) {
  const int32_t *key_rows = nullptr;
  int64_t first_key = batch.carried + block.own;
  if (block.shared > 0) {
    fill_key_rows(device.key_rows(thread), batch, block);
    key_rows = device.key_rows(thread);
    first_key = 0;
  }
  float *p = device.scores(thread);
  multiply(device, thread, block.rows, block.columns, shape.head_dim, p, block.columns, false,
           {q.row(block.row), q.stride, false, shape.scale}, right_floats(k.row(first_key), k.stride, true, key_rows));
  softmax_block(*device.kernels, p, lse, batch, block, shape);
  for (int64_t from = 0, to; from < block.columns; from = to) {
    to = end_of_sum(block, from);
    const RightOperand values = key_rows == nullptr ? right_floats(v.row(first_key + from), v.stride, false)
                                                    : right_floats(v.row(0), v.stride, false, key_rows + from);
    multiply(device, thread, block.rows, shape.head_dim, to - from, out.data + block.row * out.stride, out.stride,
             from > 0, {p + from, block.columns, false}, values);
  }
}

// One query head of one document and what its gradients need. dq may be null, or dk and dv.
struct HeadPass {
  HeadView dq, dk, dv, dout, out, q, k, v;
  const float *lse;
};

// With delta_i = dout_i . out_i: dP = dout v^T, dS = P (dP - delta), dq = scale dS k, dk += scale dS^T q, dv += P^T
// dout. A cap multiplies dS by its slope 1 - tanh^2.
void backward_block(CpuDevice &device, int thread, const HeadPass &x, int64_t first, int64_t rows, KeyRange keys,
                    const AttentionShape &shape) {
  const int64_t width = shape.head_dim;
  float *p = device.scores(thread);
  float *ds = p + attention_rows * device.longest;
  score_block(device, thread, p, x.q, x.k, first, rows, keys, shape);
  multiply(device, thread, rows, keys.count, width, ds, keys.count, false, {x.dout.row(first), x.dout.stride, false},
           right_floats(x.v.row(keys.low), x.v.stride, true));
  for (int64_t i = 0; i < rows; ++i) {
    const Seen seen = seen_by(first + i, keys, shape);
    const int64_t count = seen.end - seen.begin;
    float *p_row = p + i * keys.count, *ds_row = ds + i * keys.count;
    float *p_seen = p_row + seen.begin, *ds_seen = ds_row + seen.begin;
    const float delta = device.kernels->dot(x.dout.row(first + i), x.out.row(first + i), width);
    if (shape.softcap > 0.0f) {
      device.kernels->softcap(p_seen, shape.softcap, count);
      device.kernels->capped_softmax_gradient(ds_seen, p_seen, x.lse[first + i], delta, shape.scale, shape.softcap,
                                              count);
    } else {
      device.kernels->exp_minus(p_seen, p_seen, x.lse[first + i], count);
      device.kernels->softmax_gradient(ds_seen, p_seen, delta, shape.scale, count);
    }
    for (float *row : {p_row, ds_row}) {
      clear(row, row + seen.begin);
      clear(row + seen.end, row + keys.count);
    }
  }
  if (x.dq.data != nullptr) {
    multiply(device, thread, rows, width, keys.count, x.dq.data + first * x.dq.stride, x.dq.stride, false,
             {ds, keys.count, false}, right_floats(x.k.row(keys.low), x.k.stride, false));
  }
  if (x.dk.data == nullptr) return;
  multiply(device, thread, keys.count, width, rows, x.dv.data + keys.low * x.dv.stride, x.dv.stride, true,
           {p, keys.count, true}, right_floats(x.dout.row(first), x.dout.stride, false));
  multiply(device, thread, keys.count, width, rows, x.dk.data + keys.low * x.dk.stride, x.dk.stride, true,
           {ds, keys.count, true}, right_floats(x.q.row(first), x.q.stride, false));
}

// All queries of a head against the keys [low, high) of its document.
void backward_head(CpuDevice &device, int thread, const HeadPass &x, int64_t length, int64_t low, int64_t high,
                   const AttentionShape &shape) {
  for (int64_t first = 0; first < length; first += attention_rows) {
    const int64_t rows = std::min(attention_rows, length - first);
    const KeyRange all = keys_of(first, rows, shape);
    const int64_t begin = std::max(low, all.low), end = std::min(high, all.low + all.count);
    if (begin < end) backward_block(device, thread, x, first, rows, {begin, end - begin}, shape);
  }
}

constexpr int64_t task_keys = 256; // keys of one task of the second kind

// Whether tasks of whole documents would leave threads idle for longer than the scores take to be computed twice.
bool worth_cutting(const PackedBatch &batch, int64_t kv_heads, int threads) {
  const auto square = [](int64_t length) { return static_cast<double>(length) * static_cast<double>(length); };
  double total = 0.0;
  for (int64_t document = 0; document < batch.documents; ++document)
    total += square(batch.offsets[document + 1] - batch.offsets[document]) * static_cast<double>(kv_heads);
  const double most = square(batch.longest);
  return most * std::ceil(total / (most * threads)) > 1.5 * total / threads;
}

} // namespace

// A task owns a head of a piece and of the siblings that join it.
void attention_forward(Device &any, Matrix out, float *lse, Matrix q, Matrix k, Matrix v, const PackedBatch &batch,
                       const AttentionShape &shape) {
  CpuDevice &device = cpu(any);
  const int64_t group = shape.heads / shape.kv_heads, width = shape.head_dim;
  device.pool.each(batch.documents * shape.heads, [&](int64_t index, int thread) {
    int64_t piece = index / shape.heads;
    const int64_t head = index % shape.heads;
    if (joins_the_one_before(batch, piece)) return;
    int64_t last = piece;
    while (last + 1 < batch.documents && joins_the_one_before(batch, last + 1)) ++last;
    const int64_t end = batch.offsets[last + 1];
    for (int64_t row = batch.offsets[piece]; row < end; row += attention_rows) {
      while (batch.offsets[piece + 1] <= row) ++piece;
      forward_block(device, thread, head_view(out, 0, head, width), lse + head * batch.token_count,
                    head_view(q, 0, head, width), head_view(k, 0, head / group, width),
                    head_view(v, 0, head / group, width), batch,
                    query_block(batch, piece, row, end, shape.window), shape);
    }
  });
}

void attention_backward(Device &any, Matrix dq, Matrix dk, Matrix dv, Matrix dout, Matrix out, const float *lse,
                        Matrix q, Matrix k, Matrix v, const PackedBatch &batch, const AttentionShape &shape) {
  CpuDevice &device = cpu(any);
  const int64_t group = shape.heads / shape.kv_heads, width = shape.head_dim;
  const auto pass = [&](int64_t begin, int64_t head) {
    const int64_t kv_head = head / group;
    return HeadPass{head_view(dq, begin, head, width),     head_view(dk, begin, kv_head, width),
                    head_view(dv, begin, kv_head, width),  head_view(dout, begin, head, width),
                    head_view(out, begin, head, width),    head_view(q, begin, head, width),
                    head_view(k, begin, kv_head, width),   head_view(v, begin, kv_head, width),
                    lse + head * batch.token_count + begin};
  };
  // dk and dv of the keys [low, high), summed over the query heads that share them; dq too if `queries`.
  const auto sum_over_queries = [&](int thread, int64_t begin, int64_t length, int64_t kv_head, int64_t low,
                                    int64_t high, bool queries) {
    for (Matrix d : {dk, dv}) {
      for (int64_t t = low; t < high; ++t) {
        float *row = d.f32() + (begin + t) * d.stride + kv_head * width;
        clear(row, row + width);
      }
    }
    for (int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
      HeadPass x = pass(begin, head);
      if (!queries) x.dq.data = nullptr;
      backward_head(device, thread, x, length, low, high, shape);
    }
  };
  if (batch.longest == 0) return;
  if (!worth_cutting(batch, shape.kv_heads, device.pool.thread_count())) {
    device.pool.each(batch.documents * shape.kv_heads, [&](int64_t index, int thread) {
      const int64_t document = index / shape.kv_heads, kv_head = index % shape.kv_heads;
      const int64_t begin = batch.offsets[document], length = batch.offsets[document + 1] - begin;
      sum_over_queries(thread, begin, length, kv_head, 0, length, true);
    });
    return;
  }
  // Tasks are numbered for the longest document; shorter ones leave the numbers beyond their end unused.
  const int64_t query_blocks = (batch.longest + attention_rows - 1) / attention_rows;
  device.pool.each(batch.documents * shape.heads * query_blocks, [&](int64_t index, int thread) {
    const int64_t document = index / query_blocks / shape.heads, head = index / query_blocks % shape.heads;
    const int64_t begin = batch.offsets[document], length = batch.offsets[document + 1] - begin;
    const int64_t first = (query_blocks - 1 - index % query_blocks) * attention_rows; // the longest first
    if (first >= length) return;
    HeadPass x = pass(begin, head);
    x.dk.data = x.dv.data = nullptr;
    const int64_t rows = std::min(attention_rows, length - first);
    backward_block(device, thread, x, first, rows, keys_of(first, rows, shape), shape);
  });
  const int64_t key_blocks = (batch.longest + task_keys - 1) / task_keys;
  device.pool.each(batch.documents * shape.kv_heads * key_blocks, [&](int64_t index, int thread) {
    const int64_t document = index / key_blocks / shape.kv_heads, kv_head = index / key_blocks % shape.kv_heads;
    const int64_t begin = batch.offsets[document], length = batch.offsets[document + 1] - begin;
    const int64_t low = index % key_blocks * task_keys;
    if (low < length) sum_over_queries(thread, begin, length, kv_head, low, std::min(length, low + task_keys), false);
  });
}

} // namespace trex::cpu
