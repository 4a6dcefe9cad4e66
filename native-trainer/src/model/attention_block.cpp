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
  return columns_of(both, 0, layer.shape.head_dim);
}

Matrix gates(const LayerPass &layer, const Matrix &m) {
  return columns_of(by_head(m, 2 * layer.shape.head_dim), layer.shape.head_dim, layer.shape.head_dim);
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

void rotate(const LayerPass &layer, Matrix m, float direction) {
  if (layer.shape.rope == no_rope) return;
  const Pass &pass = layer.pass;
  RopeTable table = pass.ropes[static_cast<size_t>(layer.shape.rope)];
  table.head_dim = layer.shape.head_dim;
  pass.ops.rope(pass.device, m, pass.batch.positions, table, direction);
}

void head_norm_forward(const LayerPass &layer, Matrix y, float *rstd, Matrix x, const Norm &norm) {
  const int64_t head_dim = layer.shape.head_dim;
  norm_forward(layer.pass, by_head(y, head_dim), rstd, by_head(x, head_dim), norm);
}

// dx may be dy.
void head_norm_backward(const LayerPass &layer, Matrix dx, bool add_to_dx, Matrix dy, Matrix x, const Norm &norm,
                        const float *rstd) {
  const int64_t head_dim = layer.shape.head_dim;
  norm_backward(layer.pass, by_head(dx, head_dim), add_to_dx, by_head(dy, head_dim), by_head(x, head_dim), norm, rstd);
}

// q [T, Q] before it is rotated
void queries_forward(const LayerPass &layer, Matrix normed) {
  const LayerActivations &a = layer.a;
  const bool head_norms = layer.pass.parameters.traits().qk_norm;
  project(layer, attn_q, head_norms ? a.q_raw : a.q, normed);
  if (!head_norms) return;
  norm_forward(layer.pass, by_head(a.q, layer.shape.head_dim), a.q_rstd, queries(layer, a.q_raw), layer.weights.q_norm);
}

// dq is the gradient of the queries alone, dprojected has room for that of all that the projection gave and holds that of
// the gates. Without gates both are the same.
void queries_backward(const LayerPass &layer, Matrix dnormed, Matrix dprojected, Matrix dq, Matrix normed) {
  const LayerActivations &a = layer.a;
  if (layer.pass.parameters.traits().qk_norm) {
    norm_backward(layer.pass, queries(layer, dprojected), false, by_head(dq, layer.shape.head_dim),
                  queries(layer, a.q_raw), layer.weights.q_norm, a.q_rstd);
  }
  project_backward(layer, attn_q, dnormed, false, dprojected, normed);
}

// k and v [T, K] before k is rotated
void keys_and_values_forward(const LayerPass &layer, Matrix normed) {
  const LayerActivations &a = layer.a;
  const ArchitectureTraits &traits = layer.pass.parameters.traits();
  project(layer, attn_k, traits.qk_norm ? a.k_raw : a.k, normed);
  if (!layer.shape.values_are_keys) project(layer, attn_v, traits.value_norm ? a.v_raw : a.v, normed);
  if (traits.qk_norm) head_norm_forward(layer, a.k, a.k_rstd, a.k_raw, layer.weights.k_norm);
  if (traits.value_norm) head_norm_forward(layer, a.v, a.v_rstd, a.v_raw, {layer.pass.work.ones});
}

void keys_and_values_backward(const LayerPass &layer, Matrix dnormed, Matrix dk, Matrix dv, Matrix normed) {
  const LayerActivations &a = layer.a;
  const ArchitectureTraits &traits = layer.pass.parameters.traits();
  const bool values_are_keys = layer.shape.values_are_keys;
  if (traits.qk_norm) head_norm_backward(layer, dk, false, dk, a.k_raw, layer.weights.k_norm, a.k_rstd);
  if (traits.value_norm) {
    head_norm_backward(layer, values_are_keys ? dk : dv, values_are_keys, dv, a.v_raw, {layer.pass.work.ones},
                       a.v_rstd);
  }
  project_backward(layer, attn_k, dnormed, true, dk, normed);
  if (!values_are_keys) project_backward(layer, attn_v, dnormed, true, dv, normed);
}

// The layers that read this one's keys and values come first in the backward pass. A reader leaves its part of their
// gradient with theirs, the owner takes up the sum.
void pass_on_to_owner(const LayerPass &layer, const QkvGradients &d) {
  if (!layer.shape.has_own_keys()) {
    add_rows(layer.pass, layer.a.readers_dk, d.k);
    add_rows(layer.pass, layer.a.readers_dv, d.v);
  } else if (layer.a.readers_dk.data != nullptr) {
    add_rows(layer.pass, d.k, layer.a.readers_dk);
    add_rows(layer.pass, d.v, layer.a.readers_dv);
  }
}

} // namespace

void attention_block_forward(const LayerPass &layer) {
  const Pass &pass = layer.pass;
  const HyperParameters &p = pass.parameters;
  const LayerActivations &a = layer.a;
  const Matrix normed = pass.work.normed;

  norm_forward(pass, normed, a.attention_rstd, a.x, layer.weights.attention_norm);
  if (p.traits().fused) {
    project(layer, attn_qkv, a.qkv, normed);
  } else {
    queries_forward(layer, normed);
    if (layer.shape.has_own_keys()) keys_and_values_forward(layer, normed);
  }
  rotate(layer, a.q, 1.0f);
  if (layer.shape.has_own_keys()) rotate(layer, a.k, 1.0f);
  if (pass.temperatures != nullptr) pass.ops.scale_rows(pass.device, a.q, pass.temperatures);
  carry_in(layer);
  pass.ops.attention_forward(pass.device, a.attention, a.lse, a.q, with_carried(a.k, pass.batch.carried),
                             with_carried(a.v, pass.batch.carried), pass.batch, attention_shape(p, layer.shape));
  carry_out(layer);
  if (p.traits().post_norms) {
    project(layer, attn_output, a.attention_out, gated_attention(layer));
    norm_forward(pass, a.middle, a.post_attention_rstd, a.attention_out, layer.weights.post_attention_norm, a.x);
  } else {
    project(layer, attn_output, a.middle, gated_attention(layer), a.x);
  }
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
  pass_on_to_owner(layer, d);
  rotate(layer, dq, -1.0f);
  if (layer.shape.has_own_keys()) rotate(layer, d.k, -1.0f);

  norm_forward(pass, w.normed, a.attention_rstd, a.x, layer.weights.attention_norm);
  Matrix dnormed = w.dnormed;
  if (!input_gradient) dnormed.data = nullptr;
  if (p.traits().fused) {
    project_backward(layer, attn_qkv, dnormed, false, narrowed(w.dqkv, d.q.cols + 2 * d.k.cols), w.normed);
  } else {
    queries_backward(layer, dnormed, d.q, dq, w.normed);
    if (layer.shape.has_own_keys()) keys_and_values_backward(layer, dnormed, d.k, d.v, w.normed);
  }
  if (!input_gradient) return;
  norm_backward(pass, w.dx, true, dnormed, a.x, layer.weights.attention_norm, a.attention_rstd);
}

} // namespace trex
