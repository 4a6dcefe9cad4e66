// Ranks of single tensors: what they may be, what they cost, and that training, file and score agree on what they mean.
#include "plan/lora_choice.h"

#include <cmath>
#include <filesystem>
#include <sstream>

#include "cli/commands.h"
#include "common/failure.h"
#include "gguf/adapter_file.h"
#include "support/brute_force_svd.h"
#include "support/check.h"
#include "support/training_jobs.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

const std::vector<std::string> projections = {"attn_q",   "attn_k", "attn_v",  "attn_output",
                                              "ffn_gate", "ffn_up", "ffn_down"};

json ranks_everywhere(int rank) {
  json ranks = json::object();
  for (const char *layer : {"blk.0.", "blk.1."}) {
    for (const std::string &name : projections) ranks[layer + name] = rank;
  }
  return ranks;
}

// Larger and smaller than the request's 4, all in power-of-two ratios to it.
const json power_of_two_ranks = {{"blk.0.attn_q", 1}, {"blk.0.ffn_down", 16}, {"blk.1.attn_k", 8}, {"blk.1.ffn_up", 2}};
const json odd_ranks = {{"blk.0.attn_q", 3}, {"blk.0.ffn_down", 7}, {"blk.1.attn_k", 11}, {"blk.1.ffn_up", 1}};

Adapter read_result(const json &request) { return read_adapter(adapter_of(request), ModelFile::open(tiny_model())); }

std::string refusal_of(const json &request) {
  const std::string code = train(request).code;
  std::ostringstream out;
  try {
    run_plan(request, out);
  } catch (const Failure &failure) {
    CHECK_CASE(failure.cls == FailureClass::config && failure.message.ends_with(".") && !failure.hint.empty(), code);
    return failure.code == code ? code : code + " in train, " + failure.code + " in plan";
  }
  return code + " in train only";
}

// Pads every pair with rows and columns of zeros: the same product and, because the gradients of the padding are zero,
// the same training.
void write_padded(const std::string &path, const Adapter &adapter, int64_t rank) {
  std::vector<std::vector<float>> values;
  for (const AdapterTensor &tensor : adapter.tensors) {
    std::vector<float> &a = values.emplace_back(tensor.a);
    a.resize(static_cast<size_t>(rank * tensor.in));
    std::vector<float> &b = values.emplace_back();
    // llama.cpp divides alpha by the wider rank now.
    const float ratio = static_cast<float>(rank) / static_cast<float>(tensor.rank);
    for (int64_t row = 0; row < tensor.out; ++row) {
      for (int64_t k = 0; k < rank; ++k) {
        b.push_back(k < tensor.rank ? ratio * tensor.b[static_cast<size_t>(row * tensor.rank + k)] : 0.0f);
      }
    }
  }
  std::vector<AdapterTensorView> views;
  for (size_t i = 0; i < adapter.tensors.size(); ++i) {
    const AdapterTensor &tensor = adapter.tensors[i];
    views.push_back({tensor.base, tensor.in, tensor.out, rank, values[2 * i].data(), values[2 * i + 1].data()});
  }
  write_adapter(path, ModelFile::open(tiny_model()), "padded", adapter.alpha, views, GGML_TYPE_F32);
}

} // namespace

TEST(naming_every_tensor_with_the_common_rank_changes_nothing) {
  json uniform = request_into("ranks-uniform"), named = request_into("ranks-named");
  named["lora"]["ranks"] = ranks_everywhere(4);
  CHECK(course_of(train(uniform)) == course_of(train(named)));
  CHECK(hash_of(uniform) == hash_of(named));
  named["lora"]["ranks"] = json::object();
  train(named);
  CHECK(hash_of(uniform) == hash_of(named));
}

