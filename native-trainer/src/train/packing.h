// In which order documents are seen, and which of them make up each optimiser step. A pure function of the documents'
// lengths and the seed, so that a resumed run only needs the number of the step it stopped at.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "train/documents.h"

namespace trex {

struct StepDocuments {
  std::vector<int64_t> documents;
  double epoch = 0.0; // epochs completed when the step is done
  int64_t tokens = 0; // that go through the model
  int64_t targets = 0;
};

// An endless stream of shuffled epochs, cut into steps: a step takes the next documents while they fit tokens_per_step
// (a longer document makes a step of its own). Steps run across the border of two epochs.
class StepStream {
public:
  StepStream(const Documents &documents, int64_t tokens_per_step, uint64_t seed);

  // The next step, with no document beyond `last_document` of the stream (none when it is reached).
  std::optional<StepDocuments> next(int64_t last_document);

private:
  void shuffle(int64_t epoch);

  const Documents &documents_;
  int64_t tokens_per_step_;
  uint64_t seed_;
  int64_t position_ = 0; // documents taken from the stream so far
  int64_t shuffled_epoch_ = -1;
  std::vector<int64_t> order_;
};

// Documents of the stream that `epochs` epochs hold; at least one.
int64_t documents_of_epochs(const Documents &documents, double epochs);

// Steps that it takes to see them.
int64_t count_steps(const Documents &documents, int64_t tokens_per_step, uint64_t seed, int64_t last_document);

// The documents of a step in groups that fit `tokens` at once; each group is one micro-batch.
std::vector<std::vector<int64_t>> micro_batches(const Documents &documents, const StepDocuments &step, int64_t tokens);

} // namespace trex
