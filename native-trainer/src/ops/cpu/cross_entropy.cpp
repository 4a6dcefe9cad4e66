// -ln softmax(logits)[target] for a chunk of target tokens, and its gradient; Gemma caps the logits first. N targets, V vocabulary.
//
// exp is taken in single precision, relative to the row's maximum, and summed in double, so a log-probability is as
// accurate as the logits it is made of.
#include <cassert>
#include <cmath>

#include "ops/cpu/cpu_ops.h"

namespace trex::cpu {

void cross_entropy(Device &any, double *losses, [[maybe_unused]] Matrix dlogits, Matrix logits, const int32_t *targets,
                   const float *weights, float softcap) {
  assert(dlogits.data == logits.data && dlogits.stride == logits.stride && dlogits.element == Element::f32);
  CpuDevice &device = cpu(any);
  const Kernels &kernels = *device.kernels;
  device.pool.split(logits.rows, rows_per_share(4 * logits.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      float *row = logits.f32() + i * logits.stride;
      if (softcap > 0.0f) kernels.softcap(row, softcap, logits.cols);
      const float wanted = row[targets[i]], weight = weights[i];
      const float largest = kernels.maximum(row, logits.cols);
      float slope = 1.0f; // of the cap at the target
      double sum = 0.0;
      if (softcap > 0.0f) {
        slope -= (wanted / softcap) * (wanted / softcap);
        sum = kernels.sum_exp_minus(row, largest, logits.cols);
        kernels.capped_exp(row, largest, static_cast<float>(static_cast<double>(weight) / sum), softcap, logits.cols);
      } else {
        sum = kernels.exp_minus(row, row, largest, logits.cols);
        kernels.scale(row, static_cast<float>(static_cast<double>(weight) / sum), logits.cols);
      }
      row[targets[i]] -= weight * slope;
      losses[i] = std::log(sum) + static_cast<double>(largest) - static_cast<double>(wanted);
    }
  });
}

void log_probability(Device &any, double *log_probability, uint8_t *is_argmax, Matrix logits, const int32_t *targets,
                     float softcap) {
  CpuDevice &device = cpu(any);
  device.pool.split(logits.rows, rows_per_share(4 * logits.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      float *row = logits.f32() + i * logits.stride;
      if (softcap > 0.0f) device.kernels->softcap(row, softcap, logits.cols);
      const float wanted = row[targets[i]];
      const float largest = device.kernels->maximum(row, logits.cols);
      const double sum = device.kernels->sum_exp_minus(row, largest, logits.cols);
      log_probability[i] = static_cast<double>(wanted) - static_cast<double>(largest) - std::log(sum);
      is_argmax[i] = wanted >= largest ? 1 : 0;
    }
  });
}

} // namespace trex::cpu
