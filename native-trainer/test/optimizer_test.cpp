// Schedules, LoRA+, the running average and NEFTune against their definitions; and with them and eight-bit states,
// whole jobs that resume bit for bit, cost what was planned and keep their checkpoints to themselves.
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "common/failure.h"
#include "gguf/adapter_file.h"
#include "ops/cpu/cpu_device.h"
#include "support/check.h"
#include "support/numbers.h"
#include "support/training_jobs.h"
#include "train/lora_parameters.h"
#include "train/parameter_set.h"
#include "train/schedule.h"
#include "train/train_request.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

OptimizerRequest optimizer_of(const json &fields) { return parse_optimizer(Request(fields)); }

double rate_at(const json &fields, int64_t step, int64_t steps = 100) {
  json whole = fields;
  whole["learningRate"] = 1.0;
  return learning_rate_at(optimizer_of(whole), step, steps);
}

std::string code_of(const json &optimizer) {
  try {
    optimizer_of(optimizer);
    return "accepted";
  } catch (const Failure &failure) {
    return failure.code;
  }
}

bool near(double x, double y) { return std::abs(x - y) < 1e-12; }

// The tiny model's matrices are small; rank 128 makes all but the B of attn_v, 16 x 128 values, large enough to be
// coded.
json wide_into(const std::string &folder) {
  json request = request_into(folder);
  request["lora"] = {{"rank", 128}, {"alpha", 128}, {"targets", {"attn_v", "ffn_down"}}};
  request["optimizer"] = {{"learningRate", 0.003}};
  return request;
}

} // namespace

TEST(schedules_rise_stay_and_fall_as_defined) {
  const json wsd = {{"schedule", "wsd"}, {"warmupFraction", 0.1}};
  CHECK(near(rate_at(wsd, 1), 0.1) && near(rate_at(wsd, 10), 1.0) && near(rate_at(wsd, 11), 1.0));
  CHECK(near(rate_at(wsd, 80), 1.0) && near(rate_at(wsd, 81), 1.0 - 0.9 / 20) && near(rate_at(wsd, 90), 0.55));
  CHECK(near(rate_at(wsd, 100), 0.1));
  const json root = {{"schedule", "wsd"},
                     {"warmupSteps", 3},
                     {"decayFraction", 0.5},
                     {"decayShape", "1-sqrt"},
                     {"finalFraction", 0.0}};
  CHECK(near(rate_at(root, 2), 2.0 / 3) && near(rate_at(root, 50), 1.0) && near(rate_at(root, 100), 0.0));
  CHECK(near(rate_at(root, 68), 1.0 - std::sqrt(18.0 / 50)));
  // Where warm-up and decay would overlap, the warm-up comes first and the decay has what is left.
  const json tight = {{"schedule", "wsd"}, {"warmupSteps", 90}, {"decayFraction", 0.5}};
  CHECK(near(rate_at(tight, 90), 1.0) && near(rate_at(tight, 95), 0.55) && near(rate_at(tight, 100), 0.1));
  CHECK(near(rate_at({{"schedule", "wsd"}, {"warmupSteps", 0}, {"decayFraction", 0.0}}, 100), 1.0));

  CHECK(near(rate_at({{"warmupSteps", 5}}, 4), 0.8) &&
        near(rate_at({{"warmupSteps", 0}, {"schedule", "linear"}}, 50), 0.55));
  CHECK(near(rate_at({{"warmupSteps", 200}}, 100), 0.5));      // never gets there
  CHECK(rate_at({{"warmupSteps", 5}}, 37) == rate_at({}, 37)); // the default fraction is 0.05
  CHECK(near(rate_at({{"schedule", "constant"}}, 99), 1.0) && near(rate_at({}, 100), 0.1));

  CHECK(code_of({{"warmupSteps", 5}, {"warmupFraction", 0.1}}) == "request.conflict");
  CHECK(code_of({{"decayFraction", 0.1}}) == "request.conflict" &&
        code_of({{"decayShape", "linear"}}) == "request.conflict");
  CHECK(code_of({{"schedule", "wsd"}, {"decayFraction", 1.5}}) == "request.range");
  CHECK(code_of({{"schedule", "wsd"}, {"decayShape", "cosine"}}) == "request.range");
  CHECK(code_of({{"states", "4bit"}}) == "request.range" && code_of({{"emaDecay", 1.0}}) == "request.range");
  CHECK(code_of({{"loraPlusRatio", 0}}) == "request.range" && code_of({{"emaDecay", nullptr}}) == "accepted");
}

TEST(training_with_eight_bit_states_follows_fp32) {
  json request = wide_into("states-fp32");
  request["steps"] = 80;
  const std::vector<double> expected = course_of(train(request));
  request["outDir"] = in_scratch("states-8bit");
  request["optimizer"]["states"] = "8bit";
  const std::vector<double> got = course_of(train(request));
  CHECK(got.size() == expected.size() && got != expected && expected[158] < 0.5 * expected[0]);
  double worst = 0.0;
  for (size_t i = 0; i < got.size(); i += 2) worst = std::max(worst, std::abs(got[i] - expected[i]) / expected[0]);
  CHECK_CASE(worst < 0.001, std::to_string(worst)); // of the first loss
  std::printf("       largest difference of the loss: %.4f of the first one\n", worst);
}

