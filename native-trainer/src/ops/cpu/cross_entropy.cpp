// -ln softmax(logits)[target] for a chunk of target tokens, and its gradient. N targets, V vocabulary.
//
// exp is taken in single precision, relative to the row's maximum, and summed in double, so a log-probability is as
// accurate as the logits it is made of.
#include <algorithm>
#include <array>
#include <cmath>

#include "ops/cpu/cpu_ops.h"

namespace trex::cpu {

HeadResult cross_entropy(Device &any, Matrix logits, const int32_t *targets, float grad_scale) {
  CpuDevice &device = cpu(any);
  std::array<double, most_parts> parts{};
  const int64_t size = (logits.rows + most_parts - 1) / most_parts;
  const int64_t used = size == 0 ? 0 : (logits.rows + size - 1) / size;
  device.pool.each(used, [&](int64_t index, int) {
    double loss = 0.0;
    for (int64_t i = index * size; i < std::min((index + 1) * size, logits.rows); ++i) {
      float *row = logits.data + i * logits.stride;
      const float wanted = row[targets[i]];
      const float largest = device.kernels->maximum(row, logits.cols);
      const double sum = device.kernels->exp_minus(row, row, largest, logits.cols);
      device.kernels->scale(row, static_cast<float>(static_cast<double>(grad_scale) / sum), logits.cols);
      row[targets[i]] -= grad_scale;
      loss += std::log(sum) + static_cast<double>(largest) - static_cast<double>(wanted);
    }
    parts[static_cast<size_t>(index)] = loss;
  });
  HeadResult result{0.0};
  for (int64_t i = 0; i < used; ++i) result.loss_sum += parts[static_cast<size_t>(i)];
  return result;
}

void log_probability(Device &any, double *log_probability, uint8_t *is_argmax, Matrix logits, const int32_t *targets) {
  CpuDevice &device = cpu(any);
  device.pool.split(logits.rows, rows_per_share(4 * logits.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      float *row = logits.data + i * logits.stride;
      const float wanted = row[targets[i]];
      const float largest = device.kernels->maximum(row, logits.cols);
      const double sum = device.kernels->exp_minus(row, row, largest, logits.cols);
      log_probability[i] = static_cast<double>(wanted) - static_cast<double>(largest) - std::log(sum);
      is_argmax[i] = wanted >= largest ? 1 : 0;
    }
  });
}

} // namespace trex::cpu
