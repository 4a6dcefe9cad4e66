#include "train/lora_parameters.h"

#include <algorithm>
#include <cmath>

#include "common/failure.h"
#include "gguf/tensor_layout.h"
#include "ops/random.h"

namespace trex {
namespace {

Linear &projection_of(Model &model, const LoraTarget &target) {
  return model.layers[target.layer].projections[target.projection];
}

// The trainer's own pairs are writable: attach_lora pointed them into its ParameterSet.
float *writable(const float *values, const ParameterSet &set) { return set.values() + (values - set.values()); }

void init_pair(const LoraPair &pair, const LoraTarget &target, const ParameterSet &set, uint64_t seed,
               uint64_t stream) {
  float *a = writable(pair.a, set), *b = writable(pair.b, set);
  const double bound = 1.0 / std::sqrt(static_cast<double>(target.in));
  for (int64_t i = 0; i < pair.rank * target.in; ++i) {
    a[i] = static_cast<float>((2.0 * random_unit(seed, stream, static_cast<uint64_t>(i)) - 1.0) * bound);
  }
  std::fill(b, b + target.out * pair.rank, 0.0f);
}

// In the precision in which the file keeps alpha, so that llama.cpp arrives at the same scale.
double training_scale(const LoraRequest &lora) {
  return static_cast<double>(static_cast<float>(lora.alpha)) / static_cast<double>(lora.ranks.rank);
}

bool has_mixed_ranks(const Adapter &adapter) {
  return std::any_of(adapter.tensors.begin(), adapter.tensors.end(), [&](const AdapterTensor &tensor) {
    return tensor.rank != adapter.tensors.front().rank;
  });
}

void check_rank(const AdapterTensor &tensor, int64_t requested, bool must_agree) {
  if (must_agree && tensor.rank != requested) {
    throw config_failure("lora.init_from",
                         "The adapter to continue from has rank " + std::to_string(tensor.rank) + " for " +
                             tensor.base + ", but the request gives it " + std::to_string(requested) + ".",
                         "Give every tensor in lora.ranks the adapter's own rank, or start from a fresh adapter.");
  }
  if (tensor.rank > requested) {
    throw config_failure("lora.init_from",
                         "The adapter to continue from has rank " + std::to_string(tensor.rank) +
                             ", more than the requested " + std::to_string(requested) + ".",
                         "Set lora.rank to at least the adapter's rank.");
  }
}

} // namespace

std::vector<LoraTarget> lora_targets(const Model &model, const std::vector<std::string> &names) {
  std::vector<LoraTarget> targets;
  const auto known = projection_names();
  for (size_t layer = 0; layer < model.layers.size(); ++layer) {
    for (size_t p = 0; p < projection_count; ++p) {
      if (std::find(names.begin(), names.end(), known[p]) == names.end()) continue;
      if (!model.layers[layer].projections[p].present()) continue;
      const Weight &weight = model.layers[layer].projections[p].weight;
      targets.push_back({layer_weight_name(static_cast<int64_t>(layer), known[p]), layer, static_cast<Projection>(p),
                         weight.in, weight.out});
    }
  }
  return targets;
}

int64_t lora_values(const std::vector<LoraTarget> &targets, const LoraRanks &ranks) {
  int64_t values = 0;
  for (const LoraTarget &target : targets) values += ranks.of(target.base) * (target.in + target.out);
  return values;
}

void attach_lora(Model &model, ParameterSet &set, const std::vector<LoraTarget> &targets, const LoraRequest &lora,
                 uint64_t seed) {
  for (size_t index = 0; index < targets.size(); ++index) {
    const LoraTarget &target = targets[index];
    const int64_t rank = lora.ranks.of(target.base);
    const int64_t a = set.take(rank * target.in, true);
    const int64_t b = set.take(target.out * rank, true);
    LoraPair &pair = projection_of(model, target).lora;
    pair = {set.values() + a,    set.values() + b, set.gradients() + a,
            set.gradients() + b, rank,             static_cast<float>(training_scale(lora))};
    init_pair(pair, target, set, seed, index);
  }
}

void start_from_adapter(Model &model, ParameterSet &set, const std::vector<LoraTarget> &targets,
                        const LoraRequest &lora, const Adapter &adapter) {
  const bool ranks_must_agree = !lora.ranks.named.empty() || has_mixed_ranks(adapter);
  for (const AdapterTensor &tensor : adapter.tensors) {
    const auto target = std::find_if(targets.begin(), targets.end(),
                                     [&](const LoraTarget &candidate) { return candidate.base == tensor.base; });
    if (target == targets.end()) {
      throw config_failure("lora.init_from",
                           "The adapter to continue from changes " + tensor.base + ", which is not among the targets.",
                           "Add its projection to lora.targets, or start from a fresh adapter.");
    }
    const LoraPair &pair = projection_of(model, *target).lora;
    check_rank(tensor, pair.rank, ranks_must_agree);
    float *a = writable(pair.a, set), *b = writable(pair.b, set);
    const double factor = scale_of(adapter, tensor) / training_scale(lora);
    std::copy(tensor.a.begin(), tensor.a.end(), a);
    for (int64_t row = 0; row < tensor.out; ++row) {
      for (int64_t r = 0; r < tensor.rank; ++r) {
        const auto saved = static_cast<double>(tensor.b[static_cast<size_t>(row * tensor.rank + r)]);
        b[row * pair.rank + r] = static_cast<float>(factor * saved);
      }
    }
  }
}

std::vector<AdapterTensorView> adapter_views(const Model &model, const std::vector<LoraTarget> &targets,
                                             const LoraRanks &ranks) {
  std::vector<AdapterTensorView> views;
  for (const LoraTarget &target : targets) {
    const LoraPair &pair = model.layers[target.layer].projections[target.projection].lora;
    const double b_factor = static_cast<double>(pair.rank) / static_cast<double>(ranks.rank);
    views.push_back({target.base, target.in, target.out, pair.rank, pair.a, pair.b, b_factor});
  }
  return views;
}

void attach_adapter(Model &model, const Adapter &adapter, double scale) {
  for (const LoraTarget &target : lora_targets(model, {projection_names().begin(), projection_names().end()})) {
    for (const AdapterTensor &tensor : adapter.tensors) {
      if (tensor.base != target.base) continue;
      projection_of(model, target).lora = {
          tensor.a.data(), tensor.b.data(), nullptr, nullptr, tensor.rank,
          static_cast<float>(scale_of(adapter, tensor) * scale)};
    }
  }
}

} // namespace trex
