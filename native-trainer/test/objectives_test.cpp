// The losses over preference pairs against numbers worked out by hand, and every objective through a whole tiny model:
// gradients against finite differences, and sums that do not depend on how a step is cut.
#include <cmath>
#include <string>

#include "common/failure.h"
#include "ops/cpu/cpu_device.h"
#include "support/check.h"
#include "support/rows.h"
#include "support/tiny_model.h"
#include "train/objective_pass.h"

using namespace trex;
using namespace trex::test;

namespace {

constexpr int64_t tiny_vocab = 31, longest = 40;

ObjectiveRequest objective_of(const char *text) {
  const nlohmann::json json = nlohmann::json::parse(text);
  return parse_objective(Request(json, "objective"), false);
}

// A tiny model, its transformer for up to `tokens` at once, and an objective's pass over it.
struct Bench {
  Bench(const ObjectiveRequest &objective, int64_t tokens)
      : device(2, longest, best_isa()), tiny(Architecture::qwen2, 3),
        transformer(cpu_ops(), device, tiny.model, limits(), longest), pass(objective, transformer, tokens) {}

  static PassLimits limits() {
    PassLimits limits;
    limits.tokens = 400;
    limits.backward = true;
    limits.ranks.resize(2); // layers of the tiny model
    for (ProjectionRanks &layer : limits.ranks) layer.fill(3);
    return limits;
  }

  ReferenceValues log_probabilities(const Documents &pairs) {
    return *pass.pair_log_probabilities(pairs, every_document(pairs), [](int64_t) {});
  }

  double gradient_norm() const {
    double squares = 0.0;
    for (const Trained &tensor : tiny.tensors) squares += inner_product(tensor.gradient, tensor.gradient);
    return std::sqrt(squares);
  }

  CpuDevice device;
  TinyModel tiny;
  Transformer transformer;
  ObjectivePass pass;
};

// Answers of very unequal lengths.
Documents some_pairs() {
  std::string text;
  for (uint64_t i = 0; i < 5; ++i) {
    const auto n = static_cast<int64_t>(i);
    text += pair_line(random_tokens(2 + n, 10 + i, tiny_vocab), random_tokens(1 + 3 * n, 20 + i, tiny_vocab),
                      random_tokens(9 - 2 * n, 30 + i, tiny_vocab));
  }
  return documents_of("pairs.jsonl", text, {RowKind::pair, tiny_vocab, longest});
}

Documents some_rows(RowKind kind) {
  std::string text;
  for (uint64_t i = 0; i < 10; ++i) {
    const Tokens tokens = random_tokens(3 + static_cast<int64_t>(i * i) % 30, 40 + i, tiny_vocab);
    nlohmann::json row = {{"tokens", tokens}};
    if (kind == RowKind::masked && i % 2 == 0) row["train"] = {{tokens.size() / 2, tokens.size()}};
    text += row.dump() + "\n";
  }
  return documents_of("rows-of-objectives.jsonl", text, {kind, tiny_vocab, longest});
}

Documents documents_for(const ObjectiveRequest &objective) {
  if (objective.reads_pairs()) return some_pairs();
  return some_rows(objective.type == ObjectiveType::text ? RowKind::text : RowKind::masked);
}

// Near what the tiny model says itself, so that the sigmoid is neither flat nor straight.
ReferenceValues some_reference(Bench &bench, const Documents &pairs) {
  ReferenceValues values = bench.log_probabilities(pairs);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i].chosen += 2.0 - static_cast<double>(i);
    values[i].rejected -= 1.5 * static_cast<double>(i);
  }
  return values;
}

constexpr const char *all_objectives[] = {R"({"type":"sft"})", R"({"type":"text"})",
                                          R"({"type":"dpo","beta":0.3,"labelSmoothing":0.1})",
                                          R"({"type":"orpo","lambda":0.5})"};

} // namespace

TEST(dpo_by_hand) {
  // Rewards 0.1 (-10 + 11) = 0.1 and 0.1 (-12 + 11.5) = -0.05: m = 0.15.
  const PairLogProbabilities policy{-10.0, -12.0}, reference{-11.0, -11.5};
  const PairLoss plain = pair_loss(objective_of(R"({"type":"dpo"})"), policy, reference, {});
  CHECK(close(plain.loss, 0.620957047789532, 1e-14));
  CHECK(close(plain.chosen_reward, 0.1, 1e-14) && close(plain.rejected_reward, -0.05, 1e-14));
  CHECK(close(plain.chosen_weight, 0.04625701546562505, 1e-14));
  CHECK(plain.rejected_weight == -plain.chosen_weight);
  const PairLoss smooth = pair_loss(objective_of(R"({"type":"dpo","labelSmoothing":0.2})"), policy, reference, {});
  CHECK(close(smooth.loss, 0.6509570477895321, 1e-14));
  CHECK(close(smooth.chosen_weight, 0.02625701546562505, 1e-14));
  const PairLoss equal = pair_loss(objective_of(R"({"type":"dpo"})"), policy, policy, {});
  CHECK(equal.loss == std::log(2.0));
  CHECK(equal.chosen_reward == 0.0 && equal.rejected_reward == 0.0);
}

