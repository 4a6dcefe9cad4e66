#include "support/training_jobs.h"

#include <fstream>
#include <sstream>

#include "cli/commands.h"
#include "common/digest.h"
#include "common/failure.h"
#include "ops/random.h"
#include "support/check.h"
#include "train/score_command.h"
#include "train/train_command.h"

namespace trex::test {

using nlohmann::json;

std::string in_scratch(const std::string &name) { return scratch_folder() + "/" + name; }

void write_text(const std::string &name, const std::string &text) {
  std::ofstream(in_scratch(name), std::ios::binary) << text;
}

namespace {

// Windowed and full layers in turn; the last two read keys and values of those before; full ones have no attn_v.
void add_gemma4(json &request) {
  request["dimensions"]["layers"] = 4;
  request["ropeFactors"] = {1.0, 1.0, 1e30, 1e30};
  request["valuesFromKeys"] = {1};
  request["outputScales"] = {0.7, 1.2, 0.9, 1.1};
  request["metadata"] = {{"attention.sliding_window", 6},           {"attention.sliding_window_pattern", {1, 0, 1, 0}},
                         {"attention.head_count_kv", {1, 2, 1, 2}}, {"attention.key_length_swa", 4},
                         {"attention.value_length_swa", 4},         {"rope.dimension_count_swa", 4},
                         {"attention.shared_kv_layers", 2},         {"feed_forward_length", {64, 64, 128, 128}},
                         {"embedding_length_per_layer_input", 32}};
}

} // namespace

std::string tiny_model_of(const std::string &architecture, const json &metadata) {
  json tokens = json::array(), types = json::array();
  for (int i = 0; i < vocab; ++i) {
    tokens.push_back("t" + std::to_string(i));
    types.push_back(1);
  }
  const std::string path = in_scratch("tiny-" + architecture + ".gguf");
  const json experts = {{"expert_count", 6}, {"expert_used_count", 2}, {"expert_feed_forward_length", 32}};
  json request = {{"out", path},
                  {"architecture", architecture},
                  {"type", "Q8_0"},
                  {"seed", 3},
                  {"initStd", 0.2},
                  {"name", "tiny"},
                  {"chatTemplate", nullptr},
                  {"metadata", architecture == "qwen3moe" && metadata.empty() ? experts : metadata},
                  {"tokenizer",
                   {{"model", "gpt2"},
                    {"pre", "qwen2"},
                    {"tokens", tokens},
                    {"merges", json::array()},
                    {"tokenTypes", types},
                    {"bosTokenId", 0},
                    {"eosTokenId", 1},
                    {"padTokenId", 1},
                    {"addBosToken", false},
                    {"addEosToken", false}}},
                  {"dimensions",
                   {{"layers", 2},
                    {"embedding", 32},
                    {"feedForward", 64},
                    {"heads", 4},
                    {"kvHeads", 2},
                    {"headDim", 8},
                    {"contextLength", 128},
                    {"ropeBase", 10000.0},
                    {"rmsEpsilon", 1e-5},
                    {"tieEmbeddings", true}}}};
  if (architecture == "gemma4" && metadata.empty()) add_gemma4(request);
  std::ostringstream out;
  run_make_model(request, out);
  return path;
}

const std::string &tiny_model() {
  static const std::string path = tiny_model_of("qwen2");
  return path;
}

const std::string &counting_rows() {
  static const std::string path = [] {
    std::string text;
    for (uint64_t row = 0; row < 60; ++row) {
      json tokens = json::array();
      const uint64_t start = random_bits(1, row, 0) % vocab, length = 4 + random_bits(1, row, 1) % 27;
      for (uint64_t i = 0; i < length; ++i) tokens.push_back((start + i) % vocab);
      text += json{{"tokens", tokens}, {"train", {{1, length}}}}.dump() + "\n";
    }
    write_text("rows.jsonl", text);
    return in_scratch("rows.jsonl");
  }();
  return path;
}

json request_into(const std::string &folder) {
  return {{"model", tiny_model()},
          {"data", counting_rows()},
          {"outDir", in_scratch(folder)},
          {"steps", 9},
          {"lora", {{"rank", 4}, {"alpha", 8}, {"dropout", 0.1}}},
          {"optimizer", {{"learningRate", 0.01}}},
          {"batch", {{"tokensPerStep", 200}, {"maxSequenceTokens", 64}}},
          {"threads", 2},
          {"checkpointEverySteps", 4}};
}

Outcome train(const json &request, const OpenBackend &open) {
  std::ostringstream out;
  Outcome outcome;
  try {
    outcome.exit_code = run_train_on(open, request, out);
  } catch (const Failure &failure) {
    outcome.exit_code = static_cast<int>(failure.cls);
    outcome.code = failure.code;
    outcome.message = failure.message;
  }
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) outcome.events.push_back(json::parse(line));
  return outcome;
}

std::string hash_of(const json &request) {
  return sha256_of_file(request.at("outDir").get<std::string>() +
                        (request.value("method", "lora") == "full" ? "/model.gguf" : "/adapter.gguf"));
}

Outcome train_step_by_step(json request) {
  request["resume"] = true;
  request["limits"] = {{"seconds", 0}};
  const int steps = request.at("steps").get<int>();
  Outcome outcome;
  for (int run = 1; run <= steps; ++run) {
    outcome = train(request);
    const int expected = run < steps ? static_cast<int>(FailureClass::timeout) : 0;
    CHECK_CASE(outcome.exit_code == expected, "run " + std::to_string(run) + " " + outcome.message);
    if (outcome.exit_code != expected) break;
  }
  return outcome;
}

std::vector<double> course_of(const Outcome &outcome) {
  std::vector<double> course;
  for (const json &event : outcome.events) {
    if (event.at("event") != "step") continue;
    course.push_back(event.at("loss").get<double>());
    course.push_back(event.at("gradNorm").get<double>());
  }
  return course;
}

json plan_of(const json &request) {
  std::ostringstream out;
  run_plan(request, out);
  return json::parse(out.str());
}

std::string adapter_of(const json &request) { return request.at("outDir").get<std::string>() + "/adapter.gguf"; }

std::vector<json> scored_lines(const json &request, const OpenBackend &open) {
  std::ostringstream out;
  CHECK(run_score_on(open, request, out) == 0);
  std::istringstream text(out.str());
  std::vector<json> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
  return lines;
}

double scored_loss(const json &request) {
  std::ifstream rows(counting_rows());
  std::string pairs;
  int index = 0;
  for (std::string line; std::getline(rows, line); ++index) {
    const json tokens = json::parse(line).at("tokens");
    pairs += json{{"id", std::to_string(index)},
                  {"context", json::array({tokens[0]})},
                  {"continuation", json(tokens.begin() + 1, tokens.end())}}
                 .dump() +
             "\n";
  }
  write_text("all-pairs.jsonl", pairs);
  std::ostringstream out;
  run_score({{"model", request.at("model")}, {"adapter", adapter_of(request)}, {"pairs", in_scratch("all-pairs.jsonl")}}, out);
  std::istringstream lines(out.str());
  double sum = 0.0, tokens = 0.0;
  for (std::string line; std::getline(lines, line);) {
    const json result = json::parse(line);
    if (result.contains("event")) continue;
    sum -= result.at("logLikelihood").get<double>();
    tokens += result.at("tokens").get<double>();
  }
  return sum / tokens;
}

} // namespace trex::test
