// The trainer against an independent PyTorch implementation in fp64 (test/reference): loss, the log-probability of every
// target, the gradient of every tensor, and ten optimiser steps with clipping, weight decay and a schedule, for LoRA and
// for full training. The reference runs each document alone and each step at once; here documents are packed and a step
// is cut into two micro-batches.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>

#include "gguf/tensor_layout.h"
#include "model/frozen_model.h"
#include "model/transformer.h"
#include "ops/cpu/cpu_device.h"
#include "support/check.h"
#include "support/reference_dump.h"
#include "train/activation_bytes.h"
#include "train/full_parameters.h"
#include "train/lora_parameters.h"
#include "train/schedule.h"
#include "train/train_request.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

// What fp32 may differ from fp64 by. The trainer's products and sums are of fp32; only losses and norms are summed in
// fp64. After ten steps a small gradient's rounding has become a small weight's.
constexpr double loss_tolerance = 1e-6;     // relative
constexpr double target_tolerance = 4e-6;   // of one target's ln p, absolute
constexpr double gradient_tolerance = 1e-5; // of the tensor's norm
constexpr double step_tolerance = 5e-6;     // of a later step's loss, relative
constexpr double norm_tolerance = 2e-5;     // of a step's gradient norm, relative
constexpr double value_tolerance = 1e-4;    // of what ten steps have made of a tensor, of its norm

constexpr const char *names[] = {"llama", "llama-linear", "qwen2", "qwen3"};

// The largest error seen of a kind, with where it was.
struct Worst {
  double error = 0.0;
  std::string where = "-";

  void see(double found, const std::string &place) {
    if (found <= error) return;
    error = std::isfinite(found) ? found : INFINITY;
    where = place;
  }
};

struct Report {
  Worst loss, target, gradient, step, norm, value;

  void check(const std::string &name) const {
    const std::pair<const char *, std::pair<const Worst *, double>> kinds[] = {
        {"loss", {&loss, loss_tolerance}},    {"target", {&target, target_tolerance}},
        {"gradient", {&gradient, gradient_tolerance}}, {"step", {&step, step_tolerance}},
        {"norm", {&norm, norm_tolerance}},    {"value", {&value, value_tolerance}}};
    std::string line = name + ":";
    for (const auto &[kind, found] : kinds) {
      const auto &[worst, tolerance] = found;
      char text[160];
      std::snprintf(text, sizeof text, " %s %.1e (%s)", kind, worst->error, worst->where.c_str());
      line += text;
      CHECK_CASE(worst->error <= tolerance, name + " " + kind + " " + worst->where);
    }
    std::printf("%s\n", line.c_str());
  }
};

double relative(double got, double expected) {
  if (!std::isfinite(got)) return INFINITY;
  return std::abs(got - expected) / std::abs(expected);
}

// |got - expected| / |expected|
double vector_error(const float *got, const json &expected) {
  double difference = 0.0, size = 0.0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double want = expected[i], d = static_cast<double>(got[i]) - want;
    difference += d * d;
    size += want * want;
  }
  return std::isfinite(difference) ? std::sqrt(difference / size) : INFINITY;
}

// The same of a matrix of which the reference gives the norm and four inner products with directions of signs: the
// error's inner product with such a direction is about as large as the error itself.
double summary_error(const float *got, int64_t count, const json &expected, uint64_t seed) {
  if (expected.contains("values")) return vector_error(got, expected.at("values"));
  const double norm = expected.at("norm");
  double error = 0.0;
  for (uint64_t direction = 0; direction < 4; ++direction) {
    double along = 0.0;
    for (int64_t i = 0; i < count; ++i) {
      along += static_cast<double>(got[i]) *
               rule_sign(seed + 1 + direction, expected.at("name"), static_cast<uint64_t>(i));
    }
    if (!std::isfinite(along)) return INFINITY;
    error = std::max(error, std::abs(along - expected.at("along")[direction].get<double>()) / norm);
  }
  return error;
}

void append(TokenBatch &batch, const json &document) {
  const std::vector<int32_t> tokens = document.at("tokens");
  batch.append(tokens, [&](int32_t position) {
    return std::any_of(document.at("train").begin(), document.at("train").end(),
                       [&](const json &range) { return position >= range[0] && position < range[1]; });
  });
}

// A model, trained by LoRA or whole, with everything a step needs.
class Run {
public:
  Run(const std::string &name, bool full, Isa isa)
      : dump_(read_reference_dump(name)), expected_(dump_.at(full ? "full" : "adapter")),
        file_(ModelFile::open(write_reference_model(dump_, name))), request_(make_request(full)),
        device_(2, dump_.at("longest"), isa) {
    const HyperParameters parameters = read_hyper_parameters(file_);
    if (full) {
      trained_ = trained_tensors(file_);
      int64_t count = 0;
      for (const TrainedTensor &tensor : trained_) count += tensor.count;
      set_ = std::make_unique<ParameterSet>(cpu_ops(), device_, count);
      full_ = attach_full(file_, *set_, trained_);
    } else {
      frozen_ = load_frozen_model(file_);
      targets_ = lora_targets(frozen_.model, request_.lora.targets);
      set_ = std::make_unique<ParameterSet>(cpu_ops(), device_, lora_values(targets_, request_.lora.ranks));
      attach_lora(frozen_.model, *set_, targets_, request_.lora, 1);
      start_from_adapter(frozen_.model, *set_, targets_, request_.lora, reference_adapter(dump_));
    }
    const PassLimits limits = training_limits(parameters, training_shape(request_, 2), 128);
    transformer_ = std::make_unique<Transformer>(cpu_ops(), device_, model(), limits, dump_.at("longest"));
  }

