// The trainer against an independent PyTorch implementation in fp64 (test/reference): loss, the log-probability of
// every target, the gradient of every tensor, and ten optimiser steps with clipping, weight decay and a schedule, for
// LoRA and for full training. The reference runs each document alone and each step at once; here documents are packed
// and a step is cut into two micro-batches.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "support/check.h"
#include "support/reference_model.h"
#include "train/schedule.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

// What fp32 may differ from fp64 by. The trainer's products and sums are of fp32; only losses and norms are summed in
// fp64. After ten steps a small gradient's rounding has become a small weight's.
constexpr double loss_tolerance = 2e-7;     // relative
constexpr double target_tolerance = 4e-6;   // of one target's ln p, absolute
constexpr double gradient_tolerance = 1e-5; // of the tensor's norm
constexpr double step_tolerance = 5e-6;     // of a later step's loss, relative
constexpr double norm_tolerance = 2e-5;     // of a step's gradient norm, relative
constexpr double value_tolerance = 1e-4;    // of what ten steps have made of a tensor, of its norm

constexpr const char *names[] = {"llama",  "llama-linear", "mistral3", "smollm3", "qwen2",
                                 "qwen3",  "gemma2",       "gemma3",   "phi3",    "phi3-long",
                                 "qwen3moe"};

struct Report {
  Worst loss, target, gradient, step, norm, value;

  void check(const std::string &name) const {
    std::printf("%s:", name.c_str());
    check_one(name, "loss", loss, loss_tolerance);
    check_one(name, "target", target, target_tolerance);
    check_one(name, "gradient", gradient, gradient_tolerance);
    check_one(name, "step", step, step_tolerance);
    check_one(name, "norm", norm, norm_tolerance);
    check_one(name, "value", value, value_tolerance);
    std::printf("\n");
  }

private:
  static void check_one(const std::string &name, const char *kind, const Worst &worst, double tolerance) {
    std::printf(" %s %.1e (%s)", kind, worst.error, worst.where.c_str());
    CHECK_CASE(worst.error <= tolerance, name + " " + kind + " " + worst.where);
  }
};

void compare_targets(Report &report, ReferenceModel &model, const json &expected) {
  for (size_t document = 0; document < expected.size(); ++document) {
    TokenBatch batch;
    append_document(batch, model.dump.at("documents")[document]);
    std::vector<double> got;
    std::vector<uint8_t> is_argmax;
    model.transformer().score(batch, got, is_argmax);
    const std::vector<double> want = expected[document];
    CHECK(got.size() == want.size());
    for (size_t i = 0; i < std::min(got.size(), want.size()); ++i) {
      report.target.see(std::abs(got[i] - want[i]),
                        "document " + std::to_string(document) + " target " + std::to_string(i));
    }
  }
}

// Mean loss over the step's targets; its documents go through in two micro-batches.
double loss_and_gradients(ReferenceModel &model, size_t step) {
  const json &documents = model.dump.at("documents");
  const size_t count = model.dump.at("documentsPerStep");
  TokenBatch whole, parts[2];
  for (size_t i = 0; i < count; ++i) {
    const json &document = documents[(step * count + i) % documents.size()];
    append_document(whole, document);
    append_document(parts[i == 0 ? 0 : 1], document);
  }
  model.set().clear_gradients();
  const auto targets = static_cast<double>(whole.target_count());
  for (const TokenBatch &part : parts) {
    model.transformer().loss_and_gradients(part, static_cast<float>(1.0 / targets), {});
  }
  return model.transformer().take_loss() / targets;
}

void update(ReferenceModel &model, int64_t step, int64_t steps, double expected_rate, double norm) {
  const OptimizerRequest &o = model.request.optimizer;
  const double rate = learning_rate_at(o, step, steps);
  CHECK(relative_difference(rate, expected_rate) < 1e-12);
  AdamW options{};
  options.learning_rate = static_cast<float>(rate);
  options.beta1 = static_cast<float>(o.beta1);
  options.beta2 = static_cast<float>(o.beta2);
  options.epsilon = static_cast<float>(o.epsilon);
  options.weight_decay = static_cast<float>(o.weight_decay);
  options.step = step;
  options.grad_scale = static_cast<float>(std::min(1.0, o.clip_norm / norm));
  model.set().update(options);
}

Report compare(ReferenceModel &model) {
  Report report;
  const json &expected = model.dump.at(model.request.full ? "full" : "adapter");
  compare_targets(report, model, expected.at("logProbabilities"));
  const json &steps = expected.at("steps");
  for (size_t step = 0; step < steps.size(); ++step) {
    const std::string place = "step " + std::to_string(step + 1);
    const double loss = loss_and_gradients(model, step), norm = model.set().gradient_norm();
    if (step == 0) {
      report.loss.see(relative_difference(loss, expected.at("loss")), place);
      model.compare(report.gradient, model.set().gradients(), expected.at("gradients"));
    }
    report.step.see(relative_difference(loss, steps[step].at("loss")), place);
    report.norm.see(relative_difference(norm, steps[step].at("gradNorm")), place);
    update(model, static_cast<int64_t>(step) + 1, static_cast<int64_t>(steps.size()), steps[step].at("learningRate"),
           norm);
  }
  model.compare(report.value, model.set().values(), expected.at("values"));
  return report;
}

void compare_all(bool full) {
  for (const char *name : names) {
    for (const Isa isa : available_isas()) {
      ReferenceModel model(name, full, isa);
      compare(model).check(std::string(name) + (full ? " full " : " lora ") + isa_name(isa));
    }
  }
}

} // namespace

TEST(lora_equals_the_pytorch_reference) { compare_all(false); }

TEST(full_training_equals_the_pytorch_reference) { compare_all(true); }
