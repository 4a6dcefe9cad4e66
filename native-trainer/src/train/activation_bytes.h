// Bytes that training keeps between forward and backward, and scratch space, for a model shape and a batch.
#pragma once

#include <cstdint>

#include "gguf/hyper_parameters.h"
#include "model/activations.h"

namespace trex {

struct TrainingShape; // plan/memory_plan.h

// What a pass over `tokens` tokens of this training job needs.
PassLimits training_limits(const HyperParameters &parameters, const TrainingShape &shape, int64_t tokens);

// Tokens that go through the model at once. A step of more tokens is cut into micro-batches of whole documents whose
// gradients are summed, so that activations stay near one gibibyte.
int64_t micro_batch_tokens(const HyperParameters &parameters, const TrainingShape &shape);

// Kept between forward and backward for one micro-batch, in bytes.
uint64_t activation_bytes(const HyperParameters &parameters, const TrainingShape &shape);

// Gradients of activations, logits chunks, packed panels and per-thread scratch, in bytes.
uint64_t workspace_bytes(const HyperParameters &parameters, const TrainingShape &shape);

} // namespace trex
