#include "train/training_flops.h"

#include <algorithm>

namespace trex {
namespace {

double projection_flops(const Linear &linear, double tokens, bool input_gradient) {
  const double weight = 2.0 * static_cast<double>(linear.weight.in) * static_cast<double>(linear.weight.out);
  const double lora =
      2.0 * static_cast<double>(linear.lora.rank) * static_cast<double>(linear.weight.in + linear.weight.out);
  double passes = weight + lora;                   // forward
  if (input_gradient) passes += weight;            // dx
  if (linear.dweight != nullptr) passes += weight; // dW
  if (linear.lora.da != nullptr) {
    const double half_in = 2.0 * static_cast<double>(linear.lora.rank * linear.weight.in);
    passes += lora + (lora - half_in) + (input_gradient ? half_in : 0.0); // dA and dB; dh; through A into dx
  }
  return passes * tokens;
}

// Scores and their product with the values forward; five products backward, one of them the recomputed scores, which is
// left out. Causal: half of the square, less what lies outside a sliding window.
double attention_flops(const LayerShape &layer, const TokenBatch &batch) {
  if (layer.has_delta_net()) return layer.delta.operations() * static_cast<double>(batch.token_count());
  double pairs = 0.0;
  for (size_t i = 0; i + 1 < batch.offsets.size(); ++i) {
    const double length = batch.offsets[i + 1] - batch.offsets[i];
    const double hidden = layer.window > 0 ? std::max(0.0, length - static_cast<double>(layer.window)) : 0.0;
    pairs += (length * (length + 1.0) - hidden * (hidden + 1.0)) / 2.0;
  }
  return pairs * 2.0 * static_cast<double>(layer.q_width()) * (2.0 + 4.0);
}

} // namespace

double training_flops(const Model &model, const TokenBatch &batch) {
  const auto tokens = static_cast<double>(batch.token_count());
  double flops = 0.0;
  for (size_t layer = 0; layer < model.layers.size(); ++layer) {
    const LayerShape &shape = model.parameters.layers[layer];
    for (int p = 0; p < projection_count; ++p) {
      if (!model.layers[layer].projections[p].present()) continue;
      const bool first_input = layer == 0 && p <= ssm_alpha && model.dembedding == nullptr;
      const bool of_slots = p >= ffn_gate_exps && p <= ffn_down_exps;
      const double rows = of_slots ? tokens * static_cast<double>(shape.experts_used) : tokens;
      flops += projection_flops(model.layers[layer].projections[p], rows, !first_input);
    }
    if (shape.experts > 0) flops += projection_flops(model.layers[layer].router, tokens, true);
    flops += attention_flops(shape, batch);
  }
  if (model.per_layer.projection.present()) {
    flops += projection_flops(model.per_layer.projection, tokens, model.dembedding != nullptr);
  }
  return flops + projection_flops(model.head, static_cast<double>(batch.target_count()), true);
}

} // namespace trex
