// The learning rate of a step.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "train/optimizer_request.h"

namespace trex {

// `step` counts from 1. A linear rise over the warm-up steps, then from the full rate down to final_fraction of it at
// the last step; wsd (warm-up, stable, decay: Hu et al., MiniCPM, 2024) keeps the full rate until its last
// decay_fraction of all steps. The decay 1 - sqrt(progress) is from Hägele et al. (2024).
inline double learning_rate_at(const OptimizerRequest &optimizer, int64_t step, int64_t steps) {
  const auto of_steps = [steps](double fraction) {
    return static_cast<int64_t>(std::llround(fraction * static_cast<double>(steps)));
  };
  const int64_t warmup = optimizer.warmup_steps.value_or(of_steps(optimizer.warmup_fraction));
  if (step <= warmup) return optimizer.learning_rate * static_cast<double>(step) / static_cast<double>(warmup);
  const bool wsd = optimizer.schedule == Schedule::wsd;
  const int64_t full_until = wsd ? std::max(warmup, steps - of_steps(optimizer.decay_fraction)) : warmup;
  if (wsd && step <= full_until) return optimizer.learning_rate;
  const double progress =
      static_cast<double>(step - full_until) / static_cast<double>(std::max<int64_t>(1, steps - full_until));
  double share = 1.0;
  switch (optimizer.schedule) {
  case Schedule::constant: return optimizer.learning_rate;
  case Schedule::linear: share = 1.0 - progress; break;
  case Schedule::cosine: share = 0.5 * (1.0 + std::cos(std::numbers::pi * progress)); break;
  case Schedule::wsd: share = 1.0 - (optimizer.decay_shape == DecayShape::linear ? progress : std::sqrt(progress));
  }
  return optimizer.learning_rate * (optimizer.final_fraction + (1.0 - optimizer.final_fraction) * share);
}

} // namespace trex