TEST(orpo_by_hand) {
  // Means -2 / 4 = -0.5 and -3 / 2 = -1.5; ln odds 0.43275... and -1.24752...
  const PairLoss loss = pair_loss(objective_of(R"({"type":"orpo","lambda":0.25})"), {-2.0, -3.0}, {}, {4, 2});
  CHECK(close(loss.loss, 0.5427148042866196, 1e-14));
  CHECK(close(loss.chosen_reward, -0.125, 1e-14) && close(loss.rejected_reward, -0.375, 1e-14));
  CHECK(close(loss.chosen_weight, 0.27494790369734967, 1e-14));
  CHECK(close(loss.rejected_weight, -0.025271248041304907, 1e-14));
  // Without the odds ratio it is the likelihood of what was chosen.
  const PairLoss plain = pair_loss(objective_of(R"({"type":"orpo","lambda":0})"), {-2.0, -3.0}, {}, {4, 2});
  CHECK(plain.loss == 0.5 && plain.chosen_weight == 0.25 && plain.rejected_weight == 0.0);
}

TEST(extreme_pairs_stay_finite) {
  for (const char *text : {R"({"type":"dpo","beta":1})", R"({"type":"orpo","lambda":1})"}) {
    for (const PairLogProbabilities &policy : {PairLogProbabilities{0.0, -1e5}, PairLogProbabilities{-1e5, 0.0},
                                               PairLogProbabilities{0.0, 0.0}, PairLogProbabilities{-1e-18, -1e-18}}) {
      const PairLoss loss = pair_loss(objective_of(text), policy, {-5.0, -5.0}, {3, 3});
      CHECK_CASE(std::isfinite(loss.loss) && loss.loss >= 0.0, text);
      CHECK_CASE(std::isfinite(loss.chosen_weight) && std::isfinite(loss.rejected_weight), text);
    }
  }
}

TEST(weights_are_the_slopes_of_the_loss) {
  const PairLogProbabilities reference{-7.0, -6.5};
  const PairTokens tokens{5, 2};
  for (const char *text : {all_objectives[2], all_objectives[3]}) {
    const ObjectiveRequest objective = objective_of(text);
    const auto at = [&](double chosen, double rejected) {
      return pair_loss(objective, {-6.0 + chosen, -3.0 + rejected}, reference, tokens);
    };
    const double h = 1e-5;
    const double chosen = -(at(h, 0).loss - at(-h, 0).loss) / (2 * h);
    const double rejected = -(at(0, h).loss - at(0, -h).loss) / (2 * h);
    CHECK_CASE(close(at(0, 0).chosen_weight, chosen, 1e-8), text);
    CHECK_CASE(close(at(0, 0).rejected_weight, rejected, 1e-8), text);
  }
}

TEST(every_objective_matches_finite_differences) {
  for (const char *text : all_objectives) {
    const ObjectiveRequest objective = objective_of(text);
    const Documents documents = documents_for(objective);
    Bench bench(objective, 400);
    const ReferenceValues reference =
        objective.type == ObjectiveType::dpo ? some_reference(bench, documents) : ReferenceValues{};
    const auto value = [&] { return bench.pass.evaluate(documents, reference)->loss; };
    const double loss = bench.pass.step(documents, reference, every_document(documents), {})->loss;
    CHECK_CASE(close(loss, value(), 1e-6), text);
    for (Trained &tensor : bench.tiny.tensors) {
      const std::vector<float> direction = random_values(static_cast<int64_t>(tensor.values.size()), 60, 0.1f);
      const double expected = slope_along(tensor.values, direction, 0.02, value);
      const double got = inner_product(tensor.gradient, direction);
      CHECK_CASE(close(got, expected, 5e-3, 2e-2), std::string(text) + " " + tensor.name + " " + std::to_string(got) +
                                                       " against " + std::to_string(expected));
    }
  }
}

