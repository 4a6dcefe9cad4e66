#include "plan/lora_choice.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "common/failure.h"
#include "common/glob.h"
#include "gguf/tensor_layout.h"

namespace trex {
namespace {

// A matrix that an adapter may change.
struct Candidate {
  std::string whole; // "blk.3.attn_q"
  std::string name;  // "attn_q"
  int64_t layer;     // 3
  int64_t in, out, experts;
};

Candidate candidate_of(const TensorSpec &spec) {
  constexpr std::string_view prefix = "blk.", suffix = ".weight";
  Candidate candidate{spec.name.substr(0, spec.name.size() - suffix.size()),
                      {},
                      0,
                      spec.shape[0],
                      spec.shape[1],
                      spec.shape.size() > 2 ? spec.shape[2] : 1};
  const std::string &whole = candidate.whole;
  const size_t dot = whole.find('.', prefix.size());
  std::from_chars(whole.data() + prefix.size(), whole.data() + dot, candidate.layer);
  candidate.name = whole.substr(dot + 1);
  return candidate;
}

std::vector<Candidate> candidates_of(const HyperParameters &parameters) {
  const auto names = projection_names();
  std::vector<Candidate> candidates;
  for (const TensorSpec &spec : lora_target_tensors(parameters, {names.begin(), names.end()})) {
    candidates.push_back(candidate_of(spec));
  }
  return candidates;
}

bool fits(const std::string &pattern, const Candidate &candidate) {
  return glob_matches(pattern, pattern.find('.') == std::string::npos ? candidate.name : candidate.whole);
}

template <class Name> std::string list_of(const std::vector<Candidate> &candidates, const Name &name) {
  std::vector<std::string> seen;
  for (const Candidate &candidate : candidates) {
    if (std::find(seen.begin(), seen.end(), name(candidate)) == seen.end()) seen.push_back(name(candidate));
  }
  std::string list;
  for (const std::string &one : seen) list += (list.empty() ? "" : ", ") + one;
  return list;
}

std::string names_of(const std::vector<Candidate> &candidates) {
  return list_of(candidates, [](const Candidate &candidate) { return candidate.name; });
}

int64_t last_layer(const std::vector<Candidate> &candidates) {
  int64_t last = 0;
  for (const Candidate &candidate : candidates) last = std::max(last, candidate.layer);
  return last;
}

[[noreturn]] void unknown_target(const std::string &pattern, const std::string &field, const std::string &of_what,
                                 const std::vector<Candidate> &candidates) {
  throw config_failure("lora.unknown_target", "\"" + pattern + "\" in " + field + " fits no tensor " + of_what + ".",
                       "Write a name or a pattern such as attn_* or blk.LAYER.NAME: LAYER from 0 to " +
                           std::to_string(last_layer(candidates)) + ", NAME one of " + names_of(candidates) + ".");
}

[[noreturn]] void unknown_tensor(const std::string &name, const std::vector<Candidate> &chosen) {
  throw config_failure(
      "lora.unknown_tensor", "\"" + name + "\" in lora.ranks is not a tensor that this adapter changes.",
      "Write blk.LAYER.NAME without \".weight\": LAYER from 0 to " + std::to_string(last_layer(chosen)) +
          ", NAME one of lora.targets (" + names_of(chosen) + ").");
}

[[noreturn]] void rank_too_large(const Candidate &tensor, int64_t rank, const std::string &who) {
  const std::string largest = std::to_string(std::min(tensor.in, tensor.out));
  throw config_failure("lora.rank_too_large",
                       who + " \"" + tensor.whole + "\" the rank " + std::to_string(rank) +
                           ", but its smaller side is " + largest + ".",
                       "Use a rank of at most " + largest + " there.");
}

// As layer numbers from 0.
LayerRange resolved(const LayerRange &range, int64_t layers, const std::string &field) {
  const auto from_start = [layers](int64_t layer) { return layer < 0 ? layers + layer : layer; };
  const LayerRange result{from_start(range.first), from_start(range.last)};
  if (result.first >= 0 && result.first <= result.last && result.last < layers) return result;
  throw config_failure("lora.layers",
                       field + " is [" + std::to_string(range.first) + ", " + std::to_string(range.last) +
                           "], which is no range of this model's " + std::to_string(layers) + " layers.",
                       "Give the first and the last layer, from 0 to " + std::to_string(layers - 1) +
                           ", or counted from the end with -1 for the last.");
}

bool contains(const LayerRange &range, int64_t layer) { return range.first <= layer && layer <= range.last; }

std::vector<Candidate> choose(const LoraChoice &choice, const std::vector<Candidate> &candidates) {
  const std::vector<std::string> patterns = choice.targets.value_or(std::vector<std::string>{"*"});
  const bool by_default = !choice.targets.has_value();
  for (const std::string &pattern : patterns) {
    if (std::none_of(candidates.begin(), candidates.end(), [&](const Candidate &one) { return fits(pattern, one); })) {
      unknown_target(pattern, "lora.targets", "of this model", candidates);
    }
  }
  const LayerRange layers = resolved(choice.layers.value_or(LayerRange{}), last_layer(candidates) + 1, "lora.layers");
  std::vector<Candidate> chosen;
  for (const Candidate &candidate : candidates) {
    const bool wanted = std::any_of(patterns.begin(), patterns.end(),
                                    [&](const std::string &pattern) { return fits(pattern, candidate); });
    if (by_default && is_of_experts(candidate.name)) continue;
    if (wanted && contains(layers, candidate.layer)) chosen.push_back(candidate);
  }
  if (chosen.empty()) {
    throw config_failure("lora.layers", "lora.layers leaves none of the tensors that lora.targets names.",
                         "Widen lora.layers, or name tensors of those layers in lora.targets.");
  }
  return chosen;
}

// What holds for a tensor before `ranks` is looked at.
struct Strength {
  int64_t rank;
  double alpha;
};

std::vector<Strength> strengths(const LoraChoice &choice, const std::vector<Candidate> &chosen, int64_t layers) {
  std::vector<Strength> result(chosen.size(), Strength{choice.rank, choice.alpha});
  for (size_t index = 0; index < choice.overrides.size(); ++index) {
    const LoraOverride &one = choice.overrides[index];
    const std::string field = "lora.overrides[" + std::to_string(index) + "]";
    const LayerRange range = resolved(one.layers.value_or(LayerRange{}), layers, field + ".layers");
    bool used = false;
    for (size_t i = 0; i < chosen.size(); ++i) {
      if (!fits(one.match, chosen[i]) || !contains(range, chosen[i].layer)) continue;
      used = true;
      result[i] = {one.rank.value_or(result[i].rank), one.alpha.value_or(result[i].alpha)};
    }
    if (!used) unknown_target(one.match, field + ".match", "that this adapter changes in those layers", chosen);
  }
  return result;
}

// Divided by what alpha is divided by, so that the common scale is exactly what llama.cpp computes from the file.
double divisor(LoraScaling scaling, int64_t rank) {
  return scaling == LoraScaling::rslora ? std::sqrt(static_cast<double>(rank)) : static_cast<double>(rank);
}

double as_stored(double value) { return static_cast<double>(static_cast<float>(value)); }

} // namespace

bool LoraChoice::is_plain() const {
  const bool only_names = !targets || std::none_of(targets->begin(), targets->end(), [](const std::string &target) {
    return target.find('.') != std::string::npos;
  });
  return only_names && !layers && overrides.empty() && scaling == LoraScaling::standard && !frozen_copy;
}

double stored_alpha(const LoraChoice &choice) {
  const auto rank = static_cast<double>(choice.rank);
  return as_stored(choice.scaling == LoraScaling::rslora ? choice.alpha * std::sqrt(rank) : choice.alpha);
}

std::vector<LoraTensor> lora_tensors(const LoraChoice &choice, const HyperParameters &parameters) {
  const std::vector<Candidate> candidates = candidates_of(parameters);
  const std::vector<Candidate> chosen = choose(choice, candidates);
  const std::vector<Strength> strength = strengths(choice, chosen, last_layer(candidates) + 1);
  for (const auto &named : choice.ranks) {
    const auto tensor = std::find_if(chosen.begin(), chosen.end(),
                                     [&](const Candidate &candidate) { return candidate.whole == named.first; });
    if (tensor == chosen.end()) unknown_tensor(named.first, chosen);
    if (named.second > std::min(tensor->in, tensor->out)) rank_too_large(*tensor, named.second, "lora.ranks gives");
  }
  const double file_alpha = stored_alpha(choice);
  std::vector<LoraTensor> tensors;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const Candidate &one = chosen[i];
    const auto [common_rank, alpha] = strength[i];
    const auto named = choice.ranks.find(one.whole);
    const int64_t rank = named == choice.ranks.end() ? common_rank : named->second;
    if (choice.frozen_copy && rank > std::min(one.in, one.out)) rank_too_large(one, rank, "lora.init pissa gives");
    LoraTensor tensor{one.whole + ".weight", one.in, one.out, rank, 0};
    tensor.experts = one.experts;
    if (choice.frozen_copy) {
      tensor.frozen_rank = rank;
      tensor.rank = 2 * rank;
    }
    const auto width = static_cast<double>(tensor.rank);
    if (common_rank == choice.rank && alpha == choice.alpha) {
      tensor.scale = file_alpha / static_cast<double>(choice.rank);
      tensor.b_factor = width / static_cast<double>(choice.rank);
    } else {
      tensor.scale = as_stored(alpha) / divisor(choice.scaling, common_rank);
      tensor.b_factor = tensor.scale * width / file_alpha;
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

int64_t lora_rank_of(const std::vector<LoraTensor> &tensors, std::string_view name) {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const LoraTensor &tensor) { return tensor.name == name; });
  return found == tensors.end() ? 0 : found->rank;
}

} // namespace trex
