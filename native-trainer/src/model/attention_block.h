// x -> middle = x + post(Wo gate(attention(rope(norm(Wq n)), rope(norm(Wk n)), Wv n))), n = norm(x)
//
// A layer may read the keys and values of an earlier one instead of making its own. Head norms (that of v has no
// weights), the post-norm, rope, the query temperature, the gate and fused matrices are there where the family has them.
// The gate is sigmoid(G n), head by head; Wq then holds the rows of each head's query and of its gate.
#pragma once

#include "model/pass.h"

namespace trex {

void attention_block_forward(const LayerPass &layer);

// work.dx holds d(middle) on entry and d(x) on return. Without `input_gradient` nobody needs d(x): it is left as it was.
void attention_block_backward(const LayerPass &layer, bool input_gradient);

} // namespace trex
