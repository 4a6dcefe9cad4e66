#include "train/score_memory.h"

#include <algorithm>

#include "plan/memory_plan.h"

namespace trex {
namespace {

constexpr int64_t usual_tokens = 2048, fewest_tokens = 32;

ScorePlan plan_of(const ScoreShape &shape, int64_t tokens) {
  const HyperParameters &parameters = shape.model.parameters;
  const int64_t longest = shape.tree.longest();
  ScorePlan plan;
  plan.limits.tokens = tokens;
  plan.limits.element = activations_of(shape.backend);
  plan.limits.carried = shape.tree.most_carried(tokens);
  uint64_t adapter_values = 0;
  for (const Layer &layer : shape.model.layers) {
    ProjectionRanks &ranks = plan.limits.ranks.emplace_back();
    for (size_t p = 0; p < projection_count; ++p) {
      const Linear &linear = layer.projections[p];
      ranks[p] = linear.lora.rank;
      adapter_values += static_cast<uint64_t>(linear.experts * linear.lora.rank * (linear.weight.in + linear.weight.out));
    }
  }
  const PassMemory pass = lay_out(parameters, plan.limits, nullptr);
  uint64_t floats = adapter_values;
  for (const RopeParameters &rope : parameters.ropes) floats += static_cast<uint64_t>(longest * rope.dims);
  BackendNeeds needs;
  needs.kind = shape.backend;
  needs.threads = shape.threads;
  needs.longest = longest;
  plan.bytes = pass.activation_bytes + pass.workspace_bytes + floats * sizeof(float) + backend_scratch_bytes(needs) +
               shape.tree.bytes() + shape.pair_bytes + fixed_bytes(shape.file);
  for (const TensorView &tensor : shape.file.tensors()) plan.bytes += tensor.bytes;
  return plan;
}

} // namespace

ScorePlan plan_score(const ScoreShape &shape, std::optional<int64_t> batch_tokens, uint64_t comfortable_bytes) {
  const int64_t fewest = std::max(fewest_tokens, shape.tree.least_capacity());
  int64_t tokens = std::min(std::max(batch_tokens.value_or(usual_tokens), shape.tree.least_capacity()), shape.tree.rows());
  ScorePlan plan = plan_of(shape, tokens);
  while (plan.bytes > comfortable_bytes && tokens > fewest) {
    tokens = std::max(fewest, tokens / 2);
    plan = plan_of(shape, tokens);
  }
  return plan;
}

} // namespace trex
