#include "train/packing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ops/random.h"

namespace trex {
namespace {

constexpr uint64_t shuffle_stream = 1ULL << 40; // apart from the streams of the adapter's initial values

int64_t input_tokens(const Documents &documents, int64_t document) { return documents.length(document) - 1; }

} // namespace

StepStream::StepStream(const Documents &documents, int64_t tokens_per_step, uint64_t seed)
    : documents_(documents), tokens_per_step_(tokens_per_step), seed_(seed),
      order_(static_cast<size_t>(documents.count())) {}

// Fisher and Yates.
void StepStream::shuffle(int64_t epoch) {
  std::iota(order_.begin(), order_.end(), 0);
  for (size_t i = order_.size(); i > 1; --i) {
    const uint64_t other = random_bits(seed_, shuffle_stream + static_cast<uint64_t>(epoch), i) % i;
    std::swap(order_[i - 1], order_[other]);
  }
  shuffled_epoch_ = epoch;
}

std::optional<StepDocuments> StepStream::next(int64_t last_document) {
  StepDocuments step;
  for (; position_ < last_document; ++position_) {
    const int64_t epoch = position_ / documents_.count();
    if (epoch != shuffled_epoch_) shuffle(epoch);
    const int64_t document = order_[static_cast<size_t>(position_ % documents_.count())];
    const int64_t tokens = input_tokens(documents_, document);
    if (!step.documents.empty() && step.tokens + tokens > tokens_per_step_) break;
    step.documents.push_back(document);
    step.tokens += tokens;
    const auto begin = documents_.is_target.begin() + documents_.offsets[static_cast<size_t>(document)];
    step.targets += std::count(begin, begin + documents_.length(document), uint8_t{1});
  }
  if (step.documents.empty()) return std::nullopt;
  step.epoch = static_cast<double>(position_) / static_cast<double>(documents_.count());
  return step;
}

int64_t documents_of_epochs(const Documents &documents, double epochs) {
  const double wanted = std::ceil(epochs * static_cast<double>(documents.count()) - 1e-9);
  return wanted > 9e15 ? std::numeric_limits<int64_t>::max() : std::max<int64_t>(1, static_cast<int64_t>(wanted));
}

int64_t count_steps(const Documents &documents, int64_t tokens_per_step, uint64_t seed, int64_t last_document) {
  StepStream stream(documents, tokens_per_step, seed);
  int64_t steps = 0;
  while (stream.next(last_document)) ++steps;
  return steps;
}

std::vector<std::vector<int64_t>> micro_batches(const Documents &documents, const StepDocuments &step, int64_t tokens) {
  std::vector<std::vector<int64_t>> groups;
  int64_t used = 0;
  for (const int64_t document : step.documents) {
    const int64_t size = input_tokens(documents, document);
    if (groups.empty() || used + size > tokens) {
      groups.emplace_back();
      used = 0;
    }
    groups.back().push_back(document);
    used += size;
  }
  return groups;
}

} // namespace trex
