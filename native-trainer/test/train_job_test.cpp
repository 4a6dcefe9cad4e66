// Whole training jobs through run_train on a made model: reproducible, resumable, and clear about what went wrong.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/failure.h"
#include "gguf/adapter_file.h"
#include "support/check.h"
#include "support/training_jobs.h"
#include "train/score_command.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

TEST(training_learns_and_reports) {
  json request = request_into("learns");
  request["steps"] = 60;
  request["validation"] = counting_rows();
  const Outcome outcome = train(request);
  CHECK(outcome.exit_code == 0);
  const double first = outcome.events[2].at("loss").get<double>(), last = outcome.last("done").at("loss").get<double>();
  CHECK(first > 3.0 && last < 0.5 * first);
  CHECK(outcome.last("validation").at("loss") == outcome.last("done").at("validationLoss"));
  CHECK(outcome.last("done").at("sha256") == hash_of(request));
  CHECK(outcome.last("start").at("rows") == 60);
  CHECK(outcome.last("step").at("learningRate").get<double>() < 0.0011); // the cosine ends at a tenth
}

TEST(same_seed_same_bytes_whatever_the_threads) {
  json request = request_into("seed-a");
  train(request);
  const std::string first = hash_of(request);
  request["outDir"] = in_scratch("seed-b");
  request["threads"] = 3;
  train(request);
  CHECK(hash_of(request) == first);
  request["seed"] = 2;
  train(request);
  CHECK(hash_of(request) != first);
}

TEST(resuming_gives_the_bytes_of_an_uninterrupted_run) {
  for (const char *method : {"lora", "full"}) {
    json whole = request_into(std::string("whole-") + method);
    whole["method"] = method;
    train(whole);

    // The time limit ends every run after one step.
    json pieces = request_into(std::string("pieces-") + method);
    pieces["method"] = method;
    pieces["resume"] = true;
    pieces["limits"] = {{"seconds", 0}};
    int runs = 0;
    Outcome outcome;
    do {
      outcome = train(pieces);
      ++runs;
    } while (outcome.exit_code == static_cast<int>(FailureClass::timeout) && runs < 20);
    CHECK(outcome.exit_code == 0);
    CHECK(runs == 9);
    CHECK_CASE(hash_of(pieces) == hash_of(whole), method);
  }
}

TEST(a_checkpoint_is_only_taken_by_its_own_job_and_only_whole) {
  json request = request_into("guarded");
  train(request);
  request["resume"] = true;
  CHECK(train(request).exit_code == 0);

  json other = request;
  other["lora"]["alpha"] = 9;
  CHECK(train(other).code == "checkpoint.other_job");

  const std::string path = in_scratch("guarded/checkpoint.trex");
  const auto size = std::filesystem::file_size(path);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file.put('\x55');
    file.put('\xaa');
  }
  CHECK(train(request).code == "checkpoint.damaged");
  std::filesystem::resize_file(path, size / 3);
  CHECK(train(request).code == "checkpoint.damaged");
}

TEST(a_document_longer_than_a_step_makes_a_step_of_its_own) {
  json request = request_into("single");
  request["batch"] = {{"tokensPerStep", 1}, {"maxSequenceTokens", 64}};
  const Outcome outcome = train(request);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.last("step").at("targetTokens") == outcome.last("step").at("tokens"));
}

TEST(an_adapter_can_be_continued) {
  json first = request_into("continue-a");
  first["steps"] = 40;
  train(first);
  json second = request_into("continue-b");
  second["lora"]["initFrom"] = first.at("outDir").get<std::string>() + "/adapter.gguf";
  second["lora"]["rank"] = 6;
  second["lora"]["alpha"] = 3;
  second["lora"]["dropout"] = 0.0;
  const Outcome outcome = train(second);
  CHECK(outcome.events[2].at("loss").get<double>() < 2.5); // far below the untrained 3.7 and more
  second["lora"]["rank"] = 2;
  CHECK(train(second).code == "lora.init_from");
}

