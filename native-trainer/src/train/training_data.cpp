#include "train/training_data.h"

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

TrainingData read_training_data(const TrainRequest &request, int64_t vocab) {
  const DocumentRules rules{row_kind(request.objective), vocab, request.max_sequence_tokens, request.objective.split};
  TrainingData data{read_documents(request.data, "training data", rules), std::nullopt};
  if (request.validation) data.validation = read_documents(*request.validation, "validation data", rules);
  return data;
}

} // namespace trex
