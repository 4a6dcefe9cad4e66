// middle -> x_out = middle + sum over the k chosen experts e of weight_e * Wdown_e (activation(Wgate_e n) * Wup_e n),
// n = norm(middle), weights = the k largest of softmax(Wrouter n), divided by their sum
//
// Source: Shazeer et al., 2017; as llama.cpp computes it for qwen3moe (build_moe_ffn in src/llama-graph.cpp). No term
// for balancing the experts' load is added to the loss: it is the same loss that scoring and serving measure.
//
// Rows are copied in the order of their experts, so that each expert's linear layers see one small dense matrix. The
// router has no LoRA; its gradient goes through the weights, not through the choice, which has none.
#pragma once

#include "model/pass.h"

namespace trex {

void moe_block_forward(const LayerPass &layer, Matrix x_out);

// What the backward pass needs of the forward pass, without x_out: for layers that were not kept.
void moe_block_again(const LayerPass &layer);

// work.dx holds d(x_out) on entry and d(middle) on return. With experts_again, gate, up and the experts' answers were
// not kept. All three become gradients.
void moe_block_backward(const LayerPass &layer, bool experts_again);

} // namespace trex
