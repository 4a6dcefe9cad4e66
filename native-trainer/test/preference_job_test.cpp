// Whole training jobs on preference pairs and on plain text.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/commands.h"
#include "common/digest.h"
#include "common/failure.h"
#include "support/check.h"
#include "support/rows.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

// After a few numbers that count up, counting on is preferred to counting down.
std::string counting_pairs(uint64_t seed, uint64_t rows) {
  std::string text;
  for (uint64_t row = 0; row < rows; ++row) {
    const auto start = static_cast<int32_t>(random_bits(seed, row, 0) % vocab);
    const auto prompt_length = 2 + static_cast<int32_t>(random_bits(seed, row, 1) % 6);
    const auto answer_length = 1 + static_cast<int32_t>(random_bits(seed, row, 2) % 8);
    Tokens prompt, chosen, rejected;
    for (int32_t i = 0; i < prompt_length; ++i) prompt.push_back((start + i) % vocab);
    for (int32_t i = 0; i < answer_length; ++i) {
      chosen.push_back((prompt.back() + 1 + i) % vocab);
      rejected.push_back((prompt.back() + vocab - 1 - i) % vocab);
    }
    text += pair_line(prompt, chosen, rejected);
  }
  return text;
}

json preference_request(const std::string &folder, const json &objective) {
  write_text("train-pairs.jsonl", counting_pairs(1, 40));
  write_text("validation-pairs.jsonl", counting_pairs(2, 15));
  json request = request_into(folder);
  request["data"] = in_scratch("train-pairs.jsonl");
  request["validation"] = in_scratch("validation-pairs.jsonl");
  request["objective"] = objective;
  return request;
}

double number(const json &event, const char *field) { return event.at(field).get<double>(); }

bool has(const Outcome &outcome, const char *event) {
  for (const json &line : outcome.events) {
    if (line.at("event") == event) return true;
  }
  return false;
}

const json &first(const Outcome &outcome, const char *event) {
  for (const json &line : outcome.events) {
    if (line.at("event") == event) return line;
  }
  throw std::runtime_error("no such event");
}

} // namespace

TEST(dpo_begins_at_ln_2_and_raises_margin_and_accuracy) {
  json request = preference_request("dpo-learns", {{"type", "dpo"}});
  request["steps"] = 60;
  request["validateEverySteps"] = 20;
  request["lora"]["dropout"] = 0.0;
  const Outcome outcome = train(request);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.last("start").at("objective") == "dpo" && outcome.last("start").at("rows") == 40);
  CHECK(first(outcome, "reference").at("pairs") == 55 && first(outcome, "reference").at("saved") == false);

  // B is zero: policy and reference are the same to the last bit.
  for (const char *event : {"validation", "step"}) {
    const json &start = first(outcome, event);
    CHECK(std::abs(number(start, "loss") - std::log(2.0)) < 1e-15);
    for (const char *field : {"rewardChosen", "rewardRejected", "rewardMargin", "rewardAccuracy"}) {
      CHECK_CASE(number(start, field) == 0.0, field);
    }
  }
  for (const char *event : {"step", "validation"}) {
    const json &end = outcome.last(event);
    CHECK_CASE(number(end, "loss") < 0.45 && number(end, "rewardMargin") > 0.5, end.dump());
    CHECK_CASE(number(end, "rewardAccuracy") > 0.9, end.dump());
    CHECK(std::abs(number(end, "rewardMargin") - number(end, "rewardChosen") + number(end, "rewardRejected")) < 1e-12);
  }
  CHECK(outcome.last("validation").at("loss") == outcome.last("done").at("validationLoss"));
  CHECK(plan_of(request).at("bytes") == outcome.last("plan").at("bytes"));
}

TEST(orpo_raises_margin_and_accuracy_with_either_method) {
  for (const char *method : {"lora", "full"}) {
    json request = preference_request(std::string("orpo-") + method, {{"type", "orpo"}, {"lambda", 0.5}});
    request["steps"] = 60;
    request["validateEverySteps"] = 60;
    request["method"] = method;
    request["optimizer"]["learningRate"] = 0.005;
    const Outcome outcome = train(request);
    CHECK_CASE(outcome.exit_code == 0, outcome.message);
    CHECK(!has(outcome, "reference"));
    const json &start = first(outcome, "validation"), &end = outcome.last("validation");
    CHECK_CASE(number(end, "loss") < 0.6 * number(start, "loss"), end.dump());
    CHECK_CASE(number(end, "rewardMargin") > number(start, "rewardMargin") + 0.2, end.dump());
    CHECK_CASE(number(end, "rewardAccuracy") > 0.9, end.dump());
  }
}