TEST(a_step_learns_the_same_however_it_is_cut) {
  for (const char *text : all_objectives) {
    const ObjectiveRequest objective = objective_of(text);
    const Documents documents = documents_for(objective);
    double loss = 0.0, norm = 0.0, margin = 0.0;
    std::vector<std::vector<float>> gradients;
    for (const int64_t micro_tokens : {400, 70, 40, 1}) { // all at once, ..., one document or pair at a time
      Bench bench(objective, micro_tokens);
      const ReferenceValues reference =
          objective.type == ObjectiveType::dpo ? some_reference(bench, documents) : ReferenceValues{};
      const ObjectiveLoss result = *bench.pass.step(documents, reference, every_document(documents), {});
      const PreferenceTotals totals = result.preference.value_or(PreferenceTotals{});
      if (gradients.empty()) {
        loss = result.loss;
        norm = bench.gradient_norm();
        margin = totals.chosen_reward - totals.rejected_reward;
        for (const Trained &tensor : bench.tiny.tensors) gradients.push_back(tensor.gradient);
        CHECK(norm > 0.01);
        CHECK(result.preference.has_value() == objective.reads_pairs());
        if (objective.reads_pairs()) CHECK(totals.pairs == documents.units());
        continue;
      }
      const std::string what = std::string(text) + " in " + std::to_string(micro_tokens);
      CHECK_CASE(close(result.loss, loss, 1e-6), what);
      CHECK_CASE(close(bench.gradient_norm(), norm, 1e-6), what + " " + std::to_string(bench.gradient_norm() / norm));
      CHECK_CASE(close(totals.chosen_reward - totals.rejected_reward, margin, 1e-6), what);
      for (size_t i = 0; i < gradients.size(); ++i) {
        CHECK_CASE(relative_error(bench.tiny.tensors[i].gradient, gradients[i]) < 2e-5,
                   what + " " + bench.tiny.tensors[i].name);
      }
    }
  }
}

TEST(noise_is_the_same_however_a_step_is_cut) {
  for (const char *text : all_objectives) {
    const ObjectiveRequest objective = objective_of(text);
    const Documents documents = documents_for(objective);
    double loss = 0.0, norm = 0.0;
    for (const int64_t micro_tokens : {400, 60, 1}) {
      Bench bench(objective, micro_tokens);
      const ReferenceValues reference =
          objective.type == ObjectiveType::dpo ? some_reference(bench, documents) : ReferenceValues{};
      const PassNoise noise{0.3f, 0.0f, 9, 4, 0};
      const double own = bench.pass.step(documents, reference, every_document(documents), noise)->loss;
      if (micro_tokens == 400) {
        loss = own;
        norm = bench.gradient_norm();
        CHECK_CASE(!close(own, bench.pass.evaluate(documents, reference)->loss, 1e-4), text); // it does something
      }
      CHECK_CASE(close(own, loss, 1e-6) && close(bench.gradient_norm(), norm, 1e-6), text);
    }
  }
}

TEST(the_likelihood_of_an_answer_is_bit_for_bit_the_same_in_any_company) {
  // What makes DPO begin at exactly ln 2: the reference is taken in other micro-batches than the steps are.
  const Documents pairs = some_pairs();
  const ObjectiveRequest objective = objective_of(R"({"type":"dpo"})");
  Bench together(objective, 400), alone(objective, 1);
  const ReferenceValues packed = together.log_probabilities(pairs);
  const ReferenceValues separate = alone.log_probabilities(pairs);
  CHECK(packed.size() == 5 && separate.size() == 5);
  for (size_t i = 0; i < packed.size(); ++i) {
    CHECK(packed[i].chosen == separate[i].chosen && packed[i].rejected == separate[i].rejected);
  }
  const ObjectiveLoss loss = *together.pass.step(pairs, packed, every_document(pairs), {});
  CHECK(close(loss.loss, std::log(2.0), 1e-15));
  CHECK(loss.preference->chosen_reward == 0.0 && loss.preference->rejected_reward == 0.0);
  CHECK(loss.preference->wins == 0);
}

TEST(an_objective_takes_only_its_own_options) {
  const auto code_of = [](const char *text, bool full) -> std::string {
    const nlohmann::json json = nlohmann::json::parse(text);
    try {
      parse_objective(Request(json, "objective"), full);
      return "";
    } catch (const Failure &failure) {
      return failure.code;
    }
  };
  CHECK(code_of(R"({})", true).empty());
  CHECK(code_of(R"({"type":"orpo","lambda":0.2})", true).empty());
  CHECK(code_of(R"({"type":"dpo"})", true) == "objective.full_dpo");
  CHECK(code_of(R"({"type":"sft","beta":0.1})", false) == "request.unknown_field");
  CHECK(code_of(R"({"type":"orpo","beta":0.1})", false) == "request.unknown_field");
  CHECK(!code_of(R"({"type":"dpo","labelSmoothing":0.6})", false).empty());
  CHECK(!code_of(R"({"type":"dpo","reference":"other"})", false).empty());
  CHECK(!code_of(R"({"type":"ppo"})", false).empty());
}
