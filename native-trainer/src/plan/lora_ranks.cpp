#include "plan/lora_ranks.h"

#include <algorithm>

#include "common/failure.h"
#include "gguf/tensor_layout.h"

namespace trex {
namespace {

constexpr std::string_view suffix = ".weight";

std::string_view without_suffix(std::string_view weight) {
  return weight.ends_with(suffix) ? weight.substr(0, weight.size() - suffix.size()) : weight;
}

[[noreturn]] void unknown_tensor(const std::string &name, const std::vector<std::string> &targets,
                                 const HyperParameters &parameters) {
  std::string list;
  for (const std::string &target : targets) list += (list.empty() ? "" : ", ") + target;
  throw config_failure("lora.unknown_tensor",
                       "\"" + name + "\" in lora.ranks is not a tensor that this adapter changes.",
                       "Write blk.LAYER.NAME without \".weight\": LAYER from 0 to " +
                           std::to_string(parameters.layer_count() - 1) + ", NAME one of lora.targets (" + list + ").");
}

} // namespace

int64_t LoraRanks::of(std::string_view weight) const {
  const auto found = named.find(without_suffix(weight));
  return found == named.end() ? rank : found->second;
}

void check_lora_ranks(const LoraRanks &ranks, const std::vector<std::string> &targets,
                      const HyperParameters &parameters) {
  if (ranks.named.empty()) return;
  const std::vector<TensorSpec> tensors = lora_target_tensors(parameters, targets);
  for (const auto &[name, rank] : ranks.named) {
    const auto tensor = std::find_if(tensors.begin(), tensors.end(),
                                     [&](const TensorSpec &spec) { return without_suffix(spec.name) == name; });
    if (tensor == tensors.end()) unknown_tensor(name, targets, parameters);
    const int64_t largest = std::min(tensor->shape[0], tensor->shape[1]);
    if (rank <= largest) continue;
    throw config_failure("lora.rank_too_large",
                         "lora.ranks gives \"" + name + "\" the rank " + std::to_string(rank) +
                             ", but its smaller side is " + std::to_string(largest) + ".",
                         "Use a rank of at most " + std::to_string(largest) + " there.");
  }
}

} // namespace trex
