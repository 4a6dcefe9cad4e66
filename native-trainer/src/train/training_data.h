// The rows that a training job learns from and is checked with.
#pragma once

#include <optional>

#include "train/documents.h"
#include "train/train_request.h"

namespace trex {

struct TrainingData {
  Documents training;
  std::optional<Documents> validation;

  int64_t validation_pairs() const { return validation ? validation->units() : 0; }
  // Of the rows, and of the reference values that DPO keeps beside them.
  uint64_t memory_bytes(const ObjectiveRequest &objective) const;
};

// Reads the rows that the objective knows. Throws as read_documents() does.
TrainingData read_training_data(const TrainRequest &request, int64_t vocab);

} // namespace trex