TEST(the_scale_is_alpha_over_the_common_rank) {
  // 8 / 4 and 16 / 8 are the same scale, so all that differs is how the files say it.
  json named = request_into("ranks-scale-named"), uniform = request_into("ranks-scale-uniform");
  named["lora"]["ranks"] = ranks_everywhere(8);
  uniform["lora"]["rank"] = 8;
  uniform["lora"]["alpha"] = 16;
  CHECK(course_of(train(named)) == course_of(train(uniform)));
  const Adapter one = read_result(named), other = read_result(uniform);
  CHECK(one.alpha == 8.0 && other.alpha == 16.0 && one.tensors.size() == 14);
  for (size_t i = 0; i < one.tensors.size(); ++i) {
    const AdapterTensor &x = one.tensors[i], &y = other.tensors[i];
    CHECK(x.rank == 8 && y.rank == 8 && x.a == y.a);
    for (size_t k = 0; k < x.b.size(); ++k) CHECK(x.b[k] == 2.0f * y.b[k]);
  }
}

TEST(a_mixed_run_is_a_uniform_run_whose_surplus_is_zero) {
  json start = request_into("ranks-start");
  start["lora"]["ranks"] = power_of_two_ranks;
  CHECK(train(start).exit_code == 0);
  const Adapter started = read_result(start);
  write_padded(in_scratch("padded.gguf"), started, 16);

  json mixed = request_into("ranks-mixed"), padded = request_into("ranks-padded");
  mixed["lora"] = {{"rank", 4}, {"alpha", 8}, {"ranks", power_of_two_ranks}, {"initFrom", adapter_of(start)}};
  padded["lora"] = {{"rank", 16}, {"alpha", 32}, {"initFrom", in_scratch("padded.gguf")}};
  const std::vector<double> got = course_of(train(mixed)), expected = course_of(train(padded));
  CHECK(got.size() == 18 && got.size() == expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    CHECK_CASE(std::abs(got[i] - expected[i]) <= 1e-4 * expected[i],
               std::to_string(got[i]) + " against " + std::to_string(expected[i]));
  }
  const Adapter small = read_result(mixed), wide = read_result(padded);
  double largest = 0.0, difference = 0.0;
  for (size_t i = 0; i < small.tensors.size(); ++i) {
    const AdapterTensor &x = small.tensors[i], &y = wide.tensors[i];
    const std::string name = x.base.substr(0, x.base.size() - 7);
    CHECK_CASE(x.base == y.base && x.rank == power_of_two_ranks.value(name, 4) && y.rank == 16, x.base);
    const auto p = explicit_product(x.a, x.b, x.in, x.out, x.rank, scale_of(small, x));
    const auto q = explicit_product(y.a, y.b, y.in, y.out, y.rank, scale_of(wide, y));
    for (size_t k = 0; k < p.size(); ++k) {
      largest = std::max(largest, std::abs(q[k]));
      difference = std::max(difference, std::abs(p[k] - q[k]));
    }
  }
  CHECK_CASE(largest > 0.01 && difference < 1e-3 * largest,
             std::to_string(difference) + " of " + std::to_string(largest));
}

TEST(the_exported_file_scores_as_it_was_trained) {
  for (const json &ranks : {json::object(), power_of_two_ranks, odd_ranks}) {
    for (const double alpha : {8.0, 0.3}) {
      json request = request_into("ranks-scored");
      request["lora"]["ranks"] = ranks;
      request["lora"]["alpha"] = alpha;
      request["optimizer"] = {{"learningRate", 0.03}};
      request["validation"] = counting_rows();
      const double trained = train(request).last("done").at("validationLoss").get<double>();
      const double scored = scored_loss(request);
      CHECK_CASE(std::abs(trained - scored) < 2e-7 * trained,
                 ranks.dump() + " " + std::to_string(trained) + " against " + std::to_string(scored));
    }
  }
}

