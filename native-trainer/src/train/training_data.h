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

// What this job needs room for: the request's own shape, but no longer than the longest row and no more tokens at once
// than there are, with the rows' bytes and, where the request leaves it open, the cheapest Recompute whose plan fits
// `memory_limit` bytes (the one that needs least when none does). The results do not depend on that choice.
TrainingShape training_shape(const TrainRequest &request, const ModelFile &file, const HyperParameters &parameters,
                             const TrainingData &data, int threads, uint64_t memory_limit);

// Reads the rows that the objective knows. Throws as read_documents() does.
TrainingData read_training_data(const TrainRequest &request, int64_t vocab);

} // namespace trex
