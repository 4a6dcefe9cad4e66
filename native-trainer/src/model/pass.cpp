#include "model/pass.h"

namespace trex {

namespace {

// The number of a projection's mask. Those of the first families keep theirs when others bring more, so that a job can
// be resumed; layers are at most 512, and numbers stay below that of the embedding noise, 2^19.
uint64_t mask_number(size_t layer, Projection projection) {
  constexpr uint64_t others = uint64_t{1} << 18;
  const auto first = [layer](uint64_t number) { return 8 * layer + number; };
  switch (projection) {
  case attn_q: return first(0);
  case attn_k: return first(1);
  case attn_v: return first(2);
  case attn_qkv: return first(3);
  case attn_output: return first(4);
  case ffn_gate: return first(5);
  case ffn_up: return first(6);
  case ffn_down: return first(7);
  default: return others + 32 * layer + projection;
  }
}

static_assert(projection_count <= 32);

} // namespace

DropoutKey dropout_key(const LayerPass &layer, Projection projection, int64_t expert) {
  const PassNoise &noise = layer.pass.noise;
  const uint64_t matrix = mask_number(layer.index, projection); // steps are below 2^30
  const uint64_t stream = (static_cast<uint64_t>(expert) << 50) + (noise.step << 20) + matrix;
  return {noise.dropout, noise.seed, stream, noise.first_token};
}

LayerActivations cut(LayerActivations a, const LayerShape &shape, int64_t tokens) {
  for (Matrix *m : {&a.x,         &a.q_raw,     &a.k_raw,         &a.v_raw,      &a.qkv,        &a.q,
                    &a.k,         &a.v,         &a.readers_dk,    &a.readers_dv, &a.attention,  &a.attention_out,
                    &a.middle,    &a.gate_up,   &a.gate,          &a.up,         &a.ffn_out,    &a.mixed,
                    &a.convolved, &a.z,         &a.beta,          &a.alpha,      &a.log_decay,  &a.delta_out,
                    &a.block_out, &a.inp_gate,  &a.proj_out}) {
    m->rows = tokens;
  }
  for (Matrix *m : {&a.experts.gate, &a.experts.up, &a.experts.out}) m->rows = tokens * shape.experts_used;
  for (size_t i = 0; i < projection_count; ++i) a.h[i].rows = is_of_slots(i) ? tokens * shape.experts_used : tokens;
  return a;
}

Workspace cut(Workspace w, int64_t tokens) {
  for (Matrix *m : {&w.normed, &w.activated, &w.router, &w.final_x, &w.dx, &w.dnormed, &w.dblock, &w.dqkv,
                    &w.dattention, &w.dactivated, &w.gated, &w.dbeta, &w.dlog_decay, &w.table_rows, &w.dh, &w.dropped}) {
    m->rows = tokens;
  }
  return w;
}

PerLayerActivations cut(PerLayerActivations a, int64_t tokens) {
  a.projected.rows = a.inputs.rows = tokens;
  return a;
}

void project(const LayerPass &layer, Projection projection, Matrix y, Matrix x, Matrix residual) {
  const Pass &pass = layer.pass;
  const Linear &linear = layer.weights.projections[projection];
  pass.ops.linear_forward(pass.device, y, x, linear.weight, linear.bias, linear.lora_or_null(), layer.a.h[projection],
                          dropout_key(layer, projection), pass.work.dropped, residual);
}

void project_backward(const LayerPass &layer, Projection projection, Matrix dx, bool add_to_dx, Matrix dy, Matrix x) {
  const Pass &pass = layer.pass;
  const Linear &linear = layer.weights.projections[projection];
  pass.ops.linear_backward(pass.device, dx, add_to_dx, dy, x, linear.weight, linear.dweight, linear.dbias,
                           linear.lora_or_null(), layer.a.h[projection], narrowed(pass.work.dh, linear.lora.rank),
                           dropout_key(layer, projection), pass.work.dropped);
}

void norm_forward(const Pass &pass, Matrix y, float *rstd, Matrix x, const Norm &norm, Matrix residual) {
  pass.ops.rms_norm_forward(pass.device, y, rstd, x, norm.weight, pass.epsilon(), residual);
}

void norm_backward(const Pass &pass, Matrix dx, bool add_to_dx, Matrix dy, Matrix x, const Norm &norm,
                   const float *rstd) {
  pass.ops.rms_norm_backward(pass.device, dx, add_to_dx, norm.dweight, dy, x, norm.weight, rstd);
}

void add_rows(const Pass &pass, Matrix y, Matrix x) { pass.ops.add(pass.device, y, x); }

void scale_all(const Pass &pass, Matrix x, float factor) {
  pass.ops.fill(pass.device, {pass.work.factors, 1, x.rows, x.rows}, factor);
  pass.ops.scale_rows(pass.device, x, pass.work.factors);
}

} // namespace trex
