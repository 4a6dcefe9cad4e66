// x -> middle = x + Wout (norm(delta(q, k, v)) * silu(Wz n)), n = norm(x): a gated delta net (Yang et al., "Gated delta
// networks", 2024) in the form of Qwen3-Next and Qwen3.5, as llama.cpp's src/models/qwen35.cpp computes it.
//
//   q, k, v = silu(conv(Wqkv n)), the heads of q and k then divided by their lengths
//   delta   S = exp(g) S;  S += beta (v - S k) k^T;  S q / sqrt(D)      head by head, S[D, D] of zeros at first
//   beta = sigmoid(Wbeta n),  g = rate * softplus(Walpha n + bias)      one number a head each; rate < 0
//
// The convolution and the recurrence start anew with every document. Batches hold whole documents: there are no keys and
// values from which a later batch could go on.
#pragma once

#include "model/pass.h"

namespace trex {

void delta_net_block_forward(const LayerPass &layer);

// work.dx holds d(middle) on entry and d(x) on return. Without `input_gradient` nobody needs d(x): it is left as it was.
// The saved z becomes its own gradient.
void delta_net_block_backward(const LayerPass &layer, bool input_gradient);

} // namespace trex
