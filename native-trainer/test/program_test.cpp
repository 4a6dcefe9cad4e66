// The program as its callers see it: arguments in, one JSON document and an exit code out.
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "common/version.h"
#include "support/check.h"
#include "support/gguf_bytes.h"

namespace {

using nlohmann::json;
using trex::test::TinyModel;

struct Answer {
  int exit_code;
  std::string text;
  json document; // of the last line; null when it is not JSON
};

Answer run(const std::vector<std::string> &arguments) {
  std::ostringstream out;
  const int exit_code = trex::run_program(arguments, out);
  std::string text = out.str();
  const size_t end = text.find_last_not_of('\n') + 1;
  const size_t start = text.rfind('\n', end == 0 ? 0 : end - 1);
  const std::string last = text.substr(start == std::string::npos ? 0 : start + 1);
  json document = json::parse(last, nullptr, false);
  return {exit_code, text, document.is_discarded() ? json() : document};
}

std::string path_of(const std::string &name) { return trex::test::scratch_folder() + "/" + name; }

Answer run_with(const std::string &command, const json &request) {
  std::ofstream(path_of("request.json")) << request.dump();
  return run({command, path_of("request.json")});
}

// A model of one layer whose tokenizer knows three letters.
json small_model(const std::string &out) {
  return {{"out", out},
          {"architecture", "qwen3"},
          {"tokenizer", {{"model", "gpt2"}, {"pre", "qwen2"}, {"tokens", {"a", "b", "ab"}}, {"merges", {"a b"}}, {"eosTokenId", 2}}},
          {"dimensions", {{"layers", 1}, {"embedding", 32}, {"feedForward", 64}, {"heads", 2}, {"kvHeads", 1}, {"contextLength", 64}}},
          {"type", "Q8_0"},
          {"types", {{"attn_v", "F16"}}}};
}

void check_error(const Answer &answer, int exit_code, const std::string &class_name, const std::string &code) {
  CHECK_CASE(answer.exit_code == exit_code, code + ": " + answer.text);
  CHECK_CASE(answer.document["event"] == "error" && answer.document["class"] == class_name, answer.text);
  CHECK_CASE(answer.document["code"] == code && answer.document["message"] != "" && answer.document["hint"] != "", answer.text);
}

} // namespace

TEST(usage_errors_exit_with_2) {
  check_error(run({}), 2, "USAGE", "usage.no_command");
  check_error(run({"fly"}), 2, "USAGE", "usage.unknown_command");
  check_error(run({"--fly"}), 2, "USAGE", "usage.unknown_command");
  check_error(run({"train"}), 2, "USAGE", "usage.arguments");
  check_error(run({"score", "a.json", "b.json"}), 2, "USAGE", "usage.arguments");
  check_error(run({"devices", "all"}), 2, "USAGE", "usage.arguments");
}

TEST(help_and_version_exit_with_0) {
  CHECK(run({"--version"}).text == std::string(trex::version) + "\n");
  const Answer help = run({"--help"});
  CHECK(help.exit_code == 0);
  for (const char *command : {"devices", "info", "plan", "train", "score", "merge", "make-model", "bench", "--version"}) {
    CHECK_CASE(help.text.find(command) != std::string::npos, command);
  }
}

TEST(devices_describes_the_machine) {
  const json devices = run({"devices"}).document;
  CHECK(devices["version"] == trex::version && devices["threads"]["physical"] >= 1);
  CHECK(devices["memory"]["totalBytes"] >= devices["memory"]["freeBytes"]);
  CHECK(devices["isa"]["available"][0] == "baseline" && devices["isa"]["used"] == devices["isa"]["available"].back());
  CHECK(devices["cuda"]["compiled"] == false && devices["cuda"]["available"] == false && devices["cuda"]["devices"].empty());
  CHECK(devices["cuda"]["reason"] != "");
}

TEST(bad_files_exit_with_10) {
  check_error(run({"info", path_of("nothing.gguf")}), 10, "CONFIG", "file.missing");
  check_error(run({"info", trex::test::scratch_folder()}), 10, "CONFIG", "file.not_regular");
  check_error(run({"train", path_of("nothing.json")}), 10, "CONFIG", "file.missing");
  std::ofstream(path_of("text.gguf")) << "not a model";
  check_error(run({"info", path_of("text.gguf")}), 10, "CONFIG", "model.not_gguf");
  check_error(run_with("merge", {{"model", path_of("text.gguf")}, {"out", path_of("out.gguf")}}), 10, "CONFIG", "model.not_gguf");
  check_error(run_with("merge", {{"out", path_of("out.gguf")}}), 10, "CONFIG", "request.missing");
  check_error(run_with("plan", {{"model", path_of("text.gguf")}, {"data", "d"}, {"outDir", "o"}}), 10, "CONFIG", "model.not_gguf");
}

TEST(info_shows_unsupported_models_too) {
  TinyModel model;
  model.architecture = "mamba";
  const Answer answer = run({"info", model.save("gemma.gguf")});
  CHECK(answer.exit_code == 0 && answer.document["supported"] == false && answer.document["layers"].is_null());
  CHECK(answer.document["architecture"] == "mamba" && answer.document["unsupportedReason"] != "");
}

