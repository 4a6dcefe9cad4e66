#include "model/attention_block.h"

// T tokens, C residual width, D head width, Q = heads * D, K = kv_heads * D.
namespace trex {
namespace {

AttentionShape attention_shape(const HyperParameters &p, const LayerShape &layer) {
  return {layer.heads,
          layer.kv_heads,
          layer.head_dim,
          static_cast<float>(p.attention_scale),
          static_cast<float>(p.attention_softcap),
          layer.window};
}

// Of what the query projection gave, or of its gradient, the queries of every head as [T * heads, D]. With a gate every
// head has 2 D values: its query and then its gate.
Matrix queries(const LayerPass &layer, const Matrix &m) {
  if (!layer.pass.parameters.traits().gated_attention) return by_head(m, layer.shape.head_dim);
  const Matrix both = by_head(m, 2 * layer.shape.head_dim);
  return {both.data, both.rows, layer.shape.head_dim, both.stride};
}

Matrix gates(const LayerPass &layer, const Matrix &m) {
  Matrix gate = queries(layer, m);
  gate.data += layer.shape.head_dim;
  return gate;
}

// What the output projection takes: attention's output, past its gate where there is one.
Matrix gated_attention(const LayerPass &layer) {
  const Pass &pass = layer.pass;
  if (!pass.parameters.traits().gated_attention) return layer.a.attention;
  const Matrix gated = narrowed(pass.work.gated, layer.shape.q_width());
  pass.ops.glu_forward(pass.device, by_head(gated, layer.shape.head_dim), gates(layer, layer.a.q_raw),
                       by_head(layer.a.attention, layer.shape.head_dim), Activation::sigmoid);
  return gated;
}

void rotate(const LayerPass &layer, Matrix q, Matrix k, float direction) {
  if (layer.shape.rope == no_rope) return;
  const Pass &pass = layer.pass;
  RopeTable table = pass.ropes[static_cast<size_t>(layer.shape.rope)];
  table.head_dim = layer.shape.head_dim;
  pass.ops.rope(pass.device, q, pass.batch.positions, table, direction);
  pass.ops.rope(pass.device, k, pass.batch.positions, table, direction);
}

} // namespace

void attention_block_forward(const LayerPass &layer) {
  const Pass &pass = layer.pass;
  const HyperParameters &p = pass.parameters;
  const LayerActivations &a = layer.a;
  const Matrix normed = pass.work.normed;
  const int64_t head_dim = layer.shape.head_dim;

  norm_forward(pass, normed, a.attention_rstd, a.x, layer.weights.attention_norm);
  if (p.traits().fused) {
    project(layer, attn_qkv, a.qkv, normed);
  } else {
    const bool head_norms = p.traits().qk_norm;
    project(layer, attn_q, head_norms ? a.q_raw : a.q, normed);
    project(layer, attn_k, head_norms ? a.k_raw : a.k, normed);
    project(layer, attn_v, a.v, normed);
    if (head_norms) {
      norm_forward(pass, by_head(a.q, head_dim), a.q_rstd, queries(layer, a.q_raw), layer.weights.q_norm);
      norm_forward(pass, by_head(a.k, head_dim), a.k_rstd, by_head(a.k_raw, head_dim), layer.weights.k_norm);
    }
  }
  rotate(layer, a.q, a.k, 1.0f);
  if (pass.temperatures != nullptr) pass.ops.scale_rows(pass.device, a.q, pass.temperatures);
  carry_in(layer);
  pass.ops.attention_forward(pass.device, a.attention, a.lse, a.q, with_carried(a.k, pass.batch.carried),
                             with_carried(a.v, pass.batch.carried), pass.batch, attention_shape(p, layer.shape));
  carry_out(layer);
  if (p.traits().post_norms) {
    project(layer, attn_output, a.attention_out, gated_attention(layer));
    norm_forward(pass, a.middle, a.post_attention_rstd, a.attention_out, layer.weights.post_attention_norm);
  } else {
    project(layer, attn_output, a.middle, gated_attention(layer));
  }
  add_rows(pass, a.middle, a.x);
}

void attention_block_backward(const LayerPass &layer, bool input_gradient) {
  const Pass &pass = layer.pass;
  const HyperParameters &p = pass.parameters;
  const LayerActivations &a = layer.a;
  const Workspace &w = pass.work;
  const int64_t head_dim = layer.shape.head_dim;

  Matrix dout = w.dx; // of the output projection
  if (p.traits().post_norms) {
    dout = w.dblock;
    norm_backward(pass, dout, false, w.dx, a.attention_out, layer.weights.post_attention_norm, a.post_attention_rstd);
  }
  const Matrix dattention = narrowed(w.dattention, layer.shape.q_width());
  project_backward(layer, attn_output, dattention, false, dout, gated_attention(layer));
  const QkvGradients d = split_qkv(w.dqkv, layer.shape, p.traits());
  Matrix dq = d.q;
  if (p.traits().gated_attention) {
    pass.ops.glu_backward(pass.device, gates(layer, d.q), by_head(dattention, head_dim), by_head(dattention, head_dim),
                          gates(layer, a.q_raw), by_head(a.attention, head_dim), Activation::sigmoid);
    dq = narrowed(w.gated, layer.shape.q_width()); // of the queries alone, side by side
  }
  pass.ops.attention_backward(pass.device, dq, d.k, d.v, dattention, a.attention, a.lse, a.q, a.k, a.v, pass.batch,
                              attention_shape(p, layer.shape));
  if (pass.temperatures != nullptr) pass.ops.scale_rows(pass.device, dq, pass.temperatures);
  rotate(layer, dq, d.k, -1.0f);
  if (p.traits().qk_norm) {
    const Matrix dk = by_head(d.k, head_dim);
    norm_backward(pass, queries(layer, d.q), false, by_head(dq, head_dim), queries(layer, a.q_raw), layer.weights.q_norm,
                  a.q_rstd);
    norm_backward(pass, dk, false, dk, by_head(a.k_raw, head_dim), layer.weights.k_norm, a.k_rstd);
  }

  norm_forward(pass, w.normed, a.attention_rstd, a.x, layer.weights.attention_norm);
  Matrix dnormed = w.dnormed;
  if (!input_gradient) dnormed.data = nullptr;
  if (p.traits().fused) {
    project_backward(layer, attn_qkv, dnormed, false, narrowed(w.dqkv, d.q.cols + 2 * d.k.cols), w.normed);
  } else {
    project_backward(layer, attn_q, dnormed, false, d.q, w.normed);
    project_backward(layer, attn_k, dnormed, true, d.k, w.normed);
    project_backward(layer, attn_v, dnormed, true, d.v, w.normed);
  }
  if (!input_gradient) return;
  norm_backward(pass, w.dx, true, dnormed, a.x, layer.weights.attention_norm, a.attention_rstd);
}

} // namespace trex
