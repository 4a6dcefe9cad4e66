// Adapters that another program wrote, on models that another program ran: reference/peft_fixture.py.
#include <cmath>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "peft/adapter_export.h"
#include "peft/load_adapter.h"
#include "peft/safetensors.h"
#include "support/check.h"
#include "support/training_jobs.h"

namespace {

using namespace trex;
using nlohmann::json;
using trex::test::in_scratch;

const std::string fixtures = TREX_PEFT_FIXTURES;
const char *const cases[] = {"llama", "llama_rslora", "qwen3"};

std::vector<json> lines_of(const std::string &text) {
  std::vector<json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

std::string read_text(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

json run(const std::string &command, const json &request, int expected = 0) {
  test::write_text("request.json", request.dump());
  std::ostringstream out;
  const int exit_code = run_program({command, in_scratch("request.json")}, out);
  CHECK_CASE(exit_code == expected, command + ": " + out.str());
  return lines_of(out.str()).back();
}

std::string base_of(const std::string &name) { return fixtures + "/" + name + "/base.gguf"; }
std::string folder_of(const std::string &name) { return fixtures + "/" + name + "/adapter"; }

// Log-likelihoods of every continuation token of the fixture's rows.
std::vector<double> scores(const std::string &name, const std::string &model, const json &adapter) {
  std::string pairs;
  for (const json &row : lines_of(read_text(fixtures + "/" + name + "/expected.jsonl"))) {
    pairs += json{{"id", "x"}, {"context", row["context"]}, {"continuation", row["continuation"]}}.dump() + "\n";
  }
  test::write_text("pairs.jsonl", pairs);
  test::write_text("score.json", json{{"model", model},
                                      {"adapter", adapter},
                                      {"pairs", in_scratch("pairs.jsonl")},
                                      {"threads", 1},
                                      {"perToken", true}}
                                     .dump());
  std::ostringstream out;
  CHECK_CASE(run_program({"score", in_scratch("score.json")}, out) == 0, out.str());
  std::vector<double> all;
  for (const json &line : lines_of(out.str())) {
    for (const json &value : line.value("perToken", json::array())) all.push_back(value.get<double>());
  }
  return all;
}

std::vector<double> expected(const std::string &name, const char *which) {
  std::vector<double> all;
  for (const json &row : lines_of(read_text(fixtures + "/" + name + "/expected.jsonl"))) {
    for (const json &value : row[which]) all.push_back(value.get<double>());
  }
  return all;
}

double worst(const std::vector<double> &x, const std::vector<double> &y) {
  if (x.size() != y.size() || x.empty()) return INFINITY;
  double largest = 0.0;
  for (size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]));
  return largest;
}

} // namespace

TEST(scores_equal_the_reference_with_and_without_the_peft_folder) {
  for (const std::string name : cases) {
    const std::vector<double> plain = scores(name, base_of(name), nullptr),
                              adapted = scores(name, base_of(name), folder_of(name));
    CHECK_CASE(worst(plain, expected(name, "base")) < 2e-5,
               name + " " + std::to_string(worst(plain, expected(name, "base"))));
    CHECK_CASE(worst(adapted, expected(name, "adapted")) < 2e-5,
               name + " " + std::to_string(worst(adapted, expected(name, "adapted"))));
    CHECK_CASE(worst(adapted, expected(name, "base")) > 0.5, name); // the adapter matters
  }
}

TEST(the_imported_adapter_scores_the_same) {
  for (const std::string name : cases) {
    const std::string gguf = in_scratch(name + ".gguf");
    const json answer = run("import-adapter", {{"adapter", folder_of(name)}, {"model", base_of(name)}, {"out", gguf}});
    CHECK(answer["targets"] == (name == "qwen3" ? 6 : 14) &&
          answer["architecture"] == (name == "qwen3" ? "qwen3" : "llama"));
    CHECK_CASE(scores(name, base_of(name), gguf) == scores(name, base_of(name), folder_of(name)), name); // bit for bit
    const std::string half = in_scratch(name + "-f16.gguf");
    run("import-adapter", {{"adapter", folder_of(name)}, {"model", base_of(name)}, {"out", half}, {"type", "F16"}});
    CHECK_CASE(worst(scores(name, base_of(name), half), expected(name, "adapted")) < 0.02, name);
  }
}