TEST(make_model_makes_what_info_reads) {
  const std::string path = path_of("made.gguf");
  const Answer made = run_with("make-model", small_model(path));
  CHECK_CASE(made.exit_code == 0 && made.document["fallbacks"].empty(), made.text);
  const json info = run({"info", path}).document;
  CHECK(info["supported"] == true && info["architecture"] == "qwen3" && info["vocabSize"] == 3 && info["headDim"] == 16);
  CHECK(info["tensorTypes"] == json({{"F16", 1}, {"F32", 5}, {"Q8_0", 7}}) && info["tiedEmbeddings"] == true);
  CHECK(info["parameters"] == made.document["parameters"] && info["sizeBytes"] == made.document["sizeBytes"]);
  CHECK(info["loraTargets"].size() == 7 && info["hasChatTemplate"] == false && info["tokenizerPre"] == "qwen2");
}

TEST(make_model_refuses_what_llama_cpp_would) {
  const auto refused = [](const std::string &pointer, const json &value, const std::string &code) {
    json request = small_model(path_of("never.gguf"));
    request[json::json_pointer(pointer)] = value;
    check_error(run_with("make-model", request), 10, "CONFIG", code);
  };
  refused("/architecture", "mamba", "request.range");
  refused("/type", "Q3_K", "request.range");
  refused("/types/attn_norm", "F16", "request.unknown_field");
  refused("/dimensions/kvHeads", 3, "request.range");
  refused("/dimensions/layers", 0, "request.range");
  refused("/dimensions/depth", 1, "request.unknown_field");
  refused("/tokenizer/tokens", json::array({"a", "b", "a"}), "tokenizer.duplicate_token");
  refused("/tokenizer/tokens", json::array(), "tokenizer.size");
  refused("/tokenizer/tokenTypes", json::array({1}), "tokenizer.types");
  refused("/tokenizer/merges", json::array({"ab"}), "tokenizer.merge");
  refused("/tokenizer/merges", json::array({"b a"}), "tokenizer.merge");
  refused("/tokenizer/eosTokenId", 3, "request.range");
  refused("/vocabFrom", "other.gguf", "request.missing");
  CHECK(!std::ifstream(path_of("never.gguf")));
}

TEST(merge_never_replaces_its_own_model) {
  const std::string path = path_of("own.gguf");
  CHECK(run_with("make-model", small_model(path)).exit_code == 0);
  check_error(run_with("merge", {{"model", path}, {"out", path}}), 10, "CONFIG", "merge.same_file");
  const Answer stored = run_with("merge", {{"model", path}, {"out", path_of("stored.gguf")}, {"type", "BF16"}});
  CHECK_CASE(stored.exit_code == 0, stored.text);
  CHECK(run({"info", path_of("stored.gguf")}).document["tensorTypes"] == json({{"BF16", 8}, {"F32", 5}}));
}

TEST(plan_adds_up_and_says_what_fits) {
  const std::string model = path_of("planned.gguf");
  CHECK(run_with("make-model", small_model(model)).exit_code == 0);
  std::ofstream(path_of("rows.jsonl")) << "{\"tokens\":[0,1,2,0]}\n{\"tokens\":[1,1,2]}\n";
  json request = {{"model", model}, {"data", path_of("rows.jsonl")}, {"outDir", path_of("out")}, {"lora", {{"rank", 4}}},
                  {"batch", {{"tokensPerStep", 4}, {"maxSequenceTokens", 4}}}, {"epochs", 2}, {"threads", 1}};
  const Answer answer = run_with("plan", request);
  CHECK_CASE(answer.exit_code == 0, answer.text);
  const json &plan = answer.document;
  uint64_t sum = 0;
  for (const char *part : {"weights", "adapter", "gradients", "optimizer", "activations", "workspace"}) {
    sum += plan["bytes"][part].get<uint64_t>();
  }
  CHECK(plan["total"] == sum && plan["bytes"]["total"] == sum && plan["fits"] == true && plan["advice"].empty());
  // q: 32 -> 32, k and v: 32 -> 16, output: 32 -> 32, gate and up: 32 -> 64, down: 64 -> 32
  const uint64_t values = 4 * ((32 + 32) + 2 * (32 + 16) + (32 + 32) + 3 * (32 + 64));
  CHECK(plan["bytes"]["adapter"] == values * 4 && plan["bytes"]["gradients"] == values * 4 && plan["bytes"]["optimizer"] == values * 8);
  CHECK(plan["steps"] == 4 && plan["tokens"] == 10 && plan["estimatedSeconds"] > 0.0);
  CHECK(!std::ifstream(path_of("out/adapter.gguf")));

  request["limits"] = {{"memoryBytes", 1000}};
  const json small = run_with("plan", request).document;
  CHECK(small["fits"] == false && small["limit"] == 1000 && !small["advice"].empty());

  request["method"] = "full";
  request["limits"] = nullptr;
  const json full = run_with("plan", request).document;
  CHECK(full["bytes"]["adapter"] == 0 && full["bytes"]["weights"] == full["bytes"]["gradients"]);
  CHECK(full["bytes"]["weights"] == run({"info", model}).document["parameters"].get<uint64_t>() * 4);
}
