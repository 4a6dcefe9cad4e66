// Documents through the model under a job's objective: the loss of an optimiser step with its gradient, and of the
// validation data without one. Every loss is a mean over the whole step (over targets for sft and text, over pairs for
// dpo and orpo), so how a step is cut into micro-batches does not change what is learnt.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "model/transformer.h"
#include "train/documents.h"
#include "train/objective_request.h"
#include "train/packing.h"
#include "train/preference_loss.h"

namespace trex {

struct ObjectiveLoss {
  double loss = 0.0;
  std::optional<PreferenceTotals> preference; // dpo and orpo
};

// Of every pair of a data file; empty where the objective has no reference.
using ReferenceValues = std::vector<PairLogProbabilities>;

class ObjectivePass {
public:
  // `micro_tokens` go through the model at once. The transformer must outlive this.
  ObjectivePass(const ObjectiveRequest &objective, Transformer &transformer, int64_t micro_tokens)
      : objective_(objective), transformer_(transformer), micro_tokens_(micro_tokens) {}

  // The mean loss of a step; adds its gradient. nullopt when interrupted on the way.
  std::optional<ObjectiveLoss> step(const Documents &documents, const ReferenceValues &reference,
                                    const StepDocuments &step, PassNoise noise);

  // The mean loss of all documents, without noise. nullopt when interrupted on the way.
  std::optional<ObjectiveLoss> evaluate(const Documents &documents, const ReferenceValues &reference);

  // ln p of the two answers of the pairs of `which`, as the model is now; zeros for all others. Calls `progress` with
  // the number of pairs done after each micro-batch. nullopt when interrupted on the way.
  std::optional<ReferenceValues> pair_log_probabilities(const Documents &pairs, const StepDocuments &which,
                                                        const std::function<void(int64_t)> &progress);

private:
  void fill_batch(const Documents &documents, const std::vector<int64_t> &group);

  ObjectiveRequest objective_;
  Transformer &transformer_;
  int64_t micro_tokens_;
  TokenBatch batch_;
  std::vector<double> log_probabilities_;
  std::vector<uint8_t> is_argmax_;
};

} // namespace trex
