#include "train/optimizer_request.h"

#include "common/failure.h"

namespace trex {
namespace {

Schedule parse_schedule(Request &fields) {
  const std::string name = fields.choice_or("schedule", "cosine", {"cosine", "linear", "constant", "wsd"});
  return name == "cosine"   ? Schedule::cosine
         : name == "linear" ? Schedule::linear
         : name == "wsd"    ? Schedule::wsd
                            : Schedule::constant;
}

void parse_warmup(Request &fields, OptimizerRequest &optimizer) {
  optimizer.warmup_steps = fields.optional_integer("warmupSteps", 0, 1'000'000'000);
  if (optimizer.warmup_steps && fields.has("warmupFraction")) {
    throw config_failure("request.conflict", "optimizer has both warmupSteps and warmupFraction.",
                         "Give the warm-up once: in steps, or as a fraction of all steps.");
  }
  optimizer.warmup_fraction = fields.number_or("warmupFraction", optimizer.warmup_fraction, 0.0, 1.0);
}

void parse_decay(Request &fields, OptimizerRequest &optimizer) {
  if (optimizer.schedule != Schedule::wsd && (fields.has("decayFraction") || fields.has("decayShape"))) {
    throw config_failure("request.conflict", "optimizer.decayFraction and decayShape belong to the schedule wsd.",
                         "Set optimizer.schedule to \"wsd\", or leave them out.");
  }
  optimizer.decay_fraction = fields.number_or("decayFraction", optimizer.decay_fraction, 0.0, 1.0);
  const std::string shape = fields.choice_or("decayShape", "linear", {"linear", "1-sqrt"});
  optimizer.decay_shape = shape == "linear" ? DecayShape::linear : DecayShape::one_minus_sqrt;
}

} // namespace

OptimizerRequest parse_optimizer(Request fields) {
  OptimizerRequest optimizer;
  optimizer.learning_rate = fields.number_or("learningRate", optimizer.learning_rate, 0.0, 1e6);
  optimizer.lora_plus_ratio = fields.number_or("loraPlusRatio", optimizer.lora_plus_ratio, 1e-6, 1e6);
  optimizer.beta1 = fields.number_or("beta1", optimizer.beta1, 0.0, 0.999999);
  optimizer.beta2 = fields.number_or("beta2", optimizer.beta2, 0.0, 0.999999);
  optimizer.epsilon = fields.number_or("epsilon", optimizer.epsilon, 1e-15, 1.0);
  optimizer.weight_decay = fields.number_or("weightDecay", optimizer.weight_decay, 0.0, 10.0);
  optimizer.clip_norm = fields.number_or("clipNorm", optimizer.clip_norm, 0.0, 1e9);
  const std::string states = fields.choice_or("states", "fp32", {"fp32", "8bit"});
  optimizer.states = states == "8bit" ? OptimizerStates::eight_bit : OptimizerStates::fp32;
  optimizer.ema_decay = fields.number_or("emaDecay", optimizer.ema_decay, 0.0, 0.999999);
  optimizer.schedule = parse_schedule(fields);
  parse_warmup(fields, optimizer);
  optimizer.final_fraction = fields.number_or("finalFraction", optimizer.final_fraction, 0.0, 1.0);
  parse_decay(fields, optimizer);
  fields.finish();
  return optimizer;
}

} // namespace trex
