#include "ops/cuda/cuda_ops.h"

namespace trex {

const Ops &cuda_ops() {
  static const Ops table = {
      .name = "cuda",
      .activations = Element::bf16,
      .host_memory = false,
      .allocate = cuda_backend::allocate,
      .release = cuda_backend::release,
      .hold = cuda_backend::hold,
      .upload = cuda_backend::upload,
      .download = cuda_backend::download,
      .copy = cuda_backend::copy,
      .place_batch = cuda_backend::place_batch,
      .fill = cuda_backend::fill,
      .linear_forward = cuda_backend::linear_forward,
      .linear_backward = cuda_backend::linear_backward,
      .rms_norm_forward = cuda_backend::rms_norm_forward,
      .rms_norm_backward = cuda_backend::rms_norm_backward,
      .rope = cuda_backend::rope,
      .attention_forward = cuda_backend::attention_forward,
      .attention_backward = cuda_backend::attention_backward,
      .glu_forward = cuda_backend::glu_forward,
      .glu_backward = cuda_backend::glu_backward,
      .add = cuda_backend::add,
      .scale_rows = cuda_backend::scale_rows,
      .add_noise = cuda_backend::add_noise,
      .embedding_forward = cuda_backend::embedding_forward,
      .embedding_backward = cuda_backend::embedding_backward,
      .gather_rows = cuda_backend::gather_rows,
      .scatter_rows = cuda_backend::scatter_rows,
      .route_forward = cuda_backend::route_forward,
      .route_backward = cuda_backend::route_backward,
      .group_slots = cuda_backend::group_slots,
      .combine_rows = cuda_backend::combine_rows,
      .combine_rows_backward = cuda_backend::combine_rows_backward,
      .causal_conv_forward = cuda_backend::causal_conv_forward,
      .causal_conv_backward = cuda_backend::causal_conv_backward,
      .unit_heads_forward = cuda_backend::unit_heads_forward,
      .unit_heads_backward = cuda_backend::unit_heads_backward,
      .delta_gates_forward = cuda_backend::delta_gates_forward,
      .delta_gates_backward = cuda_backend::delta_gates_backward,
      .delta_rule_forward = cuda_backend::delta_rule_forward,
      .delta_rule_backward = cuda_backend::delta_rule_backward,
      .cross_entropy = cuda_backend::cross_entropy,
      .log_probability = cuda_backend::log_probability,
      .add_up = cuda_backend::add_up,
      .sum_of_squares = cuda_backend::sum_of_squares,
      .adamw = cuda_backend::adamw,
      .adamw8 = cuda_backend::adamw8,
      .average = cuda_backend::average,
  };
  return table;
}

} // namespace trex
