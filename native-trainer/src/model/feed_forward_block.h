// middle -> x_out = middle + post(Wdown (activation(Wgate n) * Wup n)), n = norm(middle)
//
// The post-norm and a fused gate and up are there where the family has them.
#pragma once

#include "model/pass.h"

namespace trex {

void feed_forward_block_forward(const LayerPass &layer, Matrix x_out);

// What the backward pass needs of the forward pass, without x_out: for layers that were not kept.
void feed_forward_block_again(const LayerPass &layer);

// work.dx holds d(x_out) on entry and d(middle) on return. With gate_and_up_again the two were not kept. The saved gate
// and up become their own gradients.
void feed_forward_block_backward(const LayerPass &layer, bool gate_and_up_again);

} // namespace trex
