#include "model/moe_block.h"

// T tokens, C residual width, E experts, k of them for each token, S = T * k slots, F width inside an expert.
namespace trex {
namespace {

RouterShape router_shape(const LayerPass &layer) { return {layer.shape.experts, layer.shape.experts_used, true}; }

// A piece of the workspace as the layer's S slots.
Matrix as_slots(const LayerPass &layer, const Matrix &m, int64_t columns) {
  return packed_within(m, 0, layer.pass.tokens() * layer.shape.experts_used, columns);
}

Matrix slot_x(const LayerPass &layer) {
  return as_slots(layer, layer.pass.work.slot_x, layer.pass.parameters.embedding);
}

Matrix activated(const LayerPass &layer) {
  return as_slots(layer, layer.pass.work.activated, layer.shape.feed_forward);
}

Matrix router_logits(const LayerPass &layer) { return narrowed(layer.pass.work.router, layer.shape.experts); }

// Calls use(expert, first row, rows) for every expert that has any.
template <class Use> void each_expert(const LayerPass &layer, const Use &use) {
  const int32_t *offsets = layer.a.experts.host_offsets;
  for (int64_t e = 0; e < layer.shape.experts; ++e) {
    if (offsets[e] < offsets[e + 1]) use(e, int64_t{offsets[e]}, int64_t{offsets[e + 1] - offsets[e]});
  }
}

DropoutKey slot_dropout(const LayerPass &layer, Projection projection, int64_t expert, int64_t first) {
  DropoutKey key = dropout_key(layer, projection, expert);
  key.tokens = layer.a.experts.groups.tokens + first;
  return key;
}

// y [S, out] = each slot's expert's W x + LoRA, x [S, in]
void project_slots(const LayerPass &layer, Projection projection, Matrix y, Matrix x) {
  const Pass &pass = layer.pass;
  each_expert(layer, [&](int64_t expert, int64_t first, int64_t rows) {
    const Linear linear = layer.weights.projections[projection].of_expert(expert);
    pass.ops.linear_forward(pass.device, rows_of(y, first, rows), rows_of(x, first, rows), linear.weight, nullptr,
                            linear.lora_or_null(), rows_of(layer.a.h[projection], first, rows),
                            slot_dropout(layer, projection, expert, first), top(pass.work.dropped, rows), {});
  });
}

// dx (= or +=) its gradient; those of the experts' own weights are added to.
void project_slots_backward(const LayerPass &layer, Projection projection, Matrix dx, bool add_to_dx, Matrix dy,
                            Matrix x) {
  const Pass &pass = layer.pass;
  each_expert(layer, [&](int64_t expert, int64_t first, int64_t rows) {
    const Linear linear = layer.weights.projections[projection].of_expert(expert);
    pass.ops.linear_backward(pass.device, rows_of(dx, first, rows), add_to_dx, rows_of(dy, first, rows),
                             rows_of(x, first, rows), linear.weight, linear.dweight, nullptr, linear.lora_or_null(),
                             rows_of(layer.a.h[projection], first, rows),
                             top(narrowed(pass.work.dh, linear.lora.rank), rows),
                             slot_dropout(layer, projection, expert, first), top(pass.work.dropped, rows));
  });
}

// normed [T, C] -> which experts, their weights, the order of the slots
void route(const LayerPass &layer) {
  const Pass &pass = layer.pass;
  const ExpertActivations &a = layer.a.experts;
  const Matrix logits = router_logits(layer);
  pass.ops.linear_forward(pass.device, logits, pass.work.normed, layer.weights.router.weight, nullptr, nullptr, {}, {},
                          {}, {});
  pass.ops.route_forward(pass.device, a.chosen, a.weights, logits, router_shape(layer));
  pass.ops.group_slots(pass.device, a.groups, a.host_offsets, a.chosen, pass.tokens(), router_shape(layer));
}

void gather_slots(const LayerPass &layer) {
  layer.pass.ops.gather_rows(layer.pass.device, slot_x(layer), layer.a.experts.groups.tokens, layer.pass.work.normed);
}

void activate(const LayerPass &layer) {
  const ExpertActivations &a = layer.a.experts;
  layer.pass.ops.glu_forward(layer.pass.device, activated(layer), a.gate, a.up,
                             layer.pass.parameters.traits().activation);
}

// slot_x [S, C] -> gate, up [S, F] -> out [S, C]
void answer(const LayerPass &layer) {
  const ExpertActivations &a = layer.a.experts;
  project_slots(layer, ffn_gate_exps, a.gate, slot_x(layer));
  project_slots(layer, ffn_up_exps, a.up, slot_x(layer));
  activate(layer);
  project_slots(layer, ffn_down_exps, a.out, activated(layer));
}

} // namespace

void moe_block_forward(const LayerPass &layer, Matrix x_out) {
  const Pass &pass = layer.pass;
  const ExpertActivations &a = layer.a.experts;
  moe_block_again(layer);
  pass.ops.combine_rows(pass.device, x_out, false, a.out, a.groups.places, a.weights, layer.shape.experts_used);
  add_rows(pass, x_out, layer.a.middle);
}

void moe_block_again(const LayerPass &layer) {
  norm_forward(layer.pass, layer.pass.work.normed, layer.a.ffn_rstd, layer.a.middle, layer.weights.ffn_norm);
  route(layer);
  gather_slots(layer);
  answer(layer);
}

void moe_block_backward(const LayerPass &layer, bool experts_again) {
  const Pass &pass = layer.pass;
  const ExpertActivations &a = layer.a.experts;
  const Workspace &w = pass.work;
  const int64_t used = layer.shape.experts_used;

  norm_forward(pass, w.normed, layer.a.ffn_rstd, layer.a.middle, layer.weights.ffn_norm);
  gather_slots(layer);
  if (experts_again) {
    answer(layer);
  } else {
    activate(layer);
  }

  // dout takes the place of out, then dslot_x that of dout.
  pass.ops.combine_rows_backward(pass.device, a.out, w.dweights, w.dx, a.out, a.groups.places, a.weights, used);
  const Matrix dactivated = as_slots(layer, w.dactivated, layer.shape.feed_forward);
  project_slots_backward(layer, ffn_down_exps, dactivated, false, a.out, activated(layer));
  pass.ops.glu_backward(pass.device, a.gate, a.up, dactivated, a.gate, a.up, pass.parameters.traits().activation);
  project_slots_backward(layer, ffn_gate_exps, a.out, false, a.gate, slot_x(layer));
  project_slots_backward(layer, ffn_up_exps, a.out, true, a.up, slot_x(layer));
  pass.ops.combine_rows(pass.device, w.dnormed, false, a.out, a.groups.places, nullptr, used);

  const Matrix dlogits = router_logits(layer);
  const Linear &router = layer.weights.router;
  pass.ops.route_backward(pass.device, dlogits, w.dweights, a.chosen, a.weights, router_shape(layer));
  pass.ops.linear_backward(pass.device, w.dnormed, true, dlogits, w.normed, router.weight, router.dweight, nullptr,
                           nullptr, {}, {}, {}, {});
  norm_backward(pass, w.dx, true, w.dnormed, layer.a.middle, layer.weights.ffn_norm, layer.a.ffn_rstd);
}

} // namespace trex