TEST(continuing_undoes_what_exporting_did) {
  json first = request_into("ranks-first");
  first["lora"]["ranks"] = power_of_two_ranks;
  first["validation"] = counting_rows();
  const Outcome trained = train(first);

  json still = request_into("ranks-still");
  still["lora"] = first["lora"];
  still["lora"]["initFrom"] = adapter_of(first);
  still["optimizer"] = {{"learningRate", 0.0}};
  still["steps"] = 1;
  still["validation"] = counting_rows();
  CHECK(train(still).last("done").at("validationLoss") == trained.last("done").at("validationLoss"));
  CHECK(hash_of(still) == hash_of(first));

  // Ranks of single tensors must be the adapter's own, on either side.
  for (const json &ranks : {json::object(), odd_ranks, ranks_everywhere(16)}) {
    still["lora"]["ranks"] = ranks;
    const Outcome refused = train(still);
    CHECK_CASE(refused.code == "lora.init_from" && refused.message.ends_with("."), ranks.dump());
    CHECK_CASE(refused.message.find("rank") != std::string::npos, refused.message);
  }
  json uniform = request_into("ranks-plain");
  train(uniform);
  still["lora"]["initFrom"] = adapter_of(uniform);
  still["lora"]["ranks"] = {{"blk.0.attn_q", 8}};
  CHECK(train(still).code == "lora.init_from");
}

TEST(resuming_with_ranks_gives_the_bytes_of_an_uninterrupted_run) {
  json whole = request_into("ranks-whole");
  whole["lora"]["ranks"] = odd_ranks;
  const Outcome uninterrupted = train(whole);
  json pieces = request_into("ranks-pieces");
  pieces["lora"]["ranks"] = odd_ranks;
  const Outcome outcome = train_step_by_step(pieces);
  CHECK(outcome.exit_code == 0);
  CHECK(hash_of(pieces) == hash_of(whole));
  CHECK(outcome.last("done").at("spectra") == uninterrupted.last("done").at("spectra"));

  pieces["resume"] = true;
  CHECK(train(pieces).exit_code == 0);
  json other = odd_ranks; // as many values, differently placed
  std::swap(other["blk.1.ffn_up"], other["blk.0.ffn_down"]);
  for (const json &ranks : {json::object(), other}) {
    pieces["lora"]["ranks"] = ranks;
    CHECK(train(pieces).code == "checkpoint.other_job");
  }
}

TEST(plans_follow_the_ranks_to_the_byte) {
  json request = request_into("ranks-planned");
  request["batch"] = {{"tokensPerStep", 256}, {"maxSequenceTokens", 64}};
  const json uniform = plan_of(request).at("bytes");
  // attn_q: 32 to 32, ffn_down: 64 to 32, attn_k: 32 to 16, ffn_up: 32 to 64.
  request["lora"]["ranks"] = {{"blk.0.attn_q", 1}, {"blk.0.ffn_down", 6}, {"blk.1.attn_k", 9}, {"blk.1.ffn_up", 2}};
  const json mixed = plan_of(request).at("bytes");
  const int64_t values = (1 - 4) * (32 + 32) + (6 - 4) * (64 + 32) + (9 - 4) * (32 + 16) + (2 - 4) * (32 + 64);
  const int64_t columns = (1 - 4) + (6 - 4) + (9 - 4) + (2 - 4);
  const auto grown = [&](const char *part) { return mixed.at(part).get<int64_t>() - uniform.at(part).get<int64_t>(); };
  CHECK(grown("weights") == 0 && grown("adapter") == 4 * values && grown("gradients") == 4 * values);
  CHECK(grown("optimizer") == 8 * values);
  CHECK(grown("activations") == 4 * 256 * columns); // h of every token
  CHECK(grown("workspace") == 4 * 256 * (9 - 4));   // dh has room for the largest
  CHECK(grown("total") == 16 * values + 4 * 256 * (columns + 9 - 4));
  const Outcome outcome = train(request);
  CHECK(outcome.last("plan").at("bytes") == mixed);
  CHECK(outcome.last("start").at("trainableParameters").get<int64_t>() == mixed.at("adapter").get<int64_t>() / 4);

  request["lora"]["ranks"] = ranks_everywhere(4);
  CHECK(plan_of(request).at("bytes") == uniform);

  request["lora"] = {{"rank", 4}, {"ranks", ranks_everywhere(16)}};
  request["limits"] = {{"memoryBytes", uniform.at("total")}};
  request["batch"]["recompute"] = "nothing"; // else that would be the first way out
  const json advice = plan_of(request).at("advice");
  CHECK_CASE(advice.dump().find("lora.rank 4 without lora.ranks") != std::string::npos, advice.dump());
}