TEST(preference_jobs_resume_bit_for_bit) {
  for (const json &objective :
       {json{{"type", "dpo"}}, json{{"type", "dpo"}, {"reference", "start"}}, json{{"type", "orpo"}}}) {
    const std::string name = objective.at("type").get<std::string>() + objective.value("reference", "");
    json whole = preference_request("whole-" + name, objective);
    train(whole);
    json pieces = preference_request("pieces-" + name, objective);
    pieces["resume"] = true;
    pieces["limits"] = {{"seconds", 0}};
    int runs = 0;
    Outcome outcome;
    do {
      const bool lost = runs == 4; // then the reference is taken again, from the model and not from the checkpoint
      if (lost) std::filesystem::remove(in_scratch("pieces-" + name + "/reference.trex"));
      outcome = train(pieces);
      if (objective.at("type") == "dpo") CHECK(first(outcome, "reference").at("saved") == (runs > 0 && !lost));
      ++runs;
    } while (outcome.exit_code == static_cast<int>(FailureClass::timeout) && runs < 20);
    CHECK_CASE(outcome.exit_code == 0, outcome.message);
    CHECK(runs == 9);
    CHECK_CASE(hash_of(pieces) == hash_of(whole), name);
    json again = preference_request("again-" + name, objective);
    again["threads"] = 3;
    train(again);
    CHECK_CASE(hash_of(again) == hash_of(whole), name);
    again["outDir"] = in_scratch("seed-" + name);
    again["seed"] = 2;
    train(again);
    CHECK_CASE(hash_of(again) != hash_of(whole), name);
  }
}

TEST(saved_references_are_used_only_when_they_are_whole_and_of_this_job) {
  json request = preference_request("cached", {{"type", "dpo"}});
  request["steps"] = 2;
  const auto saved = [&] { return first(train(request), "reference").at("saved").get<bool>(); };
  CHECK(!saved());
  const std::string path = in_scratch("cached/reference.trex"), bytes = sha256_of_file(path);
  CHECK(saved());
  request["optimizer"]["learningRate"] = 0.02;
  request["objective"]["beta"] = 0.3;
  CHECK(saved()); // neither changes what the reference says

  const auto size = std::filesystem::file_size(path);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file.put('\x55');
    file.put('\xaa');
  }
  CHECK(!saved());
  CHECK(sha256_of_file(path) == bytes);
  std::filesystem::resize_file(path, size / 2);
  CHECK(!saved());
  CHECK(sha256_of_file(path) == bytes);
  std::filesystem::resize_file(path, 0);
  CHECK(!saved());

  write_text("other-pairs.jsonl", counting_pairs(3, 40));
  request["data"] = in_scratch("other-pairs.jsonl");
  CHECK(!saved());
  CHECK(sha256_of_file(path) != bytes);
}

TEST(a_short_job_takes_the_reference_of_its_own_pairs_only) {
  json request = preference_request("short", {{"type", "dpo"}});
  request["validation"] = nullptr;
  request["steps"] = 1;
  request["batch"]["tokensPerStep"] = 60;
  const Outcome outcome = train(request);
  const auto pairs = first(outcome, "reference").at("pairs").get<int64_t>();
  CHECK(pairs >= 1 && pairs < 15 && first(outcome, "reference").at("of") == pairs);
  CHECK(number(outcome.last("step"), "epoch") == static_cast<double>(pairs) / 40.0);
  request["steps"] = 2; // sees other pairs too
  CHECK(first(train(request), "reference").at("saved") == false);
}

