// The two losses over preference pairs, as functions of the log-probabilities of the answers. y_w is the chosen and
// y_l the rejected answer to the prompt x; logs are natural.
//
// DPO (Rafailov et al., "Direct Preference Optimization", 2023, equation 7), with the share e of wrongly labelled pairs
// of its conservative form (Mitchell, "A note on DPO with noisy preferences", 2023):
//   m = beta (ln p(y_w|x) - ln p_ref(y_w|x)) - beta (ln p(y_l|x) - ln p_ref(y_l|x))
//   loss = -(1 - e) ln s(m) - e ln s(-m),   s(m) = 1 / (1 + exp(-m))
// The log-probability of an answer is the sum over its tokens. m is the difference of the two answers' rewards.
//
// ORPO (Hong et al., "ORPO: Monolithic Preference Optimization without Reference Model", 2024, equations 2 to 7), with
// l(y) the mean of ln p over the answer's tokens and odds(y) = exp(l(y)) / (1 - exp(l(y))):
//   loss = -l(y_w) - lambda ln s(ln odds(y_w) - ln odds(y_l))
// The reward of an answer is shown as lambda l(y).
//
// Both are means over the pairs of an optimiser step.
#pragma once

#include <cstdint>
#include <span>

#include <nlohmann/json_fwd.hpp>

#include "train/objective_request.h"

namespace trex {

// Sums of ln p over the tokens of a pair's answers.
struct PairLogProbabilities {
  double chosen = 0.0, rejected = 0.0;
};

struct PairTokens {
  int64_t chosen = 0, rejected = 0; // of the answers
};

struct PairLoss {
  double loss;
  double chosen_reward, rejected_reward;
  double chosen_weight, rejected_weight; // d(loss) / d(-ln p) of every token of the answer
};

// `reference` is only read for dpo, `tokens` only for orpo.
PairLoss pair_loss(const ObjectiveRequest &objective, const PairLogProbabilities &policy,
                   const PairLogProbabilities &reference, const PairTokens &tokens);

// What a step or a validation says of its pairs.
struct PreferenceTotals {
  int64_t pairs = 0, wins = 0; // a win: the chosen answer's reward is the larger one
  double loss = 0.0, chosen_reward = 0.0, rejected_reward = 0.0;

  void add(const PairLoss &pair);
};

// Adds means as rewardChosen, rewardRejected, rewardMargin and rewardAccuracy to an event.
void report(const PreferenceTotals &totals, nlohmann::json &event);

} // namespace trex
