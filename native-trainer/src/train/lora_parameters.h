// A LoRA adapter under training: its values in a ParameterSet, attached to a frozen model's projections.
#pragma once

#include <string>
#include <vector>

#include "gguf/adapter_file.h"
#include "model/model.h"
#include "train/parameter_set.h"
#include "train/train_request.h"

namespace trex {

struct LoraTarget {
  std::string base; // "blk.0.attn_q.weight"
  size_t layer;
  Projection projection;
  int64_t in, out;
};

std::vector<LoraTarget> lora_targets(const Model &model, const std::vector<std::string> &names);

// Values of A and B of all targets.
int64_t lora_values(const std::vector<LoraTarget> &targets, const LoraRanks &ranks);

// Takes room for every target from `set`, points the model's projections at it, and fills in the start: A uniform in
// +-1/sqrt(in) (Kaiming with a = sqrt 5, as in PEFT), B zero. Every pair has the scale alpha / lora.rank, whatever its
// own rank, so that a tensor that is given more or less rank keeps its scale.
void attach_lora(Model &model, ParameterSet &set, const std::vector<LoraTarget> &targets, const LoraRequest &lora,
                 uint64_t seed);

// Overwrites the start with a saved adapter, scaled so that it has the same effect under the request's alpha. An
// adapter of one lower rank fills the first rows and the rest starts as usual, unless the request or the adapter gives
// single tensors their own rank: then all ranks must agree. Throws Failure CONFIG "lora.init_from".
void start_from_adapter(Model &model, ParameterSet &set, const std::vector<LoraTarget> &targets,
                        const LoraRequest &lora, const Adapter &adapter);

// Views of what was trained, for the writer. llama.cpp divides alpha by each tensor's own rank and not by lora.rank, so
// B is written multiplied by (own rank / lora.rank): exact when that is a power of two, else rounded once to fp32.
std::vector<AdapterTensorView> adapter_views(const Model &model, const std::vector<LoraTarget> &targets,
                                             const LoraRanks &ranks);

// For scoring: attaches a finished adapter, which must outlive the model's use. Throws Failure CONFIG
// "adapter.unsupported_target" for a tensor outside of the layers' projections (an adapter of output.weight).
void attach_adapter(Model &model, const Adapter &adapter, double scale);

} // namespace trex
