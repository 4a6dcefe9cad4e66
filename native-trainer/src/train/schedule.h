// The learning rate of a step.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "train/train_request.h"

namespace trex {

// `step` counts from 1. A linear rise over the warm-up steps, then from the full rate down to final_fraction of it at
// the last step.
inline double learning_rate_at(const OptimizerRequest &optimizer, int64_t step, int64_t steps) {
  const auto warmup = static_cast<int64_t>(std::llround(optimizer.warmup_fraction * static_cast<double>(steps)));
  if (step <= warmup) return optimizer.learning_rate * static_cast<double>(step) / static_cast<double>(warmup);
  const double progress =
      static_cast<double>(step - warmup) / static_cast<double>(std::max<int64_t>(1, steps - warmup));
  double share = 1.0;
  switch (optimizer.schedule) {
  case Schedule::constant: return optimizer.learning_rate;
  case Schedule::linear: share = 1.0 - progress; break;
  case Schedule::cosine: share = 0.5 * (1.0 + std::cos(std::numbers::pi * progress)); break;
  }
  return optimizer.learning_rate * (optimizer.final_fraction + (1.0 - optimizer.final_fraction) * share);
}

} // namespace trex
