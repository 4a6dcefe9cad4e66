// A mixture of experts in whole jobs: what is adapted and counted, and that training it is as repeatable, resumable and
// exact as training a dense model.
#include <cmath>
#include <cstring>

#include "gguf/adapter_file.h"
#include "model/frozen_model.h"
#include "ops/cpu/cpu_device.h"
#include "plan/lora_choice.h"
#include "plan/time_estimate.h"
#include "support/check.h"
#include "support/training_jobs.h"
#include "train/lora_parameters.h"
#include "train/spectra.h"
#include "train/training_flops.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

// Width 32, six experts of width 32, two of them for each token; Q8_0.
const std::string &mixture() {
  static const std::string path = tiny_model_of("qwen3moe");
  return path;
}

json request_for(const std::string &folder, std::vector<std::string> targets) {
  json request = request_into(folder);
  request["model"] = mixture();
  request["lora"]["targets"] = std::move(targets);
  return request;
}

std::string names_of(const LoraChoice &choice, const HyperParameters &parameters) {
  std::string names;
  for (const LoraTensor &tensor : lora_tensors(choice, parameters)) {
    if (tensor.name.starts_with("blk.0.")) names += tensor.name.substr(6, tensor.name.size() - 6 - 7) + " ";
  }
  return names;
}

} // namespace

TEST(experts_are_adapted_when_they_are_named) {
  const HyperParameters parameters = read_hyper_parameters(ModelFile::open(mixture()));
  LoraChoice choice;
  CHECK(names_of(choice, parameters) == "attn_q attn_k attn_v attn_output ");
  choice.targets = {"attn_q", "ffn_down_exps"};
  CHECK(names_of(choice, parameters) == "attn_q ffn_down_exps ");
  choice.targets = {"*"};
  CHECK(names_of(choice, parameters) == "attn_q attn_k attn_v attn_output ffn_gate_exps ffn_up_exps ffn_down_exps ");
  choice.targets = {"blk.0.ffn_*"}; // never the router
  CHECK(names_of(choice, parameters) == "ffn_gate_exps ffn_up_exps ffn_down_exps ");
  const LoraTensor tensor = lora_tensors(choice, parameters).front();
  CHECK(tensor.experts == 6 && tensor.in == 32 && tensor.out == 32);
  CHECK(tensor.a_values() == 6 * 16 * 32 && tensor.b_values() == 6 * 32 * 16);
}

TEST(a_mixture_learns_resumes_and_repeats) {
  for (const char *init : {"kaiming", "pissa"}) {
    json whole = request_for(std::string("experts-whole-") + init, {"*"});
    whole["lora"]["init"] = init;
    const Outcome outcome = train(whole);
    CHECK_CASE(outcome.exit_code == 0, outcome.message);
    json pieces = whole;
    pieces["outDir"] = in_scratch(std::string("experts-pieces-") + init);
    train_step_by_step(pieces);
    CHECK(hash_of(pieces) == hash_of(whole));
    whole["threads"] = 3;
    whole["outDir"] = in_scratch(std::string("experts-threads-") + init);
    train(whole);
    CHECK(hash_of(pieces) == hash_of(whole));
  }
}

TEST(an_adapter_of_experts_scores_as_it_was_trained_and_can_be_continued) {
  json request = request_for("experts-learn", {"ffn_*_exps"});
  request["steps"] = 60;
  request["lora"]["dropout"] = 0.0;
  request["validation"] = counting_rows();
  const Outcome outcome = train(request);
  const double first = outcome.events[2].at("loss").get<double>();
  const double validated = outcome.last("done").at("validationLoss").get<double>();
  CHECK_CASE(validated < 0.7 * first, std::to_string(first) + " to " + std::to_string(validated));
  CHECK(std::abs(scored_loss(request) - validated) < 1e-6 * validated);
  const json &spectra = outcome.last("done").at("spectra");
  CHECK(spectra.size() == 6 && spectra[0].at("tensor") == "blk.0.ffn_gate_exps" && spectra[0].at("rank") == 4);

  json wider = request_for("experts-continue", {"*"}); // a higher rank, and other tensors besides
  wider["lora"]["initFrom"] = adapter_of(request);
  wider["lora"]["rank"] = 6;
  wider["lora"]["alpha"] = 3;
  wider["lora"]["dropout"] = 0.0;
  wider["steps"] = 1;
  wider["optimizer"]["learningRate"] = 1e-30;
  wider["validation"] = counting_rows();
  const double continued = train(wider).last("done").at("validationLoss").get<double>();
  CHECK_CASE(std::abs(continued - validated) < 1e-5 * validated, std::to_string(continued));
}

TEST(full_training_changes_experts_and_router) {
  json request = request_into("experts-full");
  request["model"] = mixture();
  request["method"] = "full";
  request["steps"] = 30;
  const Outcome outcome = train(request);
  CHECK(outcome.last("done").at("loss").get<double>() < 0.8 * outcome.events[2].at("loss").get<double>());
  const ModelFile before = ModelFile::open(mixture());
  const ModelFile after = ModelFile::open(request.at("outDir").get<std::string>() + "/model.gguf");
  for (const char *name : {"blk.0.ffn_gate_inp.weight", "blk.1.ffn_down_exps.weight"}) {
    CHECK_CASE(after.require(name).ne == before.require(name).ne, name);
  }
  const TensorView &router = after.require("blk.0.ffn_gate_inp.weight");
  CHECK(std::memcmp(router.data, before.require("blk.0.ffn_gate_inp.weight").data, router.bytes) != 0);
}

TEST(only_the_experts_that_answer_are_counted_as_work) {
  const ModelFile file = ModelFile::open(mixture());
  FrozenModel frozen = load_frozen_model(file);
  TokenBatch batch;
  const std::vector<int32_t> document(11, 3);
  batch.append(document, [](int32_t) { return true; });
  const double counted = training_flops(frozen.model, batch);
  HyperParameters &p = frozen.model.parameters;
  for (LayerShape &layer : p.layers) layer.experts_used = 3;
  // One expert more: three matrices of 32 x 32 in two layers, forward and for the gradient of their input, ten tokens.
  CHECK(training_flops(frozen.model, batch) - counted == 3 * 2.0 * 32 * 32 * 2 * 2 * 10);
  const double estimated = training_operations_per_token(p, {}, 10.0, 1.0);
  for (LayerShape &layer : p.layers) layer.experts_used = 2;
  CHECK(estimated - training_operations_per_token(p, {}, 10.0, 1.0) == 3 * 2.0 * 32 * 32 * 2 * 2);
}

TEST(the_spectrum_of_experts_is_the_mean_of_their_squares) {
  const int64_t in = 3, out = 2, rank = 1;
  const std::vector<float> a = {1, 0, 0, 0, 2, 0}, b = {3, 0, 0, 2}; // singular values 3 and 4
  LoraTensor tensor{"blk.0.ffn_up_exps.weight", in, out, rank, 0, 1.0};
  tensor.experts = 2;
  CpuDevice device(1, 8, best_isa());
  ParameterSet set(cpu_ops(), device, lora_pieces(std::vector{tensor}));
  std::copy(a.begin(), a.end(), set.values() + set.offset(0));
  std::copy(b.begin(), b.end(), set.values() + set.offset(1));
  const std::vector<TensorSpectrum> spectra = adapter_spectra(set, {{tensor, 0, ffn_up_exps}});
  CHECK(spectra.size() == 1 && std::abs(spectra[0].singular_values.at(0) - std::sqrt((9.0 + 16.0) / 2.0)) < 1e-12);
}
