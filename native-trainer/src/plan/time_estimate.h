// How long training will take, from the work it is and the speed of this machine's matrix product, measured on the spot.
#pragma once

#include <cstdint>

#include "gguf/hyper_parameters.h"
#include "plan/memory_plan.h"

namespace trex {

// Floating-point operations of a forward and backward pass over one token. Counted: the products with every weight
// matrix, of experts those that a token goes to (2 operations per weight forward, 2 for the gradient of the input, 2 more for the gradient of the weight when it
// is trained), LoRA's own products, and causal attention over documents of `mean_document_tokens`. The head works only on the share of
// tokens that predict a target. train/training_flops.h counts a given batch exactly; this needs no batch.
double training_operations_per_token(const HyperParameters &parameters, const TrainingShape &shape,
                                     double mean_document_tokens, double target_share);

// Of a forward pass over one token without an adapter: what DPO's reference costs once, beside the training.
double scoring_operations_per_token(const HyperParameters &parameters, double mean_document_tokens,
                                    double target_share);

// Single-precision operations per second of a 256 x 1024 x 1024 product on `threads` threads, the best of the repetitions
// that fit into about 0.15 seconds.
double measure_operations_per_second(int threads);

} // namespace trex
