#include "train/objective_pass.h"

#include <numeric>
#include <span>

#include "common/interrupt.h"

namespace trex {
namespace {

// Splits what belongs to a batch's targets by the documents they lie in, in the batch's order.
template <class Value> class ByDocument {
public:
  ByDocument(const Documents &documents, std::span<Value> values) : documents_(documents), rest_(values) {}

  std::span<Value> next(int64_t document) {
    const std::span<Value> own = rest_.first(static_cast<size_t>(documents_.targets(document)));
    rest_ = rest_.subspan(own.size());
    return own;
  }

private:
  const Documents &documents_;
  std::span<Value> rest_;
};

double sum_of(std::span<const double> values) { return std::accumulate(values.begin(), values.end(), 0.0); }

// The pairs of a micro-batch, from the log-probabilities of its targets: adds each to `totals` and tells `weigh` of it.
template <class Weigh>
void for_each_pair(const ObjectiveRequest &objective, const Documents &pairs, const std::vector<int64_t> &group,
                   const ReferenceValues &reference, std::span<const double> log_probabilities,
                   PreferenceTotals &totals, const Weigh &weigh) {
  ByDocument<const double> answers(pairs, log_probabilities);
  for (size_t i = 0; i < group.size(); i += 2) {
    const double chosen = sum_of(answers.next(group[i])), rejected = sum_of(answers.next(group[i + 1]));
    const auto pair = static_cast<size_t>(group[i] / 2);
    const PairLoss loss =
        pair_loss(objective, {chosen, rejected}, reference.empty() ? PairLogProbabilities{} : reference[pair],
                  {pairs.targets(group[i]), pairs.targets(group[i + 1])});
    totals.add(loss);
    weigh(group[i], loss.chosen_weight);
    weigh(group[i + 1], loss.rejected_weight);
  }
}

// Noise is drawn by a token's place in the step, which only the kept order leaves independent of the cut.
UnitOrder order_for(const PassNoise &noise) {
  return noise.dropout > 0.0f || noise.embedding_noise > 0.0f ? UnitOrder::kept : UnitOrder::free;
}

} // namespace

void ObjectivePass::fill_batch(const Documents &documents, const std::vector<int64_t> &group) {
  batch_.clear();
  for (const int64_t document : group) documents.append_to(batch_, document);
}

std::optional<ObjectiveLoss> ObjectivePass::step(const Documents &documents, const ReferenceValues &reference,
                                                 const StepDocuments &step, PassNoise noise) {
  const bool reads_pairs = objective_.reads_pairs();
  const auto terms = static_cast<double>(reads_pairs ? static_cast<int64_t>(step.documents.size()) / 2 : step.targets);
  PreferenceTotals totals;
  for (const std::vector<int64_t> &group : micro_batches(documents, step, micro_tokens_, order_for(noise))) {
    if (interrupt_requested()) {
      transformer_.take_loss();
      return std::nullopt;
    }
    fill_batch(documents, group);
    if (reads_pairs) {
      const WeighTargets weigh = [&](std::span<const double> log_probabilities, std::span<float> weights) {
        const double before = totals.loss;
        ByDocument<float> targets(documents, weights);
        for_each_pair(objective_, documents, group, reference, log_probabilities, totals,
                      [&](int64_t document, double weight) {
                        for (float &value : targets.next(document)) value = static_cast<float>(weight / terms);
                      });
        return totals.loss - before;
      };
      transformer_.loss_and_gradients(batch_, weigh, noise);
    } else {
      transformer_.loss_and_gradients(batch_, static_cast<float>(1.0 / terms), noise);
    }
    noise.first_token += batch_.token_count();
  }
  if (reads_pairs) return ObjectiveLoss{totals.loss / terms, totals};
  return ObjectiveLoss{transformer_.take_loss() / terms, std::nullopt};
}

std::optional<ObjectiveLoss> ObjectivePass::evaluate(const Documents &documents, const ReferenceValues &reference) {
  PreferenceTotals totals;
  double loss = 0.0;
  for (const auto &group : micro_batches(documents, every_document(documents), micro_tokens_, UnitOrder::kept)) {
    if (interrupt_requested()) return std::nullopt;
    fill_batch(documents, group);
    if (!objective_.reads_pairs()) {
      loss += transformer_.loss(batch_);
      continue;
    }
    transformer_.score(batch_, log_probabilities_, is_argmax_);
    for_each_pair(objective_, documents, group, reference, log_probabilities_, totals, [](int64_t, double) {});
  }
  if (objective_.reads_pairs()) return ObjectiveLoss{totals.loss / static_cast<double>(totals.pairs), totals};
  return ObjectiveLoss{loss / static_cast<double>(documents.target_tokens), std::nullopt};
}

std::optional<ReferenceValues> ObjectivePass::pair_log_probabilities(const Documents &pairs, const StepDocuments &which,
                                                                     const std::function<void(int64_t)> &progress) {
  ReferenceValues values(static_cast<size_t>(pairs.units()));
  int64_t done = 0;
  for (const std::vector<int64_t> &group : micro_batches(pairs, which, micro_tokens_, UnitOrder::kept)) {
    if (interrupt_requested()) return std::nullopt;
    fill_batch(pairs, group);
    transformer_.score(batch_, log_probabilities_, is_argmax_);
    ByDocument<const double> answers(pairs, log_probabilities_);
    for (size_t i = 0; i < group.size(); i += 2) {
      PairLogProbabilities &pair = values[static_cast<size_t>(group[i] / 2)];
      pair.chosen = sum_of(answers.next(group[i]));
      pair.rejected = sum_of(answers.next(group[i + 1]));
    }
    done += static_cast<int64_t>(group.size()) / 2;
    progress(done);
  }
  return values;
}

} // namespace trex
