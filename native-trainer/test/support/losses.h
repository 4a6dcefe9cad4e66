// A micro-batch's loss, for tests that want it at once.
#pragma once

#include "model/transformer.h"

namespace trex::test {

// Adds the gradients and returns the loss of this batch alone.
inline double loss_and_gradients(Transformer &transformer, const TokenBatch &batch, float grad_scale,
                                 const PassNoise &noise) {
  transformer.take_loss();
  transformer.loss_and_gradients(batch, grad_scale, noise);
  return transformer.take_loss();
}

} // namespace trex::test
