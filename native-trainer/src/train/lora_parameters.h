// A LoRA adapter under training: its values in a ParameterSet, attached to a frozen model's projections.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gguf/adapter_file.h"
#include "model/hold.h"
#include "model/model.h"
#include "plan/lora_choice.h"
#include "train/lora_request.h"
#include "train/parameter_set.h"

namespace trex {

// A tensor of the adapter and where it acts.
struct LoraTarget {
  LoraTensor tensor;
  size_t layer;
  Projection projection;
};

// The model's projections for `tensors` (lora_tensors()), in the order of the layers.
std::vector<LoraTarget> lora_targets(const Model &model, std::span<const LoraTensor> tensors);

// What a ParameterSet for them is made of: A [rank, in] and B [out, rank] of every tensor in turn, or all
// A and then all B of its experts. B learns at `b_rate`
// times the rate of A.
std::vector<TrainedPiece> lora_pieces(std::span<const LoraTensor> tensors, float b_rate = 1.0f);

// Points the model's projections at the set's pieces; the values are not set.
void attach_lora(Model &model, const ParameterSet &set, const std::vector<LoraTarget> &targets);

// Fills in the start that the request asks for. The model must hold its frozen weights: pissa reads them. Throws
// std::bad_alloc.
void start_fresh(const Ops &ops, Device &device, const Model &model, ParameterSet &set,
                 const std::vector<LoraTarget> &targets, const LoraRequest &lora, uint64_t seed);

// Overwrites the start with a saved adapter, scaled so that it has the same effect under each tensor's own scale. An
// adapter of one lower rank fills the first rows and the rest starts as usual, unless the request or the adapter gives
// tensors different ranks: then all ranks must agree. Throws Failure CONFIG "lora.init_from".
void start_from_adapter(ParameterSet &set, const std::vector<LoraTarget> &targets, const LoraChoice &choice,
                        const Adapter &adapter);

// After a backward pass and before the norm: the frozen part of a pair has no gradient. Adam's moments then stay zero,
// and so do its steps.
void clear_frozen_gradients(const Ops &ops, Device &device, const Model &model,
                            const std::vector<LoraTarget> &targets);

// The pair of targets[index] without gradients, in the set's values on the host.
LoraPair host_pair(ParameterSet &set, const std::vector<LoraTarget> &targets, size_t index);

// Views of what was trained, for the writer. Brings the set's values to the host.
std::vector<AdapterTensorView> adapter_views(ParameterSet &set, const std::vector<LoraTarget> &targets);

// For scoring: attaches a finished adapter, which must outlive the model's use. Throws Failure CONFIG
// "adapter.unsupported_target" for a tensor outside of the layers' projections (an adapter of output.weight).
void attach_adapter(Model &model, const Adapter &adapter, double scale, const Hold &hold = as_on_the_host());

} // namespace trex
