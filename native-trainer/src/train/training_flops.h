// Floating-point operations (a multiply and an add are two) that a training step cannot avoid. Counted for products
// only; norms, rotations and activations are a few thousandths of it.
#pragma once

#include <cstdint>

#include "model/model.h"
#include "model/transformer.h"

namespace trex {

// One forward and backward pass over the batch. Recomputation is not counted, so a share of peak computed from this
// number is an honest one.
double training_flops(const Model &model, const TokenBatch &batch);

} // namespace trex
