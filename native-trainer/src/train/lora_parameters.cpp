#include "train/lora_parameters.h"

#include <algorithm>

#include "common/failure.h"
#include "gguf/tensor_layout.h"
#include "train/lora_start.h"

namespace trex {
namespace {

Linear &projection_of(Model &model, const LoraTarget &target) {
  return model.layers[target.layer].projections[target.projection];
}

const LoraPair &pair_of(const Model &model, const LoraTarget &target) {
  return model.layers[target.layer].projections[target.projection].lora;
}

// The values of one expert's pair in the set's copy on the host.
struct HostPair {
  float *a, *b;
};

HostPair writable_pair(ParameterSet &set, const LoraTensor &tensor, size_t index, int64_t expert) {
  float *values = set.host_values();
  return {values + set.offset(2 * index) + expert * tensor.rank * tensor.in,
          values + set.offset(2 * index + 1) + expert * tensor.out * tensor.rank};
}

// A pair of a saved adapter into the first rows of one of `rank` rows.
void copy_pair(const HostPair &to, int64_t rank, const AdapterTensor &from, int64_t expert, double factor) {
  const int64_t a_values = from.rank * from.in, b_values = from.out * from.rank;
  std::copy_n(from.a.begin() + expert * a_values, a_values, to.a);
  for (int64_t row = 0; row < from.out; ++row) {
    for (int64_t r = 0; r < from.rank; ++r) {
      const auto saved = static_cast<double>(from.b[static_cast<size_t>(expert * b_values + row * from.rank + r)]);
      to.b[row * rank + r] = static_cast<float>(factor * saved);
    }
  }
}

// Calls use(name, layer, projection) for every projection of the model.
template <class Use> void each_projection(const Model &model, const Use &use) {
  const auto names = projection_names();
  for (size_t layer = 0; layer < model.layers.size(); ++layer) {
    for (size_t p = 0; p < projection_count; ++p) {
      if (!model.layers[layer].projections[p].present()) continue;
      use(layer_weight_name(static_cast<int64_t>(layer), names[p]), layer, static_cast<Projection>(p));
    }
  }
}

// Whether the tensors' ranks can be told by one number on both sides.
bool has_mixed_ranks(const Adapter &adapter, const LoraChoice &choice) {
  const bool in_request =
      !choice.ranks.empty() || std::any_of(choice.overrides.begin(), choice.overrides.end(),
                                           [](const LoraOverride &one) { return one.rank.has_value(); });
  return in_request || std::any_of(adapter.tensors.begin(), adapter.tensors.end(), [&](const AdapterTensor &tensor) {
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

std::vector<LoraTarget> lora_targets(const Model &model, std::span<const LoraTensor> tensors) {
  std::vector<LoraTarget> targets;
  each_projection(model, [&](const std::string &name, size_t layer, Projection projection) {
    const auto tensor =
        std::find_if(tensors.begin(), tensors.end(), [&](const LoraTensor &one) { return one.name == name; });
    if (tensor != tensors.end()) targets.push_back({*tensor, layer, projection});
  });
  return targets;
}

std::vector<TrainedPiece> lora_pieces(std::span<const LoraTensor> tensors, float b_rate) {
  std::vector<TrainedPiece> pieces;
  for (const LoraTensor &tensor : tensors) {
    pieces.push_back({tensor.a_values(), true, 1.0f});
    pieces.push_back({tensor.b_values(), true, b_rate});
  }
  return pieces;
}

void attach_lora(Model &model, const ParameterSet &set, const std::vector<LoraTarget> &targets) {
  for (size_t index = 0; index < targets.size(); ++index) {
    const LoraTensor &tensor = targets[index].tensor;
    const int64_t a = set.offset(2 * index), b = set.offset(2 * index + 1);
    projection_of(model, targets[index]).lora = {set.values() + a,    set.values() + b,
                                                 set.gradients() + a, set.gradients() + b,
                                                 tensor.rank,         static_cast<float>(tensor.scale)};
  }
}

void start_fresh(const Ops &ops, Device &device, const Model &model, ParameterSet &set,
                 const std::vector<LoraTarget> &targets, const LoraRequest &lora, uint64_t seed) {
  for (size_t index = 0; index < targets.size(); ++index) {
    const LoraTensor &tensor = targets[index].tensor;
    const Linear &projection = model.layers[targets[index].layer].projections[targets[index].projection];
    for (int64_t expert = 0; expert < tensor.experts; ++expert) {
      const uint64_t stream = (static_cast<uint64_t>(expert) << 32) + index;
      const auto [a, b] = writable_pair(set, tensor, index, expert);
      switch (lora.init) {
      case LoraInit::kaiming: start_kaiming(a, b, tensor.in, tensor.out, tensor.rank, seed, stream); break;
      case LoraInit::gaussian: start_gaussian(a, b, tensor.in, tensor.out, tensor.rank, seed, stream); break;
      case LoraInit::pissa:
        start_principal(ops, device, projection.of_expert(expert).weight, tensor.scale, a, b, tensor.frozen_rank, seed,
                        stream);
        break;
      }
    }
  }
  set.to_device();
}

void start_from_adapter(ParameterSet &set, const std::vector<LoraTarget> &targets, const LoraChoice &choice,
                        const Adapter &adapter) {
  const bool ranks_must_agree = has_mixed_ranks(adapter, choice);
  set.to_host();
  for (const AdapterTensor &tensor : adapter.tensors) {
    const auto target = std::find_if(targets.begin(), targets.end(),
                                     [&](const LoraTarget &candidate) { return candidate.tensor.name == tensor.base; });
    if (target == targets.end()) {
      throw config_failure("lora.init_from",
                           "The adapter to continue from changes " + tensor.base + ", which is not among the targets.",
                           "Add its projection to lora.targets, or start from a fresh adapter.");
    }
    check_rank(tensor, target->tensor.rank, ranks_must_agree);
    const double factor = scale_of(adapter, tensor) / target->tensor.scale;
    const auto index = static_cast<size_t>(target - targets.begin());
    for (int64_t expert = 0; expert < tensor.experts; ++expert) {
      copy_pair(writable_pair(set, target->tensor, index, expert), target->tensor.rank, tensor, expert, factor);
    }
  }
  set.to_device();
}

void clear_frozen_gradients(const Ops &ops, Device &device, const Model &model,
                            const std::vector<LoraTarget> &targets) {
  for (const LoraTarget &target : targets) {
    const LoraTensor &tensor = target.tensor;
    const int64_t frozen = tensor.frozen_rank, trained = tensor.rank - frozen;
    if (frozen == 0) continue;
    const LoraPair &pair = pair_of(model, target);
    // The last rows of each A, the last columns of each B.
    ops.fill(device, {pair.da + trained * tensor.in, tensor.experts, frozen * tensor.in, tensor.rank * tensor.in},
             0.0f);
    ops.fill(device, {pair.db + trained, tensor.experts * tensor.out, frozen, tensor.rank}, 0.0f);
  }
}

LoraPair host_pair(ParameterSet &set, const std::vector<LoraTarget> &targets, size_t index) {
  const LoraTensor &tensor = targets[index].tensor;
  const auto [a, b] = writable_pair(set, tensor, index, 0);
  return {a, b, nullptr, nullptr, tensor.rank, static_cast<float>(tensor.scale)};
}

std::vector<AdapterTensorView> adapter_views(ParameterSet &set, const std::vector<LoraTarget> &targets) {
  std::vector<AdapterTensorView> views;
  set.to_host();
  for (size_t index = 0; index < targets.size(); ++index) {
    const LoraTensor &tensor = targets[index].tensor;
    const LoraPair pair = host_pair(set, targets, index);
    views.push_back({tensor.name, tensor.in, tensor.out, pair.rank, pair.a, pair.b, tensor.b_factor, tensor.experts});
  }
  return views;
}

void attach_adapter(Model &model, const Adapter &adapter, double scale, const Hold &hold) {
  const auto held = [&hold](const std::vector<float> &values) {
    return static_cast<const float *>(hold(values.data(), values.size() * sizeof(float)));
  };
  std::vector<bool> attached(adapter.tensors.size(), false);
  each_projection(model, [&](const std::string &name, size_t layer, Projection projection) {
    for (size_t i = 0; i < adapter.tensors.size(); ++i) {
      const AdapterTensor &tensor = adapter.tensors[i];
      if (tensor.base != name) continue;
      model.layers[layer].projections[projection].lora = {
          held(tensor.a), held(tensor.b), nullptr, nullptr, tensor.rank, static_cast<float>(scale_of(adapter, tensor) * scale)};
      attached[i] = true;
    }
  });
  const auto left_out = std::find(attached.begin(), attached.end(), false);
  if (left_out == attached.end()) return;
  throw config_failure("adapter.unsupported_target",
                       "The adapter changes " + adapter.tensors[static_cast<size_t>(left_out - attached.begin())].base +
                           ", which cannot be scored with an adapter.",
                       "Merge the adapter into its model and score that.");
}

} // namespace trex
