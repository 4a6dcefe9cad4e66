// Whole jobs on a back end whose memory the host cannot touch (support/foreign_ops.h): the same bits as on the CPU.

#include <functional>

#include "common/digest.h"
#include "support/check.h"
#include "support/foreign_ops.h"
#include "support/rows.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

// Everything that training changes goes into the file it writes; validation goes through the forward pass alone.
void check_same_job(const std::string &name, const std::function<void(json &)> &change) {
  const auto run = [&](const char *where, const OpenBackend &open) {
    json request = request_into(name + "-" + where);
    request["validation"] = counting_rows();
    request["validateEverySteps"] = 4;
    request["steps"] = 5;
    change(request);
    const Outcome outcome = train(request, open);
    CHECK_CASE(outcome.exit_code == 0, name + " " + where + " " + outcome.message);
    return std::pair(outcome, outcome.exit_code == 0 ? hash_of(request) : "");
  };
  const auto [expected, file] = run("cpu", open_backend);
  const int64_t before = foreign_operations();
  const auto [outcome, foreign_file] = run("foreign", open_foreign_backend);
  CHECK_CASE(foreign_operations() > before + 100, name);
  CHECK_CASE(file == foreign_file, name);
  CHECK_CASE(!course_of(expected).empty() && course_of(expected) == course_of(outcome), name);
  for (const char *field : {"validationLoss", "spectra"}) {
    CHECK_CASE(expected.last("done").at(field) == outcome.last("done").at(field), name + " " + field);
  }
}

void check_same_family(const std::string &architecture, const json &metadata = json::object()) {
  const std::string model = tiny_model_of(architecture, metadata);
  for (const char *method : {"lora", "full"}) {
    check_same_job(architecture + "-" + method, [&](json &request) {
      request["model"] = model;
      request["method"] = method;
      request["batch"]["recompute"] = "layer";
      if (request["method"] == "lora") request["lora"]["targets"] = {"*"};
      if (request["method"] == "full") request.erase("lora");
    });
  }
}

std::string some_pairs() {
  std::string text;
  for (int32_t row = 0; row < 12; ++row) {
    text += pair_line({row, row + 1, row + 2}, {row + 3, row + 4}, {row + 2, row + 1, row});
  }
  return text;
}

} // namespace

TEST(lora_of_a_dense_model_with_noise_an_average_and_eight_bit_states) {
  check_same_job("dense", [](json &request) {
    request["model"] = tiny_model_of("llama");
    request["neftuneAlpha"] = 5.0;
    request["optimizer"]["emaDecay"] = 0.9;
    request["optimizer"]["states"] = "8bit";
    request["lora"]["rank"] = 8;
  });
}

TEST(an_adapter_that_starts_at_principal_directions) {
  check_same_job("pissa", [](json &request) { request["lora"]["init"] = "pissa"; });
}

TEST(every_kind_of_layer) {
  check_same_family("qwen2");
  check_same_family("qwen3moe");
  check_same_family("gemma4");
  check_same_family("mistral3", {{"attention.temperature_scale", 0.5},
                                 {"rope.scaling.type", "yarn"},
                                 {"rope.scaling.factor", 4.0},
                                 {"rope.scaling.original_context_length", 8}});
  check_same_family(
      "gemma2", {{"attention.sliding_window", 6}, {"attn_logit_softcapping", 50.0}, {"final_logit_softcapping", 30.0}});
  check_same_family("qwen35", {{"rope.dimension_sections", {2, 1, 1, 0}},
                               {"ssm.conv_kernel", 4},
                               {"ssm.state_size", 8},
                               {"ssm.group_count", 2},
                               {"ssm.time_step_rank", 4},
                               {"ssm.inner_size", 32},
                               {"full_attention_interval", 2}});
}

TEST(preferences_with_their_reference) {
  write_text("foreign-pairs.jsonl", some_pairs());
  for (const char *objective : {"dpo", "orpo"}) {
    check_same_job(objective, [&](json &request) {
      request["data"] = request["validation"] = in_scratch("foreign-pairs.jsonl");
      request["objective"] = {{"type", objective}};
    });
  }
}

TEST(a_job_that_is_resumed_and_one_that_continues_an_adapter) {
  json request = request_into("resumed-cpu");
  request["steps"] = 3;
  request["optimizer"]["emaDecay"] = 0.9;
  train(request);
  const std::string whole = hash_of(request);
  request["outDir"] = in_scratch("resumed-foreign");
  request["resume"] = true;
  request["limits"] = {{"seconds", 0}};
  for (int run = 0; run < 3; ++run) train(request, open_foreign_backend);
  CHECK(hash_of(request) == whole);
  check_same_job("continued", [&](json &continued) { continued["lora"]["initFrom"] = adapter_of(request); });
}

// Pairs that share prefixes, with logits.
TEST(scores_of_a_tree_of_prefixes) {
  std::string text;
  for (int32_t pair = 0; pair < 40; ++pair) {
    json context = json::array();
    for (int32_t i = 0; i < 20 + pair % 3; ++i) context.push_back((i * 7 + 3) % vocab);
    text += json{{"id", std::to_string(pair)}, {"context", context}, {"continuation", {pair, pair / 2}}}.dump() + "\n";
  }
  for (int32_t choice = 0; choice < vocab; ++choice) {
    text += json{{"id", "c" + std::to_string(choice)}, {"context", {5, 6}}, {"continuation", {choice}}}.dump() + "\n";
  }
  write_text("foreign-tree.jsonl", text);
  json trained = request_into("scored");
  trained["steps"] = 3;
  train(trained);
  for (const bool logits : {false, true}) {
    std::vector<json> expected;
    std::string shown;
    for (const OpenBackend &open : {OpenBackend(open_backend), OpenBackend(open_foreign_backend)}) {
      json request = {{"model", tiny_model()},
                      {"adapter", adapter_of(trained)},
                      {"batchTokens", 32},
                      {"pairs", in_scratch("foreign-tree.jsonl")},
                      {"perToken", true}};
      if (logits) request["logits"] = in_scratch("foreign-logits.f32");
      std::vector<json> lines = scored_lines(request, open);
      lines.pop_back(); // times
      CHECK(lines.size() == 40 + static_cast<size_t>(vocab));
      const std::string digest = logits ? sha256_of_file(in_scratch("foreign-logits.f32")) : "";
      if (expected.empty()) expected = lines, shown = digest;
      CHECK(lines == expected && digest == shown);
    }
  }
}

// Every token after every prefix: each row of the batch predicts all of them.
TEST(more_targets_than_tokens) {
  std::vector<std::string> pairs;
  json context = json::array();
  for (int32_t length = 1; length <= 12; ++length) {
    context.push_back((length * 5) % vocab);
    for (int32_t choice = 0; choice < vocab; ++choice) {
      pairs.push_back(
          json{{"id", std::to_string(pairs.size())}, {"context", context}, {"continuation", {choice}}}.dump() + "\n");
    }
  }
  const auto scored = [](const std::string &text, const OpenBackend &open) {
    write_text("foreign-choices.jsonl", text);
    std::vector<json> lines = scored_lines(
        {{"model", tiny_model()}, {"pairs", in_scratch("foreign-choices.jsonl")}, {"perToken", true}}, open);
    lines.pop_back();
    return lines;
  };
  std::string text;
  for (const std::string &pair : pairs) text += pair;
  const std::vector<json> together = scored(text, open_foreign_backend);
  CHECK(together == scored(text, open_backend));
  for (size_t i = 0; i < pairs.size(); i += 31) CHECK(scored(pairs[i], open_backend)[0] == together.at(i));
}
