#include "model/feed_forward_block.h"

// T tokens, C residual width, F feed-forward width.
namespace trex {
namespace {

// normed [T, C] -> gate, up [T, F]
void gate_and_up(const LayerPass &layer) {
  const Matrix normed = layer.pass.work.normed;
  if (layer.pass.parameters.traits().fused) {
    project(layer, ffn_up, layer.a.gate_up, normed);
  } else {
    project(layer, ffn_gate, layer.a.gate, normed);
    project(layer, ffn_up, layer.a.up, normed);
  }
}

Matrix activate(const LayerPass &layer) {
  const Pass &pass = layer.pass;
  const Matrix activated = narrowed(pass.work.activated, layer.shape.feed_forward);
  pass.ops.glu_forward(pass.device, activated, layer.a.gate, layer.a.up, pass.parameters.traits().activation);
  return activated;
}

} // namespace

void feed_forward_block_forward(const LayerPass &layer, Matrix x_out) {
  const Pass &pass = layer.pass;
  const LayerActivations &a = layer.a;
  norm_forward(pass, pass.work.normed, a.ffn_rstd, a.middle, layer.weights.ffn_norm);
  gate_and_up(layer);
  const Matrix activated = activate(layer);
  if (pass.parameters.traits().post_norms) {
    project(layer, ffn_down, a.ffn_out, activated);
    norm_forward(pass, x_out, a.post_ffn_rstd, a.ffn_out, layer.weights.post_ffn_norm, a.middle);
  } else {
    project(layer, ffn_down, x_out, activated, a.middle);
  }
}

void feed_forward_block_again(const LayerPass &layer) {
  const Pass &pass = layer.pass;
  const LayerActivations &a = layer.a;
  norm_forward(pass, pass.work.normed, a.ffn_rstd, a.middle, layer.weights.ffn_norm);
  gate_and_up(layer);
  const Linear &down = layer.weights.projections[ffn_down];
  const bool post_norm = pass.parameters.traits().post_norms;
  if (!post_norm && down.lora.rank == 0) return;
  // The post-norm's backward pass needs its input, the LoRA's needs A x.
  const Matrix activated = activate(layer);
  const Matrix out = post_norm ? a.ffn_out : pass.work.dnormed; // scratch at this point
  project(layer, ffn_down, out, activated);
  if (post_norm) norm_forward(pass, pass.work.dnormed, a.post_ffn_rstd, out, layer.weights.post_ffn_norm);
}

void feed_forward_block_backward(const LayerPass &layer, bool gate_and_up_again) {
  const Pass &pass = layer.pass;
  const HyperParameters &p = pass.parameters;
  const LayerActivations &a = layer.a;
  const Workspace &w = pass.work;

  Matrix dout = w.dx; // of the down projection
  if (p.traits().post_norms) {
    dout = w.dblock;
    norm_backward(pass, dout, false, w.dx, a.ffn_out, layer.weights.post_ffn_norm, a.post_ffn_rstd);
  }
  norm_forward(pass, w.normed, a.ffn_rstd, a.middle, layer.weights.ffn_norm);
  if (gate_and_up_again) gate_and_up(layer);
  const Matrix activated = activate(layer), dactivated = narrowed(w.dactivated, layer.shape.feed_forward);
  project_backward(layer, ffn_down, dactivated, false, dout, activated);
  pass.ops.glu_backward(pass.device, a.gate, a.up, dactivated, a.gate, a.up, p.traits().activation);
  if (p.traits().fused) {
    project_backward(layer, ffn_up, w.dnormed, false, a.gate_up, w.normed);
  } else {
    project_backward(layer, ffn_gate, w.dnormed, false, a.gate, w.normed);
    project_backward(layer, ffn_up, w.dnormed, true, a.up, w.normed);
  }
  norm_backward(pass, w.dx, true, w.dnormed, a.middle, layer.weights.ffn_norm, a.ffn_rstd);
}

} // namespace trex