  Report compare() {
    Report report;
    compare_targets(report);
    const json &steps = expected_.at("steps");
    for (size_t step = 0; step < steps.size(); ++step) {
      const std::string place = "step " + std::to_string(step + 1);
      const double loss = loss_and_gradients(step), norm = set_->gradient_norm();
      if (step == 0) {
        report.loss.see(relative(loss, expected_.at("loss")), place);
        compare_tensors(report.gradient, set_->gradients(), expected_.at("gradients"));
      }
      report.step.see(relative(loss, steps[step].at("loss")), place);
      report.norm.see(relative(norm, steps[step].at("gradNorm")), place);
      update(step, steps[step].at("learningRate"), norm);
    }
    compare_tensors(report.value, set_->values(), expected_.at("values"));
    return report;
  }

private:
  const Model &model() const { return request_.full ? full_ : frozen_.model; }

  TrainRequest make_request(bool full) const {
    json request = {{"model", file_.path()}, {"data", "-"}, {"outDir", "-"}, {"optimizer", dump_.at("optimizer")}};
    request["method"] = full ? "full" : "lora";
    if (!full) request["lora"] = dump_.at("lora");
    request["batch"] = {{"maxSequenceTokens", dump_.at("longest")}};
    return parse_train_request(request);
  }

  void compare_targets(Report &report) {
    for (size_t document = 0; document < dump_.at("documents").size(); ++document) {
      TokenBatch batch;
      append(batch, dump_.at("documents")[document]);
      std::vector<double> got;
      std::vector<uint8_t> is_argmax;
      transformer_->score(batch, got, is_argmax);
      const std::vector<double> want = expected_.at("logProbabilities")[document];
      CHECK(got.size() == want.size());
      for (size_t i = 0; i < want.size(); ++i) {
        const double error = std::abs(got[i] - want[i]);
        report.target.see(std::isfinite(error) ? error : INFINITY,
                          "document " + std::to_string(document) + " target " + std::to_string(i));
      }
    }
  }

  // Mean loss over the step's targets; its documents go through in two micro-batches.
  double loss_and_gradients(size_t step) {
    const size_t count = dump_.at("documentsPerStep");
    TokenBatch whole, parts[2];
    for (size_t i = 0; i < count; ++i) {
      const json &document = dump_.at("documents")[(step * count + i) % dump_.at("documents").size()];
      append(whole, document);
      append(parts[i == 0 ? 0 : 1], document);
    }
    set_->clear_gradients();
    const auto targets = static_cast<double>(whole.target_count());
    double loss = 0.0;
    for (const TokenBatch &part : parts) {
      loss += transformer_->loss_and_gradients(part, static_cast<float>(1.0 / targets), {});
    }
    return loss / targets;
  }

  void update(size_t step, double expected_rate, double norm) {
    const OptimizerRequest &o = request_.optimizer;
    const double rate = learning_rate_at(o, static_cast<int64_t>(step) + 1, static_cast<int64_t>(expected_.at("steps").size()));
    CHECK(relative(rate, expected_rate) < 1e-12);
    AdamW options{};
    options.learning_rate = static_cast<float>(rate);
    options.beta1 = static_cast<float>(o.beta1);
    options.beta2 = static_cast<float>(o.beta2);
    options.epsilon = static_cast<float>(o.epsilon);
    options.weight_decay = static_cast<float>(o.weight_decay);
    options.step = static_cast<int64_t>(step) + 1;
    options.grad_scale = static_cast<float>(std::min(1.0, o.clip_norm / norm));
    set_->update(options);
  }

  // `values` is the parameter set's block of values or of gradients.
  void compare_tensors(Worst &worst, const float *values, const json &expected) {
    if (request_.full) return compare_full(worst, values, expected);
    CHECK(targets_.size() == expected.size());
    for (const json &pair : expected) {
      const std::string base = pair.at("base");
      const auto target = std::find_if(targets_.begin(), targets_.end(),
                                       [&](const LoraTarget &candidate) { return candidate.base == base; });
      CHECK_CASE(target != targets_.end(), base);
      if (target == targets_.end()) continue;
      const LoraPair &lora = frozen_.model.layers[target->layer].projections[target->projection].lora;
      worst.see(vector_error(values + (lora.a - set_->values()), pair.at("a")), base + " A");
      worst.see(vector_error(values + (lora.b - set_->values()), pair.at("b")), base + " B");
    }
  }

  void compare_full(Worst &worst, const float *values, const json &expected) {
    CHECK(trained_.size() == expected.size());
    for (const json &summary : expected) {
      const std::string name = summary.at("name");
      const auto tensor = std::find_if(trained_.begin(), trained_.end(),
                                       [&](const TrainedTensor &candidate) { return candidate.name == name; });
      CHECK_CASE(tensor != trained_.end(), name);
      if (tensor == trained_.end()) continue;
      worst.see(summary_error(values + tensor->offset, tensor->count, summary, dump_.at("seed")), name);
    }
  }

  json dump_;
  const json &expected_;
  ModelFile file_;
  TrainRequest request_;
  CpuDevice device_;
  std::unique_ptr<ParameterSet> set_;
  std::vector<TrainedTensor> trained_;
  Model full_;
  FrozenModel frozen_;
  std::vector<LoraTarget> targets_;
  std::unique_ptr<Transformer> transformer_;
};

void compare_all(bool full) {
  for (const char *name : names) {
    for (const Isa isa : available_isas()) {
      Run(name, full, isa).compare().check(std::string(name) + (full ? " full " : " lora ") + isa_name(isa));
    }
  }
}

} // namespace

TEST(lora_equals_the_pytorch_reference) { compare_all(false); }

TEST(full_training_equals_the_pytorch_reference) { compare_all(true); }
