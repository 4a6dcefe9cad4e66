// Tells a training run that has come apart from one that is merely noisy.
#pragma once

#include <algorithm>
#include <cmath>

#include "train/checkpoint.h"

namespace trex {

// True when the loss or gradient is not a number, or when the smoothed loss has risen above twice its best plus two: a
// step or two of bad rows cannot lift the average of the last ten that far, a learning rate that is too high does.
inline bool has_diverged(TrainingProgress &progress, double loss, double gradient_norm) {
  constexpr double keep = 0.9;
  if (!std::isfinite(loss) || !std::isfinite(gradient_norm)) return true;
  const auto steps = static_cast<double>(progress.step + 1);
  progress.smoothed_loss = keep * progress.smoothed_loss + (1.0 - keep) * loss;
  const double average = progress.smoothed_loss / (1.0 - std::pow(keep, steps));
  if (progress.step == 0 || average < progress.best_smoothed_loss) progress.best_smoothed_loss = average;
  return average > 2.0 * progress.best_smoothed_loss + 2.0;
}

} // namespace trex