TEST(plans_count_states_and_averages_to_the_byte) {
  json request = wide_into("states-planned");
  const auto bytes_of = [&](const char *part) { return plan_of(request).at("bytes").at(part).get<int64_t>(); };
  const int64_t values = bytes_of("adapter") / 4, rank = 128;
  CHECK(bytes_of("optimizer") == 8 * values);
  const int64_t plain = 2 * 16 * rank, coded = values - plain;
  request["optimizer"]["states"] = "8bit";
  CHECK(bytes_of("optimizer") == 8 * plain + 2 * coded + 8 * (coded / 256));
  request["optimizer"]["emaDecay"] = 0.99;
  CHECK(bytes_of("optimizer") == 8 * plain + 2 * coded + 8 * (coded / 256) + 4 * values);

  // And the set takes what was planned.
  const TrainRequest parsed = parse_train_request(request);
  const HyperParameters parameters = read_hyper_parameters(ModelFile::open(tiny_model()));
  CpuDevice device(1, 8, best_isa());
  const ParameterSet set(cpu_ops(), device, lora_pieces(training_shape(parsed, parameters, 1).lora),
                         parsed.optimizer.states, true);
  CHECK(static_cast<int64_t>(set.states().size()) + 4 * set.count() == bytes_of("optimizer"));

  json advised = wide_into("states-advised");
  advised["batch"]["recompute"] = "nothing"; // else that would be the first way out
  advised["limits"] = {{"memoryBytes", plan_of(advised).at("total").get<int64_t>() - 1}};
  const std::string advice = plan_of(advised).at("advice").dump();
  CHECK_CASE(advice.find("optimizer.states 8bit") != std::string::npos, advice);
}

TEST(every_state_survives_a_stop) {
  for (const json &extra : {json{{"states", "8bit"}}, json{{"emaDecay", 0.8}},
                            json{{"states", "8bit"}, {"emaDecay", 0.8}, {"loraPlusRatio", 4}},
                            json{{"schedule", "wsd"}, {"warmupSteps", 2}, {"decayShape", "1-sqrt"}}}) {
    json whole = wide_into("stop-whole"), pieces = wide_into("stop-pieces");
    whole["neftuneAlpha"] = pieces["neftuneAlpha"] = 2;
    whole["optimizer"].update(extra);
    pieces["optimizer"].update(extra);
    whole["validation"] = pieces["validation"] = counting_rows();
    whole["validateEverySteps"] = pieces["validateEverySteps"] = 2; // validating must leave training alone
    const Outcome uninterrupted = train(whole), resumed = train_step_by_step(pieces);
    CHECK_CASE(hash_of(pieces) == hash_of(whole), extra.dump());
    CHECK(resumed.last("done").at("validationLoss") == uninterrupted.last("done").at("validationLoss"));
    std::filesystem::remove_all(in_scratch("stop-whole"));
    std::filesystem::remove_all(in_scratch("stop-pieces"));
  }
}

TEST(a_checkpoint_belongs_to_every_choice_of_its_request) {
  json request = request_into("options");
  train(request);
  request["resume"] = true;
  CHECK(train(request).exit_code == 0);
  const json others[] = {{{"neftuneAlpha", 5}},
                         {{"lora", {{"init", "gaussian"}}}},
                         {{"lora", {{"init", "pissa"}}}},
                         {{"lora", {{"scaling", "rslora"}}}},
                         {{"lora", {{"layers", {0, 1}}}}},
                         {{"lora", {{"overrides", {{{"match", "attn_q"}, {"alpha", 9}}}}}}},
                         {{"lora", {{"targets", {"blk.*.*"}}}}},
                         {{"optimizer", {{"loraPlusRatio", 2}}}},
                         {{"optimizer", {{"states", "8bit"}}}},
                         {{"optimizer", {{"emaDecay", 0.5}}}},
                         {{"optimizer", {{"warmupSteps", 0}}}},
                         {{"optimizer", {{"schedule", "wsd"}}}}};
  for (const json &other : others) {
    json changed = request;
    changed.update(other, true);
    CHECK_CASE(train(changed).code == "checkpoint.other_job", other.dump());
  }
}

