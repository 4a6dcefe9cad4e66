#include "train/preference_loss.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

namespace trex {
namespace {

// -ln s(x) = ln(1 + exp(-x)), without overflow.
double softplus_of_minus(double x) { return std::max(-x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

double sigmoid(double x) { return x >= 0.0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x)); }

PairLoss dpo(const ObjectiveRequest &objective, const PairLogProbabilities &policy,
             const PairLogProbabilities &reference) {
  const double beta = objective.beta, e = objective.label_smoothing;
  const double chosen = beta * (policy.chosen - reference.chosen);
  const double rejected = beta * (policy.rejected - reference.rejected);
  const double m = chosen - rejected;
  const double loss = (1.0 - e) * softplus_of_minus(m) + e * softplus_of_minus(-m);
  const double falls = (1.0 - e) * sigmoid(-m) - e * sigmoid(m); // -d(loss) / dm
  return {loss, chosen, rejected, beta * falls, -beta * falls};
}

// 1 - exp(l), kept off zero: an answer that is certain to the last digit has odds of 1e12.
double other_probability(double mean) { return std::max(-std::expm1(mean), 1e-12); }

PairLoss orpo(const ObjectiveRequest &objective, const PairLogProbabilities &policy, const PairTokens &tokens) {
  const auto chosen_count = static_cast<double>(tokens.chosen), rejected_count = static_cast<double>(tokens.rejected);
  const double chosen = policy.chosen / chosen_count, rejected = policy.rejected / rejected_count;
  const double not_chosen = other_probability(chosen), not_rejected = other_probability(rejected);
  const double ratio = (chosen - std::log(not_chosen)) - (rejected - std::log(not_rejected));
  const double loss = -chosen + objective.lambda * softplus_of_minus(ratio);
  const double falls = objective.lambda * sigmoid(-ratio); // -d(loss) / d(ratio); d(ln odds) / dl = 1 / (1 - exp(l))
  return {loss, objective.lambda * chosen, objective.lambda * rejected, (1.0 + falls / not_chosen) / chosen_count,
          -falls / not_rejected / rejected_count};
}

} // namespace

PairLoss pair_loss(const ObjectiveRequest &objective, const PairLogProbabilities &policy,
                   const PairLogProbabilities &reference, const PairTokens &tokens) {
  return objective.type == ObjectiveType::dpo ? dpo(objective, policy, reference) : orpo(objective, policy, tokens);
}

void PreferenceTotals::add(const PairLoss &pair) {
  ++pairs;
  if (pair.chosen_reward > pair.rejected_reward) ++wins;
  loss += pair.loss;
  chosen_reward += pair.chosen_reward;
  rejected_reward += pair.rejected_reward;
}

void report(const PreferenceTotals &totals, nlohmann::json &event) {
  const auto pairs = static_cast<double>(totals.pairs);
  event["rewardChosen"] = totals.chosen_reward / pairs;
  event["rewardRejected"] = totals.rejected_reward / pairs;
  event["rewardMargin"] = (totals.chosen_reward - totals.rejected_reward) / pairs;
  event["rewardAccuracy"] = static_cast<double>(totals.wins) / pairs;
}

} // namespace trex
