#include "train/packing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ops/random.h"

namespace trex {
namespace {

constexpr uint64_t shuffle_stream = 1ULL << 40; // apart from the streams of the adapter's initial values

// Of a unit that begins with `document`, through the model: the last token of a document is only predicted.
int64_t unit_tokens(const Documents &documents, int64_t document) {
  int64_t tokens = 0;
  for (int64_t i = 0; i < documents.together; ++i) tokens += documents.length(document + i) - 1;
  return tokens;
}

void append_unit(const Documents &documents, int64_t document, StepDocuments &step) {
  step.tokens += unit_tokens(documents, document);
  for (int64_t i = 0; i < documents.together; ++i) {
    step.documents.push_back(document + i);
    step.targets += documents.targets(document + i);
  }
}

// A group of units, as places in the step's list of units.
struct Group {
  std::vector<size_t> units;
  int64_t tokens = 0;

  void take(size_t unit, int64_t size) {
    units.push_back(unit);
    tokens += size;
  }
};

std::vector<Group> groups_in_order(const std::vector<int64_t> &sizes, int64_t capacity) {
  std::vector<Group> groups;
  for (size_t unit = 0; unit < sizes.size(); ++unit) {
    if (groups.empty() || groups.back().tokens + sizes[unit] > capacity) groups.emplace_back();
    groups.back().take(unit, sizes[unit]);
  }
  return groups;
}

// Groups and what is in them keep the step's order, so that a step that fits at once is not reordered at all.
std::vector<Group> first_fit_decreasing(const std::vector<int64_t> &sizes, int64_t capacity) {
  std::vector<size_t> by_size(sizes.size());
  std::iota(by_size.begin(), by_size.end(), size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](size_t a, size_t b) { return sizes[a] > sizes[b]; });
  std::vector<Group> groups;
  for (const size_t unit : by_size) {
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const Group &candidate) { return candidate.tokens + sizes[unit] <= capacity; });
    if (group == groups.end()) group = groups.emplace(groups.end());
    group->take(unit, sizes[unit]);
  }
  for (Group &group : groups) std::sort(group.units.begin(), group.units.end());
  std::sort(groups.begin(), groups.end(), [](const Group &a, const Group &b) { return a.units[0] < b.units[0]; });
  return groups;
}

} // namespace

StepStream::StepStream(const Documents &documents, int64_t tokens_per_step, uint64_t seed)
    : documents_(documents), tokens_per_step_(tokens_per_step), seed_(seed),
      order_(static_cast<size_t>(documents.units())) {}

// Fisher and Yates.
void StepStream::shuffle(int64_t epoch) {
  std::iota(order_.begin(), order_.end(), 0);
  for (size_t i = order_.size(); i > 1; --i) {
    const uint64_t other = random_bits(seed_, shuffle_stream + static_cast<uint64_t>(epoch), i) % i;
    std::swap(order_[i - 1], order_[other]);
  }
  shuffled_epoch_ = epoch;
}

std::optional<StepDocuments> StepStream::next(int64_t last_unit) {
  StepDocuments step;
  const int64_t units = documents_.units();
  for (; position_ < last_unit; ++position_) {
    if (position_ / units != shuffled_epoch_) shuffle(position_ / units);
    const int64_t document = order_[static_cast<size_t>(position_ % units)] * documents_.together;
    if (!step.documents.empty() && step.tokens + unit_tokens(documents_, document) > tokens_per_step_) break;
    append_unit(documents_, document, step);
  }
  if (step.documents.empty()) return std::nullopt;
  step.epoch = static_cast<double>(position_) / static_cast<double>(units);
  return step;
}

int64_t units_of_epochs(const Documents &documents, double epochs) {
  const double wanted = std::ceil(epochs * static_cast<double>(documents.units()) - 1e-9);
  return wanted > 9e15 ? std::numeric_limits<int64_t>::max() : std::max<int64_t>(1, static_cast<int64_t>(wanted));
}

int64_t count_steps(const Documents &documents, int64_t tokens_per_step, uint64_t seed, int64_t last_unit) {
  StepStream stream(documents, tokens_per_step, seed);
  int64_t steps = 0;
  while (stream.next(last_unit)) ++steps;
  return steps;
}

StepDocuments every_document(const Documents &documents) {
  StepDocuments all;
  for (int64_t unit = 0; unit < documents.units(); ++unit) append_unit(documents, unit * documents.together, all);
  return all;
}

StepDocuments documents_of_steps(const Documents &documents, int64_t tokens_per_step, uint64_t seed, int64_t steps) {
  StepStream stream(documents, tokens_per_step, seed);
  std::vector<bool> seen(static_cast<size_t>(documents.units()));
  int64_t unseen = documents.units();
  for (int64_t step = 0; step < steps && unseen > 0; ++step) {
    const std::optional<StepDocuments> next = stream.next(std::numeric_limits<int64_t>::max());
    for (const int64_t document : next->documents) {
      const auto unit = static_cast<size_t>(document / documents.together);
      if (!seen[unit]) --unseen;
      seen[unit] = true;
    }
  }
  StepDocuments all;
  for (int64_t unit = 0; unit < documents.units(); ++unit) {
    if (seen[static_cast<size_t>(unit)]) append_unit(documents, unit * documents.together, all);
  }
  return all;
}

std::vector<std::vector<int64_t>> micro_batches(const Documents &documents, const StepDocuments &step, int64_t tokens,
                                                UnitOrder order) {
  const auto together = static_cast<size_t>(documents.together);
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < step.documents.size(); i += together) {
    sizes.push_back(unit_tokens(documents, step.documents[i]));
  }
  const std::vector<Group> groups =
      order == UnitOrder::kept ? groups_in_order(sizes, tokens) : first_fit_decreasing(sizes, tokens);
  std::vector<std::vector<int64_t>> batches;
  for (const Group &group : groups) {
    std::vector<int64_t> &batch = batches.emplace_back();
    for (const size_t unit : group.units) {
      for (size_t i = 0; i < together; ++i) batch.push_back(step.documents[unit * together + i]);
    }
  }
  return batches;
}

} // namespace trex