TEST(divergence_keeps_finite_weights) {
  json request = request_into("diverges");
  request["optimizer"] = {{"learningRate", 1e4}, {"clipNorm", 0}};
  request["steps"] = 200;
  const Outcome outcome = train(request);
  CHECK(outcome.exit_code == static_cast<int>(FailureClass::diverged));
  const ModelFile model = ModelFile::open(tiny_model());
  for (const AdapterTensor &tensor : read_adapter(in_scratch("diverges/adapter.gguf"), model).tensors) {
    for (const float value : tensor.b) CHECK(value == value);
  }
}

TEST(a_plan_beyond_the_limit_stops_before_anything_is_written) {
  json request = request_into("too-large");
  request["limits"] = {{"memoryBytes", 100000}};
  CHECK(train(request).exit_code == static_cast<int>(FailureClass::oom));
  CHECK(!std::filesystem::exists(in_scratch("too-large")));
}

TEST(bad_rows_are_named) {
  const auto outcome_of = [](const std::string &text) {
    write_text("bad.jsonl", text);
    json request = request_into("bad");
    request["data"] = in_scratch("bad.jsonl");
    return train(request);
  };
  const std::string good = "{\"tokens\":[1,2,3]}\n";
  struct Row {
    const char *text, *expected;
  };
  for (const Row &row :
       {Row{"{\"tokens\":[1,2", "torn"}, Row{"{\"tokens\":[1,40]}", "vocabulary"},
        Row{"{\"tokens\":[1,-2]}", "vocabulary"}, Row{"{\"tokens\":[1]}", "fewer than two"},
        Row{"{\"tokens\":[]}", "fewer than two"}, Row{"{\"text\":1}", "whole numbers"},
        Row{"{\"tokens\":[1,1.5]}", "whole numbers"}, Row{"{\"tokens\":[1,2],\"train\":[]}", "masked"},
        Row{"{\"tokens\":[1,2],\"train\":[[0,1]]}", "masked"}, Row{"{\"tokens\":[1,2],\"train\":[[1,3]]}", "range"}}) {
    const Outcome outcome = outcome_of(good + row.text + "\n" + good);
    CHECK_CASE(outcome.exit_code == static_cast<int>(FailureClass::data), row.text);
    CHECK_CASE(outcome.message.find(row.expected) != std::string::npos, outcome.message);
    CHECK_CASE(outcome.message.find("row 2") != std::string::npos, outcome.message);
  }
  CHECK(outcome_of("").code == "data.empty");
  std::string longer = "{\"tokens\":[1";
  for (int i = 0; i < 64; ++i) longer += ",2";
  CHECK(outcome_of(longer + "]}\n").code == "data.empty");
  const Outcome dropped = outcome_of(longer + "]}\n" + good);
  CHECK(dropped.exit_code == 0);
  CHECK(dropped.last("start").at("droppedRows") == 1);
}

TEST(score_adds_up_and_finds_the_greedy_token) {
  json request = request_into("scored");
  request["steps"] = 150;
  request["lora"] = {{"rank", 8}, {"alpha", 16}};
  train(request);
  write_text("pairs.jsonl", "{\"id\":\"whole\",\"context\":[5,6,7],\"continuation\":[8,9]}\n"
                            "{\"id\":\"first\",\"context\":[5,6,7],\"continuation\":[8]}\n"
                            "{\"id\":\"second\",\"context\":[5,6,7,8],\"continuation\":[9]}\n"
                            "{\"id\":\"wrong\",\"context\":[5,6,7],\"continuation\":[3]}\n");
  std::ostringstream out;
  CHECK(run_score({{"model", tiny_model()},
                   {"adapter", in_scratch("scored/adapter.gguf")},
                   {"pairs", in_scratch("pairs.jsonl")},
                   {"perToken", true}},
                  out) == 0);
  std::istringstream lines(out.str());
  std::vector<json> results;
  for (std::string line; std::getline(lines, line);) results.push_back(json::parse(line));
  CHECK(results.size() == 5);
  const auto likelihood = [&](size_t i) { return results[i].at("logLikelihood").get<double>(); };
  CHECK(std::abs(likelihood(0) - likelihood(1) - likelihood(2)) < 1e-4);
  CHECK(results[0].at("isGreedy") == true && results[3].at("isGreedy") == false);
  CHECK(results[0].at("perToken").size() == 2);
  CHECK(likelihood(1) > likelihood(3));
}
