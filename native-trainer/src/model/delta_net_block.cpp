#include "model/delta_net_block.h"

// T tokens, C residual width, D head width, Hk key heads, Hv value heads, V = Hv * D, W = 2 Hk D + V.
namespace trex {
namespace {

DeltaShape rule_shape(const DeltaNetShape &delta) { return {delta.key_heads, delta.value_heads, delta.head_dim}; }

// The columns of q and k: [T, 2 Hk D]
Matrix queries_and_keys(const Matrix &m, const DeltaNetShape &delta) {
  return columns_of(m, 0, 2 * delta.key_width());
}

// gated [T, V] = norm(delta_out), head by head
Matrix norm_heads(const LayerPass &layer) {
  const DeltaNetShape &delta = layer.shape.delta;
  const Matrix gated = narrowed(layer.pass.work.gated, delta.value_width());
  norm_forward(layer.pass, by_head(gated, delta.head_dim), layer.a.delta_rstd,
               by_head(layer.a.delta_out, delta.head_dim), layer.weights.delta_norm);
  return gated;
}

// gated [T, V] = norm(delta_out) * silu(z)
Matrix norm_and_gate(const LayerPass &layer) {
  const Matrix gated = norm_heads(layer);
  layer.pass.ops.glu_forward(layer.pass.device, gated, layer.a.z, gated, Activation::silu);
  return gated;
}

} // namespace

void delta_net_block_forward(const LayerPass &layer) {
  const Pass &pass = layer.pass;
  const Ops &ops = pass.ops;
  const LayerActivations &a = layer.a;
  const DeltaNetShape &delta = layer.shape.delta;
  const Matrix normed = pass.work.normed;

  norm_forward(pass, normed, a.attention_rstd, a.x, layer.weights.attention_norm);
  project(layer, attn_qkv, a.mixed, normed);
  project(layer, attn_gate, a.z, normed);
  project(layer, ssm_beta, a.beta, normed);
  project(layer, ssm_alpha, a.alpha, normed);
  ops.causal_conv_forward(pass.device, a.convolved, a.mixed, layer.weights.conv.weight, delta.kernel, pass.batch);
  ops.unit_heads_forward(pass.device, queries_and_keys(a.convolved, delta), a.unit_inverse, delta.head_dim,
                         pass.epsilon());
  ops.delta_gates_forward(pass.device, a.beta, a.log_decay, a.alpha, layer.weights.decay_rate.weight,
                          layer.weights.decay_bias.weight);
  ops.delta_rule_forward(pass.device, a.delta_out, a.convolved, a.beta, a.log_decay, pass.batch, rule_shape(delta));
  project(layer, ssm_out, a.middle, norm_and_gate(layer), a.x);
}

void delta_net_block_backward(const LayerPass &layer, bool input_gradient) {
  const Pass &pass = layer.pass;
  const Ops &ops = pass.ops;
  const LayerActivations &a = layer.a;
  const Layer &weights = layer.weights;
  const DeltaNetShape &delta = layer.shape.delta;
  const Workspace &w = pass.work;

  const Matrix dgated = narrowed(w.dattention, delta.value_width());
  project_backward(layer, ssm_out, dgated, false, w.dx, norm_and_gate(layer));
  const Matrix dnormed_out = norm_heads(layer); // the norm's output until its gradient takes its place
  ops.glu_backward(pass.device, a.z, dnormed_out, dgated, a.z, dnormed_out, Activation::silu);
  const Matrix ddelta = by_head(dnormed_out, delta.head_dim);
  norm_backward(pass, ddelta, false, ddelta, by_head(a.delta_out, delta.head_dim), weights.delta_norm, a.delta_rstd);

  const Matrix dmixed = narrowed(w.dqkv, delta.mixed_width());
  const Matrix dbeta = narrowed(w.dbeta, delta.value_heads), dlog_decay = narrowed(w.dlog_decay, delta.value_heads);
  ops.delta_rule_backward(pass.device, dmixed, dbeta, dlog_decay, dnormed_out, a.convolved, a.beta, a.log_decay,
                          pass.batch, rule_shape(delta));
  ops.delta_gates_backward(pass.device, dbeta, dlog_decay, weights.decay_rate.dweight, weights.decay_bias.dweight, a.beta,
                           a.alpha, weights.decay_rate.weight, weights.decay_bias.weight);
  ops.unit_heads_backward(pass.device, queries_and_keys(dmixed, delta), queries_and_keys(a.convolved, delta),
                          a.unit_inverse, delta.head_dim, pass.epsilon());
  ops.causal_conv_backward(pass.device, dmixed, weights.conv.dweight, a.mixed, weights.conv.weight, delta.kernel,
                           pass.batch);

  norm_forward(pass, w.normed, a.attention_rstd, a.x, weights.attention_norm);
  Matrix dnormed = w.dnormed;
  if (!input_gradient) dnormed.data = nullptr;
  project_backward(layer, attn_qkv, dnormed, false, dmixed, w.normed);
  project_backward(layer, attn_gate, dnormed, true, a.z, w.normed);
  project_backward(layer, ssm_beta, dnormed, true, dbeta, w.normed);
  project_backward(layer, ssm_alpha, dnormed, true, dlog_decay, w.normed);
  if (!input_gradient) return;
  norm_backward(pass, w.dx, true, dnormed, a.x, weights.attention_norm, a.attention_rstd);
}

} // namespace trex