TEST(the_reference_is_the_base_unless_the_start_is_asked_for) {
  json trained = request_into("preferred-start"); // learns to count up
  trained["steps"] = 40;
  train(trained);
  json request = preference_request("reference-base", {{"type", "dpo"}});
  request["lora"]["initFrom"] = in_scratch("preferred-start/adapter.gguf");
  request["lora"]["dropout"] = 0.0;
  request["steps"] = 3;
  request["checkpointEverySteps"] = 1;
  const Outcome base = train(request);
  CHECK(number(first(base, "step"), "rewardMargin") > 0.1); // the adapter has moved away from the base already
  CHECK(first(base, "step").at("rewardAccuracy") == 1.0);

  // The same folder: the base's values must not be taken for the start's.
  request["objective"]["reference"] = "start";
  const Outcome start = train(request);
  CHECK(first(start, "reference").at("saved") == false);
  CHECK(std::abs(number(first(start, "step"), "loss") - std::log(2.0)) < 1e-15);
  CHECK(number(first(start, "step"), "rewardMargin") == 0.0);

  request["resume"] = true;
  request["objective"]["reference"] = "base";
  CHECK(train(request).code == "checkpoint.other_job");
}

TEST(what_does_not_fit_together_is_refused) {
  json request = preference_request("refused", {{"type", "dpo"}});
  request["method"] = "full";
  CHECK(train(request).code == "objective.full_dpo");
  request["method"] = "lora";
  request["data"] = counting_rows();
  const Outcome wrong = train(request);
  CHECK(wrong.code == "data.rows" && wrong.message.find("another kind") != std::string::npos);
  CHECK(wrong.message.find("60 rows") != std::string::npos);
  request["data"] = in_scratch("train-pairs.jsonl");
  request["objective"] = {{"type", "sft"}};
  CHECK(train(request).code == "data.rows");
  CHECK(!std::filesystem::exists(in_scratch("refused")));
}

TEST(a_checkpoint_belongs_to_its_objective) {
  json request = preference_request("objective-changes", {{"type", "dpo"}});
  train(request);
  request["resume"] = true;
  CHECK(train(request).exit_code == 0);
  request["objective"]["beta"] = 0.2;
  CHECK(train(request).code == "checkpoint.other_job");
}

TEST(the_plan_counts_pairs_and_their_references) {
  json dpo = preference_request("planned", {{"type", "dpo"}});
  dpo["batch"]["tokensPerStep"] = 20; // less than a pair may need: a micro-batch still holds two documents
  json orpo = dpo;
  orpo["objective"] = {{"type", "orpo"}};
  const json with = plan_of(dpo), without = plan_of(orpo);
  CHECK(number(with.at("bytes"), "workspace") - number(without.at("bytes"), "workspace") == 16.0 * (40 + 15));
  const auto activations = [&dpo](int64_t tokens) {
    json other = dpo;
    other["batch"]["tokensPerStep"] = tokens;
    return number(plan_of(other).at("bytes"), "activations");
  };
  CHECK(activations(20) == activations(1) && activations(20) < activations(100000));
  CHECK(number(with, "estimatedSeconds") > 0.0);
  const Outcome outcome = train(dpo);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.last("plan").at("bytes") == with.at("bytes"));
}

TEST(plain_text_is_learnt_whole) {
  std::string text;
  for (uint64_t row = 0; row < 4; ++row) {
    Tokens tokens;
    for (uint64_t i = 0; i < 150 + row; ++i) tokens.push_back(static_cast<int32_t>((7 * row + i) % vocab));
    text += row_line(tokens);
  }
  write_text("book.jsonl", text);
  json request = request_into("text");
  request["data"] = in_scratch("book.jsonl");
  request["objective"] = {{"type", "text"}};
  request["epochs"] = 12;
  request["steps"] = nullptr;
  const Outcome outcome = train(request);
  CHECK_CASE(outcome.exit_code == 0, outcome.message);
  const json &start = outcome.last("start");
  CHECK(start.at("rows") == 4 && start.at("splitRows") == 4 && start.at("droppedRows") == 0);
  CHECK(start.at("targetTokens") == 149 + 150 + 151 + 152);
  int64_t tokens = 0;
  for (const json &event : outcome.events) {
    if (event.at("event") == "step") tokens += event.at("tokens").get<int64_t>();
  }
  CHECK(tokens == 12 * (149 + 150 + 151 + 152));
  CHECK(number(outcome.last("done"), "loss") < 0.7 * number(first(outcome, "step"), "loss"));

  request["outDir"] = in_scratch("text-whole");
  request["objective"]["split"] = false;
  CHECK(train(request).code == "data.empty");
}