TEST(merging_a_peft_folder_gives_the_adapted_model) {
  for (const std::string name : cases) {
    const std::string merged = in_scratch(name + "-merged.gguf");
    run("merge", {{"model", base_of(name)}, {"adapter", folder_of(name)}, {"out", merged}, {"type", "F32"}});
    CHECK_CASE(worst(scores(name, merged, nullptr), expected(name, "adapted")) < 2e-5, name);
  }
}

TEST(a_plain_adapter_is_exported_as_it_came) {
  for (const std::string name : {"llama", "qwen3"}) { // no scale differs, so no value is rescaled
    const std::string gguf = in_scratch(name + "-plain.gguf"), folder = in_scratch(name + "-exported");
    run("import-adapter", {{"adapter", folder_of(name)}, {"model", base_of(name)}, {"out", gguf}});
    run("export-adapter",
        {{"adapter", gguf}, {"model", base_of(name)}, {"out", folder}, {"baseModelName", "example/tiny"}});
    const SafetensorsFile before = SafetensorsFile::open(folder_of(name) + "/adapter_model.safetensors");
    const SafetensorsFile after = SafetensorsFile::open(folder + "/adapter_model.safetensors");
    CHECK(before.tensors().size() == after.tensors().size());
    for (size_t i = 0; i < std::min(before.tensors().size(), after.tensors().size()); ++i) {
      const SafetensorsTensor &x = before.tensors()[i], &y = after.tensors()[i];
      CHECK_CASE(x.name == y.name && x.shape == y.shape && decode_tensor(x) == decode_tensor(y), x.name);
    }
    const json config = json::parse(read_text(folder + "/adapter_config.json"));
    CHECK(config["r"] == 4 && config["lora_alpha"] == 8 && config["base_model_name_or_path"] == "example/tiny");
    CHECK(config["rank_pattern"].size() == (name == "qwen3" ? 2 : 0));
    const std::vector<std::string> short_names =
        name == "qwen3"
            ? std::vector<std::string>{"k_proj", "q_proj", "up_proj"}
            : std::vector<std::string>{"down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"};
    CHECK(config["target_modules"] == short_names);
    CHECK(scores(name, base_of(name), folder) == scores(name, base_of(name), gguf));
  }
}

TEST(gguf_to_peft_to_gguf_is_bit_for_bit) {
  for (const std::string name : cases) {
    const std::string first = in_scratch(name + "-1.gguf"), second = in_scratch(name + "-2.gguf"),
                      folder = in_scratch(name + "-1");
    run("import-adapter", {{"adapter", folder_of(name)}, {"model", base_of(name)}, {"out", first}});
    run("export-adapter", {{"adapter", first}, {"model", base_of(name)}, {"out", folder}, {"baseModelName", "x"}});
    run("import-adapter", {{"adapter", folder}, {"model", base_of(name)}, {"out", second}});
    const ModelFile base = ModelFile::open(base_of(name));
    const Adapter x = read_adapter(first, base), y = read_adapter(second, base);
    CHECK_CASE(x.alpha == y.alpha && x.tensors.size() == y.tensors.size(), name);
    for (size_t i = 0; i < x.tensors.size(); ++i) {
      CHECK_CASE(x.tensors[i].base == y.tensors[i].base && x.tensors[i].a == y.tensors[i].a &&
                     x.tensors[i].b == y.tensors[i].b,
                 name);
    }
  }
}

TEST(training_continues_from_a_peft_folder) {
  const auto losses = [](const json &start) {
    test::write_text("fixture-rows.jsonl", "{\"tokens\":[1,2,3,4,5,6,7,8]}\n");
    const test::Outcome outcome = test::train({{"model", base_of("llama")},
                                               {"data", in_scratch("fixture-rows.jsonl")},
                                               {"outDir", in_scratch("from-peft")},
                                               {"steps", 2},
                                               {"threads", 1},
                                               {"lora", {{"rank", 4}, {"alpha", 8}, {"initFrom", start}}}});
    CHECK_CASE(outcome.exit_code == 0, outcome.message);
    return outcome.last("done")["loss"].get<double>();
  };
  const std::string gguf = in_scratch("start.gguf");
  run("import-adapter", {{"adapter", folder_of("llama")}, {"model", base_of("llama")}, {"out", gguf}});
  CHECK(losses(folder_of("llama")) == losses(gguf));
  CHECK(losses(folder_of("llama")) != losses(nullptr));
}
