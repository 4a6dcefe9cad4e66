#include "model/pass.h"

namespace trex {

DropoutKey dropout_key(const LayerPass &layer, Projection projection, int64_t expert) {
  const PassNoise &noise = layer.pass.noise;
  const uint64_t matrix = layer.index * projection_count + projection; // below 2^19; steps are below 2^30
  const uint64_t stream = (static_cast<uint64_t>(expert) << 50) + (noise.step << 20) + matrix;
  return {noise.dropout, noise.seed, stream, noise.first_token};
}

LayerActivations cut(LayerActivations a, const LayerShape &shape, int64_t tokens) {
  for (Matrix *m : {&a.x, &a.q_raw, &a.k_raw, &a.qkv, &a.q, &a.k, &a.v, &a.attention, &a.attention_out, &a.middle,
                    &a.gate_up, &a.gate, &a.up, &a.ffn_out, &a.mixed, &a.convolved, &a.z, &a.beta, &a.alpha,
                    &a.log_decay, &a.delta_out}) {
    m->rows = tokens;
  }
  for (Matrix *m : {&a.experts.gate, &a.experts.up, &a.experts.out}) m->rows = tokens * shape.experts_used;
  return a;
}

Workspace cut(Workspace w, int64_t tokens) {
  for (Matrix *m : {&w.normed, &w.activated, &w.router, &w.final_x, &w.dx, &w.dnormed, &w.dblock, &w.dqkv,
                    &w.dattention, &w.dactivated, &w.gated, &w.dbeta, &w.dlog_decay}) {
    m->rows = tokens;
  }
  return w;
}

void project(const LayerPass &layer, Projection projection, Matrix y, Matrix x) {
  const Pass &pass = layer.pass;
  const Linear &linear = layer.weights.projections[projection];
  pass.ops.linear_forward(pass.device, y, x, linear.weight, linear.bias, linear.lora_or_null(), layer.a.h[projection],
                          dropout_key(layer, projection), pass.work.dropped);
}

void project_backward(const LayerPass &layer, Projection projection, Matrix dx, bool add_to_dx, Matrix dy, Matrix x) {
  const Pass &pass = layer.pass;
  const Linear &linear = layer.weights.projections[projection];
  pass.ops.linear_backward(pass.device, dx, add_to_dx, dy, x, linear.weight, linear.dweight, linear.dbias,
                           linear.lora_or_null(), layer.a.h[projection], pass.work.dh, dropout_key(layer, projection),
                           pass.work.dropped);
}

void norm_forward(const Pass &pass, Matrix y, float *rstd, Matrix x, const Norm &norm) {
  pass.ops.rms_norm_forward(pass.device, y, rstd, x, norm.weight, pass.epsilon());
}

void norm_backward(const Pass &pass, Matrix dx, bool add_to_dx, Matrix dy, Matrix x, const Norm &norm,
                   const float *rstd) {
  pass.ops.rms_norm_backward(pass.device, dx, add_to_dx, norm.dweight, dy, x, norm.weight, rstd);
}

void add_rows(const Pass &pass, Matrix y, Matrix x) { pass.ops.add(pass.device, y.data, x.data, y.rows * y.cols); }

} // namespace trex
