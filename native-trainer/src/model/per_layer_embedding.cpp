#include "model/per_layer_embedding.h"

#include <cmath>

// T tokens, C residual width, P width of per-layer embeddings, L layers.
namespace trex {
namespace {

float table_scale(const Pass &pass) { return std::sqrt(static_cast<float>(pass.parameters.per_layer_embedding)); }

// The inputs are a mean of two terms that keeps their variance.
constexpr float mean_scale = 0.70710678f;

// [T, P], the layer's columns
Matrix inputs_of(const LayerPass &layer) {
  const Matrix &all = layer.pass.per_layer.inputs;
  const int64_t width = layer.pass.parameters.per_layer_embedding;
  return columns_of(all, static_cast<int64_t>(layer.index) * width, width);
}

Matrix activate(const LayerPass &layer) {
  const Pass &pass = layer.pass;
  const Matrix activated = narrowed(pass.work.activated, layer.a.inp_gate.cols);
  pass.ops.glu_forward(pass.device, activated, layer.a.inp_gate, inputs_of(layer), pass.parameters.traits().activation);
  return activated;
}

} // namespace

void per_layer_inputs_forward(const Pass &pass, const PerLayerEmbedding &weights, Matrix x) {
  const PerLayerActivations &a = pass.per_layer;
  const int64_t width = pass.parameters.per_layer_embedding;
  pass.ops.linear_forward(pass.device, a.projected, x, weights.projection.weight, nullptr, nullptr, {}, {}, {}, {});
  // norm(v / sqrt(C)) with epsilon is norm(v) with epsilon * C.
  const float epsilon = pass.epsilon() * static_cast<float>(x.cols);
  pass.ops.embedding_forward(pass.device, pass.work.table_rows, pass.batch.tokens, weights.table, table_scale(pass));
  pass.ops.rms_norm_forward(pass.device, by_head(a.inputs, width), a.rstd, by_head(a.projected, width),
                            weights.norm.weight, epsilon, by_head(pass.work.table_rows, width));
  scale_all(pass, a.inputs, mean_scale);
}

void per_layer_inputs_backward(const Pass &pass, const PerLayerEmbedding &weights, Matrix x) {
  const PerLayerActivations &a = pass.per_layer;
  const int64_t width = pass.parameters.per_layer_embedding;
  const Matrix d = a.inputs;
  scale_all(pass, d, mean_scale);
  if (weights.dtable != nullptr) {
    pass.ops.embedding_backward(pass.device, weights.dtable, d, pass.batch.tokens, table_scale(pass));
  }
  norm_backward(pass, by_head(d, width), false, by_head(d, width), by_head(a.projected, width), weights.norm, a.rstd);
  pass.ops.linear_backward(pass.device, pass.work.dx, true, d, x, weights.projection.weight, weights.projection.dweight,
                           nullptr, nullptr, {}, {}, {}, {});
}

void per_layer_embedding_forward(const LayerPass &layer, Matrix x_out) {
  const Pass &pass = layer.pass;
  const LayerActivations &a = layer.a;
  project(layer, inp_gate, a.inp_gate, a.block_out);
  project(layer, proj, a.proj_out, activate(layer));
  norm_forward(pass, x_out, a.per_layer_rstd, a.proj_out, layer.weights.per_layer_norm, a.block_out);
}

void per_layer_embedding_backward(const LayerPass &layer) {
  const Pass &pass = layer.pass;
  const LayerActivations &a = layer.a;
  const Workspace &w = pass.work;
  const Matrix inputs = inputs_of(layer);
  norm_backward(pass, w.dblock, false, w.dx, a.proj_out, layer.weights.per_layer_norm, a.per_layer_rstd);
  const Matrix activated = activate(layer), dactivated = narrowed(w.dactivated, inputs.cols);
  project_backward(layer, proj, dactivated, false, w.dblock, activated);
  pass.ops.glu_backward(pass.device, a.inp_gate, inputs, dactivated, a.inp_gate, inputs,
                        pass.parameters.traits().activation);
  project_backward(layer, inp_gate, w.dx, true, a.inp_gate, a.block_out);
}

} // namespace trex
