#include "train/training_data.h"

#include <algorithm>

namespace trex {
namespace {

RowKind row_kind(const ObjectiveRequest &objective) {
  switch (objective.type) {
  case ObjectiveType::sft: return RowKind::masked;
  case ObjectiveType::text: return RowKind::text;
  case ObjectiveType::dpo:
  case ObjectiveType::orpo: return RowKind::pair;
  }
  return RowKind::masked;
}

} // namespace

uint64_t TrainingData::memory_bytes(const ObjectiveRequest &objective) const {
  constexpr uint64_t reference_bytes = 2 * sizeof(double); // a pair
  uint64_t bytes = training.memory_bytes() + (validation ? validation->memory_bytes() : 0);
  if (objective.type == ObjectiveType::dpo) {
    bytes += reference_bytes * static_cast<uint64_t>(training.units() + validation_pairs());
  }
  return bytes;
}

TrainingShape training_shape(const TrainRequest &request, const ModelFile &file, const HyperParameters &parameters,
                             const TrainingData &data, int threads, uint64_t memory_limit) {
  TrainingShape shape = training_shape(request, parameters, threads);
  const int64_t longest = std::max(data.training.longest(), data.validation ? data.validation->longest() : 0);
  const auto all = std::max(data.training.tokens.size(), data.validation ? data.validation->tokens.size() : 0);
  shape.max_sequence_tokens = std::min(shape.max_sequence_tokens, longest);
  shape.tokens_per_step = std::min(shape.tokens_per_step, static_cast<int64_t>(all));
  shape.data_bytes = data.memory_bytes(request.objective);
  if (request.recompute) {
    shape.recompute = *request.recompute;
    return shape;
  }
  for (const Recompute recompute : {Recompute::nothing, Recompute::feed_forward, Recompute::layer}) {
    shape.recompute = recompute;
    if (plan_memory(file, parameters, shape).total() <= memory_limit) break;
  }
  return shape;
}

TrainingData read_training_data(const TrainRequest &request, int64_t vocab) {
  const DocumentRules rules{row_kind(request.objective), vocab, request.max_sequence_tokens, request.objective.split};
  TrainingData data{read_documents(request.data, "training data", rules), std::nullopt};
  if (request.validation) data.validation = read_documents(*request.validation, "validation data", rules);
  return data;
}

} // namespace trex