TEST(lora_plus_moves_b_by_its_ratio) {
  const auto first_step = [](const json &optimizer) {
    json request = request_into("plus");
    request["optimizer"] = optimizer;
    request["steps"] = 1;
    train(request);
    return read_adapter(adapter_of(request), ModelFile::open(tiny_model()));
  };
  // B starts at zero, so the first step moves B and not A; a power of two scales every bit alike.
  const Adapter one = first_step({{"learningRate", 0.01}, {"schedule", "constant"}, {"warmupSteps", 0}});
  const Adapter four =
      first_step({{"learningRate", 0.01}, {"schedule", "constant"}, {"warmupSteps", 0}, {"loraPlusRatio", 4}});
  for (size_t i = 0; i < one.tensors.size(); ++i) {
    CHECK(one.tensors[i].a == four.tensors[i].a);
    for (size_t k = 0; k < one.tensors[i].b.size(); ++k) CHECK(four.tensors[i].b[k] == 4.0f * one.tensors[i].b[k]);
  }
  // Weight decay of B is that of its own rate: a piece without gradient only decays.
  CpuDevice device(1, 8, best_isa());
  const std::vector<TrainedPiece> pieces = {{3, true, 1.0f}, {2, true, 4.0f}, {2, false, 4.0f}};
  ParameterSet set(cpu_ops(), device, pieces);
  std::fill_n(set.values(), 7, 1.0f);
  set.update({0.01f, 0.9f, 0.999f, 1e-8f, 0.5f, 1, 1.0f});
  CHECK(set.values()[0] == 1.0f - 0.01f * 0.5f && set.values()[set.offset(1)] == 1.0f - 0.04f * 0.5f);
  CHECK(set.values()[set.offset(2)] == 1.0f);

  json full = request_into("plus-full");
  full["method"] = "full";
  full["optimizer"]["loraPlusRatio"] = 2;
  CHECK(train(full).code == "request.conflict");
}

TEST(the_average_is_what_its_definition_says) {
  CpuDevice device(2, 8, best_isa());
  const int64_t count = 40'000;
  const std::vector<TrainedPiece> pieces = {{count, true, 1.0f}};
  ParameterSet set(cpu_ops(), device, pieces, OptimizerStates::fp32, true);
  std::copy_n(random_values(count, 1).data(), count, set.values());
  set.start_average();
  std::vector<double> want(set.values(), set.values() + count);
  for (int64_t step = 1; step <= 30; ++step) {
    std::copy_n(random_values(count, 10 + static_cast<uint64_t>(step)).data(), count, set.gradients());
    set.update({0.1f, 0.9f, 0.999f, 1e-8f, 0.0f, step, 1.0f});
    set.update_average(0.7, step);
    const double decay = step < 21 ? (1.0 + static_cast<double>(step)) / (10.0 + static_cast<double>(step)) : 0.7;
    for (size_t i = 0; i < want.size(); ++i)
      want[i] = decay * want[i] + (1.0 - decay) * static_cast<double>(set.values()[i]);
  }
  CHECK(relative_error({set.average(), set.average() + count}, want) < 1e-6);
  const std::vector<float> values(set.values(), set.values() + count), average(set.average(), set.average() + count);
  CHECK(values != average);
  {
    const AveragedValues averaged(set);
    CHECK(std::equal(average.begin(), average.end(), set.values()));
  }
  CHECK(std::equal(values.begin(), values.end(), set.values()) &&
        std::equal(average.begin(), average.end(), set.average()));
}

TEST(an_averaged_job_trains_alike_and_delivers_the_average) {
  json plain = request_into("average-plain"), averaged = request_into("average-on");
  plain["validation"] = averaged["validation"] = counting_rows();
  plain["validateEverySteps"] = averaged["validateEverySteps"] = 3;
  averaged["optimizer"]["emaDecay"] = 0.9;
  const Outcome without = train(plain), with = train(averaged);
  CHECK(course_of(without) == course_of(with));
  CHECK(hash_of(plain) != hash_of(averaged));
  const double validated = with.last("done").at("validationLoss").get<double>();
  CHECK(validated != without.last("done").at("validationLoss").get<double>());
  CHECK(std::abs(validated - scored_loss(averaged)) < 2e-7 * validated);
  // Spectra are those of the file.
  json again = averaged;
  again["outDir"] = in_scratch("average-again");
  again["lora"]["initFrom"] = adapter_of(averaged);
  again["lora"]["dropout"] = 0.0;
  again["optimizer"] = {{"learningRate", 0.0}};
  again["steps"] = 1;
  CHECK(train(again).last("done").at("spectra") == with.last("done").at("spectra"));
}

TEST(neftune_reaches_the_pass) {
  json request = request_into("neftune");
  request["neftuneAlpha"] = 5;
  request["lora"]["dropout"] = 0.25;
  request["seed"] = 9;
  const PassNoise noise = noise_of_step(parse_train_request(request), 7);
  CHECK(noise.embedding_noise == 5.0f && noise.dropout == 0.25f && noise.seed == 9 && noise.step == 7);
  CHECK(noise.first_token == 0 &&
        noise_of_step(parse_train_request(request_into("neftune")), 0).embedding_noise == 0.0f);
  request["neftuneAlpha"] = -1;
  CHECK(train(request).code == "request.range");
}
