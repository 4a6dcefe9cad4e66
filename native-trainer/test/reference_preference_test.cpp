// Preference losses against the PyTorch reference (test/reference): the log-probability of every answer with and
// without the adapter, and the gradients of DPO and ORPO through targets that each have a weight of their own.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "support/check.h"
#include "support/reference_model.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

constexpr double sum_tolerance = 2e-6;      // of an answer's log-probability, relative
constexpr double loss_tolerance = 5e-6;     // relative; a margin is a small difference of large sums
constexpr double gradient_tolerance = 2e-5; // of the tensor's norm

constexpr const char *names[] = {"llama", "gemma2"};
constexpr const char *sides[] = {"chosen", "rejected"};

// Every pair's chosen answer, then its rejected one.
struct Pairs {
  TokenBatch batch;
  std::vector<size_t> ends; // of each answer's targets

  explicit Pairs(const json &pairs) {
    for (const json &pair : pairs) {
      for (const char *side : sides) {
        append_document(batch, pair.at(side));
        ends.push_back(batch.targets.size());
      }
    }
  }

  size_t begin_of(size_t answer) const { return answer == 0 ? 0 : ends[answer - 1]; }
  double length(size_t answer) const { return static_cast<double>(ends[answer] - begin_of(answer)); }
  double sum(std::span<const double> log_probabilities, size_t answer) const {
    double total = 0.0;
    for (size_t i = begin_of(answer); i < ends[answer]; ++i) total += log_probabilities[i];
    return total;
  }
  void weigh(std::span<float> weights, size_t answer, double weight) const {
    for (size_t i = begin_of(answer); i < ends[answer]; ++i) weights[i] += static_cast<float>(weight);
  }
};

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double minus_log_sigmoid(double x) { return std::log1p(std::exp(-x)); } // of margins of a few units

double log_odds(double log_p) { return log_p - std::log(-std::expm1(log_p)); }
double log_odds_slope(double log_p) { return -1.0 / std::expm1(log_p); } // 1 / (1 - p)

// Rafailov et al., arXiv 2305.18290, equation 7. Weights are d(loss) / d(-ln p).
double dpo(const Pairs &pairs, const json &expected, std::span<const double> log_probabilities,
           std::span<float> weights) {
  const double beta = expected.at("dpo").at("beta");
  const json &reference = expected.at("sums").at("reference");
  const size_t count = pairs.ends.size() / 2;
  double loss = 0.0;
  for (size_t pair = 0; pair < count; ++pair) {
    const double chosen = pairs.sum(log_probabilities, 2 * pair) - reference.at("chosen")[pair].get<double>();
    const double rejected = pairs.sum(log_probabilities, 2 * pair + 1) - reference.at("rejected")[pair].get<double>();
    const double margin = beta * (chosen - rejected), share = 1.0 / static_cast<double>(count);
    loss += share * minus_log_sigmoid(margin);
    pairs.weigh(weights, 2 * pair, share * beta * sigmoid(-margin));
    pairs.weigh(weights, 2 * pair + 1, -share * beta * sigmoid(-margin));
  }
  return loss;
}

// Hong et al., arXiv 2403.07691, equations 3 to 7.
double orpo(const Pairs &pairs, const json &expected, std::span<const double> log_probabilities,
            std::span<float> weights) {
  const double lambda = expected.at("orpo").at("lambda");
  const size_t count = pairs.ends.size() / 2;
  double chosen_tokens = 0.0, loss = 0.0;
  for (size_t pair = 0; pair < count; ++pair) chosen_tokens += pairs.length(2 * pair);
  for (size_t pair = 0; pair < count; ++pair) {
    const size_t c = 2 * pair, r = c + 1;
    const double share = lambda / static_cast<double>(count);
    const double chosen = pairs.sum(log_probabilities, c) / pairs.length(c);
    const double rejected = pairs.sum(log_probabilities, r) / pairs.length(r);
    const double ratio = log_odds(chosen) - log_odds(rejected);
    loss += share * minus_log_sigmoid(ratio) - pairs.sum(log_probabilities, c) / chosen_tokens;
    pairs.weigh(weights, c, 1.0 / chosen_tokens + share * sigmoid(-ratio) * log_odds_slope(chosen) / pairs.length(c));
    pairs.weigh(weights, r, -share * sigmoid(-ratio) * log_odds_slope(rejected) / pairs.length(r));
  }
  return loss;
}

void compare_sums(ReferenceModel &model, const Pairs &pairs, const json &expected, const std::string &place) {
  std::vector<double> log_probabilities;
  std::vector<uint8_t> is_argmax;
  model.transformer().score(pairs.batch, log_probabilities, is_argmax);
  Worst worst;
  for (size_t answer = 0; answer < pairs.ends.size(); ++answer) {
    const double want = expected.at(sides[answer % 2])[answer / 2];
    worst.see(relative_difference(pairs.sum(log_probabilities, answer), want), "answer " + std::to_string(answer));
  }
  std::printf("%s: answers %.1e (%s)\n", place.c_str(), worst.error, worst.where.c_str());
  CHECK_CASE(worst.error <= sum_tolerance, place + " " + worst.where);
}

template <class Objective>
void compare_objective(ReferenceModel &model, const Pairs &pairs, const char *name, const Objective &objective) {
  const json &expected = model.dump.at("preference");
  model.set().clear_gradients();
  const double loss = model.transformer().loss_and_gradients(
      pairs.batch,
      [&](std::span<const double> log_probabilities, std::span<float> weights) {
        std::fill(weights.begin(), weights.end(), 0.0f);
        return objective(pairs, expected, log_probabilities, weights);
      },
      {});
  const double error = relative_difference(loss, expected.at(name).at("loss"));
  Worst gradient;
  model.compare(gradient, model.set().gradients(), expected.at(name).at("gradients"));
  std::printf("%s: loss %.1e gradient %.1e (%s)\n", name, error, gradient.error, gradient.where.c_str());
  CHECK_CASE(error <= loss_tolerance, name);
  CHECK_CASE(gradient.error <= gradient_tolerance, std::string(name) + " " + gradient.where);
}

} // namespace

TEST(preference_losses_equal_the_pytorch_reference) {
  for (const char *name : names) {
    ReferenceModel model(name, false, best_isa());
    const json &expected = model.dump.at("preference");
    const Pairs pairs(expected.at("pairs"));
    compare_sums(model, pairs, expected.at("sums").at("policy"), std::string(name) + " policy");
    compare_objective(model, pairs, "dpo", dpo);
    compare_objective(model, pairs, "orpo", orpo);
    for (Layer &layer : model.frozen().layers) {
      for (Linear &linear : layer.projections) linear.lora = {};
    }
    compare_sums(model, pairs, expected.at("sums").at("reference"), std::string(name) + " reference");
  }
}
