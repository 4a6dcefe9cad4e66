// The logits that score writes are those its log-likelihoods come from, one row for each continuation token.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/failure.h"
#include "support/check.h"
#include "support/training_jobs.h"
#include "train/score_command.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

std::vector<float> read_floats(const std::string &path) {
  std::vector<float> values(std::filesystem::file_size(path) / sizeof(float));
  std::ifstream(path, std::ios::binary)
      .read(reinterpret_cast<char *>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
  return values;
}

double log_softmax(const float *row, int token) {
  double largest = -INFINITY, sum = 0.0;
  for (int v = 0; v < vocab; ++v) largest = std::max(largest, static_cast<double>(row[v]));
  for (int v = 0; v < vocab; ++v) sum += std::exp(static_cast<double>(row[v]) - largest);
  return static_cast<double>(row[token]) - largest - std::log(sum);
}

} // namespace

TEST(logits_belong_to_the_continuations_in_order) {
  std::vector<json> pairs;
  std::string text;
  for (int i = 0; i < 5; ++i) {
    json continuation = json::array();
    for (int k = 0; k <= i * 3; ++k) continuation.push_back((7 * i + 5 * k) % vocab);
    pairs.push_back({{"id", i}, {"context", {i + 1, 2}}, {"continuation", continuation}});
    text += pairs.back().dump() + "\n";
  }
  write_text("logit-pairs.jsonl", text);
  const std::string path = in_scratch("logits.f32");
  std::ostringstream out;
  CHECK(run_score({{"model", tiny_model()}, {"pairs", in_scratch("logit-pairs.jsonl")}, {"perToken", true}, {"logits", path}},
                  out) == 0);
  const std::vector<float> logits = read_floats(path);
  std::istringstream lines(out.str());
  size_t row = 0;
  for (const json &pair : pairs) {
    std::string line;
    std::getline(lines, line);
    const json result = json::parse(line);
    for (size_t k = 0; k < pair["continuation"].size(); ++k, ++row) {
      CHECK((row + 1) * vocab <= logits.size());
      const double expected = log_softmax(logits.data() + row * vocab, pair["continuation"][k]);
      CHECK_CASE(std::abs(result["perToken"][k].get<double>() - expected) < 1e-6, std::to_string(row));
    }
  }
  CHECK(logits.size() == row * vocab);
}

TEST(logits_that_cannot_be_written_are_an_environment_error) {
  write_text("one-pair.jsonl", R"({"id":0,"context":[1],"continuation":[2]})");
  std::ostringstream out;
  try {
    run_score({{"model", tiny_model()}, {"pairs", in_scratch("one-pair.jsonl")}, {"logits", in_scratch("one-pair.jsonl/logits")}}, out);
    CHECK(false);
  } catch (const Failure &failure) {
    CHECK(failure.code == "file.write");
  }
}
