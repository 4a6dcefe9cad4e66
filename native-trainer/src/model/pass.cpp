#include "model/pass.h"

namespace trex {
namespace {

// The number of a projection's mask. The first eight projections of a layer keep theirs when families bring more, so
// that a job can be resumed; layers are at most 512, and numbers stay below that of the embedding noise.
uint64_t mask_number(size_t layer, Projection projection) {
  constexpr uint64_t first = 8, others = uint64_t{1} << 18;
  return projection < first ? layer * first + projection : others + layer * first + projection - first;
}

DropoutKey dropout_key(const PassNoise &noise, size_t layer, Projection projection) {
  return {noise.dropout, noise.seed, (noise.step << 20) + mask_number(layer, projection), noise.first_token};
}

} // namespace

LayerActivations cut(LayerActivations a, int64_t tokens) {
  for (Matrix *m : {&a.x,    &a.q_raw,      &a.k_raw,      &a.v_raw,     &a.qkv,           &a.q,       &a.k,
                    &a.v,    &a.readers_dk, &a.readers_dv, &a.attention, &a.attention_out, &a.middle,  &a.gate_up,
                    &a.gate, &a.up,         &a.ffn_out,    &a.block_out, &a.inp_gate,      &a.proj_out}) {
    m->rows = tokens;
  }
  return a;
}

Workspace cut(Workspace w, int64_t tokens) {
  for (Matrix *m : {&w.normed, &w.activated, &w.final_x, &w.dx, &w.dnormed, &w.dblock, &w.dqkv, &w.dattention,
                    &w.dactivated, &w.table_rows}) {
    m->rows = tokens;
  }
  return w;
}

PerLayerActivations cut(PerLayerActivations a, int64_t tokens) {
  a.projected.rows = a.inputs.rows = tokens;
  return a;
}

void project(const LayerPass &layer, Projection projection, Matrix y, Matrix x) {
  const Pass &pass = layer.pass;
  const Linear &linear = layer.weights.projections[projection];
  pass.ops.linear_forward(pass.device, y, x, linear.weight, linear.bias, linear.lora_or_null(), layer.a.h[projection],
                          dropout_key(pass.noise, layer.index, projection), pass.work.dropped);
}

void project_backward(const LayerPass &layer, Projection projection, Matrix dx, bool add_to_dx, Matrix dy, Matrix x) {
  const Pass &pass = layer.pass;
  const Linear &linear = layer.weights.projections[projection];
  pass.ops.linear_backward(pass.device, dx, add_to_dx, dy, x, linear.weight, linear.dweight, linear.dbias,
                           linear.lora_or_null(), layer.a.h[projection], pass.work.dh,
                           dropout_key(pass.noise, layer.index, projection), pass.work.dropped);
}

void norm_forward(const Pass &pass, Matrix y, float *rstd, Matrix x, const Norm &norm) {
  pass.ops.rms_norm_forward(pass.device, y, rstd, x, norm.weight, pass.epsilon());
}

void norm_backward(const Pass &pass, Matrix dx, bool add_to_dx, Matrix dy, Matrix x, const Norm &norm,
                   const float *rstd) {
  pass.ops.rms_norm_backward(pass.device, dx, add_to_dx, norm.dweight, dy, x, norm.weight, rstd);
}

void add_rows(const Pass &pass, Matrix y, Matrix x) { pass.ops.add(pass.device, y.data, x.data, y.rows * y.cols); }

void scale_all(const Pass &pass, Matrix x, float factor) {
  pass.ops.fill(pass.device, pass.work.factors, factor, x.rows);
  pass.ops.scale_rows(pass.device, x, pass.work.factors);
}

} // namespace trex