TEST(ranks_that_cannot_be_are_refused_before_anything_is_written) {
  json request = request_into("ranks-refused");
  const auto refusal = [&](const json &ranks) {
    request["lora"]["ranks"] = ranks;
    return refusal_of(request);
  };
  for (const char *name : {"blk.2.attn_q", "blk.0.attn_norm", "blk.0.attn_q.weight", "output", "token_embd", "attn_q",
                           "blk.00.attn_q", ""}) {
    CHECK_CASE(refusal({{name, 2}}) == "lora.unknown_tensor", name);
  }
  request["lora"]["targets"] = {"attn_q", "attn_k"};
  CHECK(refusal({{"blk.0.ffn_up", 2}}) == "lora.unknown_tensor");
  CHECK(refusal({{"blk.0.attn_k", 17}}) == "lora.rank_too_large"); // 32 to 16
  CHECK(refusal({{"blk.0.attn_k", 0}}) == "request.range");
  CHECK(refusal({{"blk.0.attn_k", 257}}) == "request.range");
  CHECK(refusal({{"blk.0.attn_k", 2.5}}) == "request.type");
  CHECK(refusal(json::array()) == "request.type");
  CHECK(!std::filesystem::exists(in_scratch("ranks-refused")));
  request["lora"]["ranks"] = {{"blk.0.attn_k", 16}};
  CHECK(train(request).exit_code == 0);
}

TEST(done_tells_the_spectrum_of_what_llama_cpp_will_add) {
  json request = request_into("ranks-spectra");
  request["lora"]["ranks"] = odd_ranks;
  request["steps"] = 30;
  const Outcome outcome = train(request);
  const json &spectra = outcome.last("done").at("spectra");
  const Adapter adapter = read_result(request);
  CHECK(spectra.size() == 14 && adapter.tensors.size() == 14);
  for (const AdapterTensor &tensor : adapter.tensors) {
    const std::string name = tensor.base.substr(0, tensor.base.size() - 7);
    const auto found =
        std::find_if(spectra.begin(), spectra.end(), [&](const json &one) { return one.at("tensor") == name; });
    if (found == spectra.end()) {
      CHECK_CASE(false, name);
      continue;
    }
    CHECK_CASE(found->at("rank") == tensor.rank && tensor.rank == odd_ranks.value(name, 4), name);
    std::vector<double> expected = brute_force_singular_values(
        explicit_product(tensor.a, tensor.b, tensor.in, tensor.out, tensor.rank, scale_of(adapter, tensor)), tensor.out,
        tensor.in);
    expected.resize(static_cast<size_t>(tensor.rank));
    double squares = 0.0, entropy = 0.0;
    for (const double value : expected) squares += value * value;
    for (const double value : expected) entropy -= value * value / squares * std::log(value * value / squares);
    const auto values = found->at("singularValues").get<std::vector<double>>();
    CHECK_CASE(values.size() == expected.size() && expected[0] > 0.0, name);
    for (size_t i = 0; i < values.size(); ++i) {
      // Six digits of the value, and B as the file has it: rounded once more.
      CHECK_CASE(std::abs(values[i] - expected[i]) <= 5.1e-6 * expected[i] + 1e-7 * expected[0], name);
    }
    const double effective = found->at("effectiveRank").get<double>();
    CHECK_CASE(std::abs(effective - std::exp(entropy)) < 1e-5 * effective, name);
  }
  request["method"] = "full";
  CHECK(train(request).last("done").at("spectra") == json::array());
}
