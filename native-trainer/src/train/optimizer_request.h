// The `optimizer` part of a train request.
#pragma once

#include <cstdint>
#include <optional>

#include "common/request.h"
#include "train/optimizer_states.h"

namespace trex {

enum class Schedule { cosine, linear, constant, wsd };

enum class DecayShape { linear, one_minus_sqrt };

struct OptimizerRequest {
  double learning_rate = 2e-4;
  double lora_plus_ratio = 1.0; // learning rate of B over that of A: LoRA+ (Hayou, Ghosh and Yu, 2024)
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0.0;
  double clip_norm = 1.0; // 0 switches clipping off
  OptimizerStates states = OptimizerStates::fp32;
  double ema_decay = 0.0; // of the average of the trained values; 0: none is kept

  // What train/schedule.h reads.
  Schedule schedule = Schedule::cosine;
  double warmup_fraction = 0.05;       // of all steps
  std::optional<int64_t> warmup_steps; // instead of the fraction
  double final_fraction = 0.1;         // of the learning rate, at the last step
  double decay_fraction = 0.2;         // wsd: of all steps, at their end
  DecayShape decay_shape = DecayShape::linear;
};

// Throws Failure CONFIG as common/request.h says, and "request.conflict" for fields that exclude each other.
OptimizerRequest parse_optimizer(Request fields);

} // namespace trex
