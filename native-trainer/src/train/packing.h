// In which order documents are seen, which of them make up each optimiser step, and which go through the model
// together. A pure function of the documents' lengths and the seed, so that a resumed run only needs the number of the
// step it stopped at. What is shuffled and never torn apart is a unit: a document, or the two of a preference pair.
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

// An endless stream of shuffled epochs, cut into steps: a step takes the next units while they fit tokens_per_step
// (a longer unit makes a step of its own). Steps run across the border of two epochs.
class StepStream {
public:
  StepStream(const Documents &documents, int64_t tokens_per_step, uint64_t seed);

  // The next step, with no unit beyond `last_unit` of the stream (none when it is reached).
  std::optional<StepDocuments> next(int64_t last_unit);

private:
  void shuffle(int64_t epoch);

  const Documents &documents_;
  int64_t tokens_per_step_;
  uint64_t seed_;
  int64_t position_ = 0; // units taken from the stream so far
  int64_t shuffled_epoch_ = -1;
  std::vector<int64_t> order_;
};

// Units of the stream that `epochs` epochs hold; at least one.
int64_t units_of_epochs(const Documents &documents, double epochs);

// Steps that it takes to see them.
int64_t count_steps(const Documents &documents, int64_t tokens_per_step, uint64_t seed, int64_t last_unit);

// All of them, in their order in the file, as if they were one step.
StepDocuments every_document(const Documents &documents);

// The documents that the first `steps` steps see, each once and in their order in the file, as if they were one step.
StepDocuments documents_of_steps(const Documents &documents, int64_t tokens_per_step, uint64_t seed, int64_t steps);

// The documents of a step in groups that fit `tokens` at once; each group is one micro-batch and holds whole units. A
// unit that is longer makes a group of its own.
enum class UnitOrder {
  kept, // cut where the next unit does not fit: the place of a token in the step is independent of `tokens`
  free, // first-fit decreasing (Johnson, 1973): at most 11/9 of the fewest groups possible, plus one
};
std::vector<std::vector<int64_t>> micro_batches(const Documents &documents, const StepDocuments &step, int64_t tokens,
                                                UnitOrder order);

} // namespace trex
