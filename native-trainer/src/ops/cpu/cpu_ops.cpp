#include "ops/cpu/cpu_ops.h"

namespace trex {

const Ops &cpu_ops() {
  static const Ops table = {
      .name = "cpu",
      .activations = Element::f32,
      .host_memory = true,
      .allocate = cpu::allocate,
      .release = cpu::release,
      .hold = cpu::hold,
      .upload = cpu::upload,
      .download = cpu::download,
      .copy = cpu::copy,
      .place_batch = cpu::place_batch,
      .fill = cpu::fill,
      .linear_forward = cpu::linear_forward,
      .linear_backward = cpu::linear_backward,
      .rms_norm_forward = cpu::rms_norm_forward,
      .rms_norm_backward = cpu::rms_norm_backward,
      .rope = cpu::rope,
      .attention_forward = cpu::attention_forward,
      .attention_backward = cpu::attention_backward,
      .glu_forward = cpu::glu_forward,
      .glu_backward = cpu::glu_backward,
      .add = cpu::add,
      .scale_rows = cpu::scale_rows,
      .add_noise = cpu::add_noise,
      .embedding_forward = cpu::embedding_forward,
      .embedding_backward = cpu::embedding_backward,
      .gather_rows = cpu::gather_rows,
      .scatter_rows = cpu::scatter_rows,
      .route_forward = cpu::route_forward,
      .route_backward = cpu::route_backward,
      .group_slots = cpu::group_slots,
      .combine_rows = cpu::combine_rows,
      .combine_rows_backward = cpu::combine_rows_backward,
      .causal_conv_forward = cpu::causal_conv_forward,
      .causal_conv_backward = cpu::causal_conv_backward,
      .unit_heads_forward = cpu::unit_heads_forward,
      .unit_heads_backward = cpu::unit_heads_backward,
      .delta_gates_forward = cpu::delta_gates_forward,
      .delta_gates_backward = cpu::delta_gates_backward,
      .delta_rule_forward = cpu::delta_rule_forward,
      .delta_rule_backward = cpu::delta_rule_backward,
      .cross_entropy = cpu::cross_entropy,
      .log_probability = cpu::log_probability,
      .add_up = cpu::add_up,
      .sum_of_squares = cpu::sum_of_squares,
      .adamw = cpu::adamw,
      .adamw8 = cpu::adamw8,
      .average = cpu::average,
  };
  return table;
}

} // namespace trex
