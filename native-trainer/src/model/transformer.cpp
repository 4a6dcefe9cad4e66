#include "model/transformer.h"

#include <algorithm>
#include <new>

#include "model/rope_angles.h"

// T tokens, C residual width, Q = heads * D, K = kv_heads * D, D head width, F feed-forward width, V vocabulary.
namespace trex {

void TokenBatch::clear() {
  tokens.clear();
  positions.clear();
  offsets.assign(1, 0);
  target_rows.clear();
  targets.clear();
  longest = 0;
}

PackedBatch TokenBatch::packed() const {
  return {tokens.data(), positions.data(), offsets.data(), static_cast<int64_t>(offsets.size()) - 1,
          token_count(), longest};
}

namespace {

Matrix dense(float *data, int64_t rows, int64_t columns) { return {data, rows, columns, columns}; }

AttentionShape attention_shape(const HyperParameters &p) {
  return {p.heads, p.kv_heads, p.head_dim, static_cast<float>(p.attention_scale)};
}

DropoutKey dropout_key(const DropoutState &state, size_t layer, Projection projection) {
  return {state.rate, state.seed, (state.step << 20) + layer * projection_count + projection, state.first_token};
}

} // namespace

Transformer::Transformer(const Ops &ops, Device &device, const Model &model, const PassLimits &limits, int64_t longest)
    : ops_(ops), device_(device), model_(model), limits_(limits) {
  const PassMemory measured = lay_out(model.parameters, limits, nullptr);
  rope_angles(model.parameters, longest, cosine_, sine_);
  memory_ = ops.allocate(device, measured.activation_floats + measured.workspace_floats);
  if (memory_ == nullptr) throw std::bad_alloc();
  at_ = lay_out(model.parameters, limits, memory_);
}

Transformer::~Transformer() { ops_.release(device_, memory_); }

RopeTable Transformer::rope_table() const {
  return {cosine_.data(), sine_.data(), model_.parameters.head_dim, model_.parameters.rope_style == RopeStyle::neox};
}

void Transformer::project(size_t layer, Projection projection, float *y, float *x, int64_t tokens,
                          const DropoutState &dropout) {
  const Linear &linear = model_.layers[layer].projections[projection];
  ops_.linear_forward(device_, dense(y, tokens, linear.weight.out), dense(x, tokens, linear.weight.in), linear.weight,
                      linear.bias, linear.lora_or_null(), at_.layers[layer].h[projection],
                      dropout_key(dropout, layer, projection), at_.work.dropped);
}

void Transformer::project_backward(size_t layer, Projection projection, float *dx, bool add_to_dx, float *dy, float *x,
                                   int64_t tokens, const DropoutState &dropout) {
  const Linear &linear = model_.layers[layer].projections[projection];
  ops_.linear_backward(device_, dense(dx, tokens, linear.weight.in), add_to_dx, dense(dy, tokens, linear.weight.out),
                       dense(x, tokens, linear.weight.in), linear.weight, linear.dweight, linear.dbias,
                       linear.lora_or_null(), at_.layers[layer].h[projection], at_.work.dh,
                       dropout_key(dropout, layer, projection), at_.work.dropped);
}

// x -> middle = x + Wo attention(rope(norm(Wq n)), rope(norm(Wk n)), Wv n), n = norm(x)
//   -> x_out = middle + Wdown (silu(Wgate m) * Wup m),                     m = norm(middle)
void Transformer::layer_forward(size_t index, const PackedBatch &batch, const DropoutState &dropout, float *x_out) {
  const HyperParameters &p = model_.parameters;
  const Layer &layer = model_.layers[index];
  const LayerActivations &a = at_.layers[index];
  const Workspace &w = at_.work;
  const int64_t tokens = batch.token_count;
  const auto epsilon = static_cast<float>(p.rms_epsilon);

  const Matrix normed = dense(w.normed, tokens, p.embedding);
  ops_.rms_norm_forward(device_, normed, a.attention_rstd, dense(a.x, tokens, p.embedding), layer.attention_norm.weight,
                        epsilon);
  project(index, attn_q, p.qk_norm ? a.q_raw : a.q, w.normed, tokens, dropout);
  project(index, attn_k, p.qk_norm ? a.k_raw : a.k, w.normed, tokens, dropout);
  project(index, attn_v, a.v, w.normed, tokens, dropout);
  if (p.qk_norm) {
    ops_.rms_norm_forward(device_, dense(a.q, tokens * p.heads, p.head_dim), a.q_rstd,
                          dense(a.q_raw, tokens * p.heads, p.head_dim), layer.q_norm.weight, epsilon);
    ops_.rms_norm_forward(device_, dense(a.k, tokens * p.kv_heads, p.head_dim), a.k_rstd,
                          dense(a.k_raw, tokens * p.kv_heads, p.head_dim), layer.k_norm.weight, epsilon);
  }
  const Matrix q = dense(a.q, tokens, p.q_width()), k = dense(a.k, tokens, p.kv_width());
  ops_.rope(device_, q, batch.positions, rope_table(), 1.0f);
  ops_.rope(device_, k, batch.positions, rope_table(), 1.0f);
  ops_.attention_forward(device_, dense(a.attention, tokens, p.q_width()), a.lse, q, k,
                         dense(a.v, tokens, p.kv_width()), batch, attention_shape(p));
  project(index, attn_output, a.middle, a.attention, tokens, dropout);
  ops_.add(device_, a.middle, a.x, tokens * p.embedding);

  ops_.rms_norm_forward(device_, normed, a.ffn_rstd, dense(a.middle, tokens, p.embedding), layer.ffn_norm.weight,
                        epsilon);
  project(index, ffn_gate, a.gate, w.normed, tokens, dropout);
  project(index, ffn_up, a.up, w.normed, tokens, dropout);
  ops_.swiglu_forward(device_, w.activated, a.gate, a.up, tokens * p.feed_forward);
  project(index, ffn_down, x_out, w.activated, tokens, dropout);
  ops_.add(device_, x_out, a.middle, tokens * p.embedding);
}

// work.dx holds d(x_out) on entry and d(x) on return.
void Transformer::layer_backward(size_t index, const PackedBatch &batch, const DropoutState &dropout) {
  const HyperParameters &p = model_.parameters;
  const Layer &layer = model_.layers[index];
  const LayerActivations &a = at_.layers[index];
  const Workspace &w = at_.work;
  const int64_t tokens = batch.token_count;
  const auto epsilon = static_cast<float>(p.rms_epsilon);
  const Matrix dx = dense(w.dx, tokens, p.embedding), dnormed = dense(w.dnormed, tokens, p.embedding);
  const Matrix normed = dense(w.normed, tokens, p.embedding);

  // Feed-forward block. The saved gate and up become their own gradients.
  ops_.swiglu_forward(device_, w.activated, a.gate, a.up, tokens * p.feed_forward);
  project_backward(index, ffn_down, w.dactivated, false, w.dx, w.activated, tokens, dropout);
  ops_.swiglu_backward(device_, a.gate, a.up, w.dactivated, a.gate, a.up, tokens * p.feed_forward);
  const Matrix middle = dense(a.middle, tokens, p.embedding);
  ops_.rms_norm_forward(device_, normed, a.ffn_rstd, middle, layer.ffn_norm.weight, epsilon);
  project_backward(index, ffn_gate, w.dnormed, false, a.gate, w.normed, tokens, dropout);
  project_backward(index, ffn_up, w.dnormed, true, a.up, w.normed, tokens, dropout);
  ops_.rms_norm_backward(device_, dx, true, layer.ffn_norm.dweight, dnormed, middle, layer.ffn_norm.weight, a.ffn_rstd);

  // Attention block.
  project_backward(index, attn_output, w.dattention, false, w.dx, a.attention, tokens, dropout);
  const Matrix dq = dense(w.dq, tokens, p.q_width()), dk = dense(w.dk, tokens, p.kv_width());
  ops_.attention_backward(device_, dq, dk, dense(w.dv, tokens, p.kv_width()), dense(w.dattention, tokens, p.q_width()),
                          dense(a.attention, tokens, p.q_width()), a.lse, dense(a.q, tokens, p.q_width()),
                          dense(a.k, tokens, p.kv_width()), dense(a.v, tokens, p.kv_width()), batch,
                          attention_shape(p));
  ops_.rope(device_, dq, batch.positions, rope_table(), -1.0f);
  ops_.rope(device_, dk, batch.positions, rope_table(), -1.0f);
  if (p.qk_norm) {
    const Matrix dq_heads = dense(w.dq, tokens * p.heads, p.head_dim);
    const Matrix dk_heads = dense(w.dk, tokens * p.kv_heads, p.head_dim);
    ops_.rms_norm_backward(device_, dq_heads, false, layer.q_norm.dweight, dq_heads,
                           dense(a.q_raw, tokens * p.heads, p.head_dim), layer.q_norm.weight, a.q_rstd);
    ops_.rms_norm_backward(device_, dk_heads, false, layer.k_norm.dweight, dk_heads,
                           dense(a.k_raw, tokens * p.kv_heads, p.head_dim), layer.k_norm.weight, a.k_rstd);
  }
  const Matrix x = dense(a.x, tokens, p.embedding);
  ops_.rms_norm_forward(device_, normed, a.attention_rstd, x, layer.attention_norm.weight, epsilon);
  // Below the first layer lies only the embedding: without a gradient of it, nobody needs d(x) there.
  float *below = index == 0 && model_.dembedding == nullptr ? nullptr : w.dnormed;
  project_backward(index, attn_q, below, false, w.dq, w.normed, tokens, dropout);
  project_backward(index, attn_k, below, true, w.dk, w.normed, tokens, dropout);
  project_backward(index, attn_v, below, true, w.dv, w.normed, tokens, dropout);
  if (below == nullptr) return;
  ops_.rms_norm_backward(device_, dx, true, layer.attention_norm.dweight, dnormed, x, layer.attention_norm.weight,
                         a.attention_rstd);
}

void Transformer::forward(const TokenBatch &batch, const DropoutState &dropout) {
  const PackedBatch packed = batch.packed();
  const int64_t width = model_.parameters.embedding;
  ops_.embedding_forward(device_, dense(at_.layers.front().x, packed.token_count, width), packed.tokens,
                         model_.embedding);
  for (size_t index = 0; index < model_.layers.size(); ++index) {
    const bool last = index + 1 == model_.layers.size();
    layer_forward(index, packed, dropout, last ? at_.work.final_x : at_.layers[index + 1].x);
  }
}

// Logits [rows, V] of a chunk of the target rows. The last norm is only taken where something is predicted.
Matrix Transformer::head_forward(const TokenBatch &batch, int64_t first, int64_t rows) {
  const HyperParameters &p = model_.parameters;
  const Workspace &w = at_.work;
  const Matrix x = dense(w.head_x, rows, p.embedding), normed = dense(w.head_normed, rows, p.embedding);
  ops_.gather_rows(device_, x, batch.target_rows.data() + first, dense(w.final_x, batch.token_count(), p.embedding));
  ops_.rms_norm_forward(device_, normed, w.head_rstd, x, model_.output_norm.weight, static_cast<float>(p.rms_epsilon));
  const Matrix logits = dense(w.logits, rows, p.vocab);
  ops_.linear_forward(device_, logits, normed, model_.head.weight, nullptr, nullptr, nullptr, {}, nullptr);
  return logits;
}

// Loss of a chunk, and the gradient of its rows of the residual stream into work.dx.
double Transformer::head_backward(const TokenBatch &batch, int64_t first, int64_t rows, float grad_scale) {
  const HyperParameters &p = model_.parameters;
  const Workspace &w = at_.work;
  const Matrix logits = head_forward(batch, first, rows);
  const double loss = ops_.cross_entropy(device_, logits, batch.targets.data() + first, grad_scale).loss_sum;
  const Matrix d = dense(w.head_dx, rows, p.embedding);
  ops_.linear_backward(device_, d, false, logits, dense(w.head_normed, rows, p.embedding), model_.head.weight,
                       model_.head.dweight, nullptr, nullptr, nullptr, nullptr, {}, nullptr);
  ops_.rms_norm_backward(device_, d, false, model_.output_norm.dweight, d, dense(w.head_x, rows, p.embedding),
                         model_.output_norm.weight, w.head_rstd);
  ops_.scatter_rows(device_, dense(w.dx, batch.token_count(), p.embedding), batch.target_rows.data() + first, d);
  return loss;
}

double Transformer::loss_and_gradients(const TokenBatch &batch, float grad_scale, const DropoutState &dropout) {
  const HyperParameters &p = model_.parameters;
  forward(batch, dropout);
  ops_.fill(device_, at_.work.dx, 0.0f, batch.token_count() * p.embedding);
  double loss = 0.0;
  const int64_t chunk = head_chunk_rows(p, limits_.tokens);
  for (int64_t first = 0; first < batch.target_count(); first += chunk) {
    loss += head_backward(batch, first, std::min(chunk, batch.target_count() - first), grad_scale);
  }
  const PackedBatch packed = batch.packed();
  for (size_t index = model_.layers.size(); index-- > 0;) layer_backward(index, packed, dropout);
  if (model_.dembedding != nullptr) {
    ops_.embedding_backward(device_, model_.dembedding, dense(at_.work.dx, batch.token_count(), p.embedding),
                            packed.tokens);
  }
  return loss;
}

void Transformer::score(const TokenBatch &batch, std::vector<double> &log_probabilities,
                        std::vector<uint8_t> &is_argmax, const LogitsSink &sink) {
  forward(batch, {});
  log_probabilities.resize(batch.targets.size());
  is_argmax.resize(batch.targets.size());
  const int64_t chunk = head_chunk_rows(model_.parameters, limits_.tokens);
  for (int64_t first = 0; first < batch.target_count(); first += chunk) {
    const Matrix logits = head_forward(batch, first, std::min(chunk, batch.target_count() - first));
    if (sink) sink(logits.data, logits.rows, logits.cols); // before they are overwritten
    ops_.log_probability(device_, log_probabilities.data() + first, is_argmax.data() + first, logits,
                         batch.targets.data() + first);
  }
}

double Transformer::loss(const TokenBatch &batch) {
  std::vector<double> log_probabilities;
  std::vector<uint8_t> is_argmax;
  score(batch, log_probabilities, is_argmax);
  double sum = 0.0;
  for (const double value : log_probabilities) sum -= value;
  return sum;
}

} // namespace trex
