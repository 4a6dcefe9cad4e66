// A mixture of experts around its linear layers: which experts a token goes to, how much each counts, and the sum of
// what they answer. T tokens, E experts, k chosen ones, C residual width.
//
// As llama.cpp does for qwen3moe: softmax over all experts, the k most probable, their probabilities divided by their
// sum. (It also keeps that sum above 2^-14, which k of E probabilities cannot fall below while E < 2^14.)
//
// Threads own tokens, and a token's k experts are added in the order they were chosen, so no result depends on how the
// slots were grouped.
#include <algorithm>
#include <cstring>

#include "ops/cpu/cpu_ops.h"

namespace trex::cpu {
namespace {

// The k largest of p, sorted by falling p and rising index. Not-a-number leaves the indices valid.
void choose_largest(int32_t *chosen, const float *p, const RouterShape &shape) {
  for (int64_t e = 0; e < shape.experts; ++e) {
    int64_t at = std::min(e, shape.chosen);
    while (at > 0 && p[e] > p[chosen[at - 1]]) --at;
    if (at == shape.chosen) continue;
    for (int64_t j = std::min(e, shape.chosen - 1); j > at; --j) chosen[j] = chosen[j - 1];
    chosen[at] = static_cast<int32_t>(e);
  }
}

} // namespace

void route_forward(Device &any, int32_t *experts, float *weights, Matrix logits, const RouterShape &shape) {
  CpuDevice &device = cpu(any);
  device.pool.split(logits.rows, rows_per_share(4 * logits.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      float *p = logits.f32() + t * logits.stride;
      const float largest = device.kernels->maximum(p, logits.cols);
      const double sum = device.kernels->exp_minus(p, p, largest, logits.cols);
      device.kernels->scale(p, static_cast<float>(1.0 / sum), logits.cols);
      int32_t *chosen = experts + t * shape.chosen;
      choose_largest(chosen, p, shape);
      double total = shape.normalise ? 0.0 : 1.0;
      for (int64_t j = 0; shape.normalise && j < shape.chosen; ++j) total += static_cast<double>(p[chosen[j]]);
      for (int64_t j = 0; j < shape.chosen; ++j) {
        weights[t * shape.chosen + j] =
            static_cast<float>(static_cast<double>(shape.scale) * static_cast<double>(p[chosen[j]]) / total);
      }
    }
  });
}

// With w = scale * r and inner = sum over j of r_j dw_j: dlogits_e = w_e (dw_e - inner) for the chosen ones.
// Normalised, r is a softmax over them alone and the others get nothing; else r is p, and the others get -scale * p_e *
// inner.
void route_backward(Device &any, Matrix dlogits, const float *dweights, const int32_t *experts, const float *weights,
                    const RouterShape &shape) {
  CpuDevice &device = cpu(any);
  device.pool.split(dlogits.rows, rows_per_share(dlogits.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      float *row = dlogits.f32() + t * dlogits.stride;
      const int64_t first = t * shape.chosen;
      double weighted = 0.0; // scale * inner
      for (int64_t j = first; j < first + shape.chosen; ++j)
        weighted += static_cast<double>(weights[j]) * static_cast<double>(dweights[j]);
      if (shape.normalise) {
        std::fill(row, row + dlogits.cols, 0.0f);
      } else {
        device.kernels->scale(row, static_cast<float>(-weighted), dlogits.cols);
      }
      const double inner = shape.normalise ? weighted / static_cast<double>(shape.scale) : 0.0;
      for (int64_t j = first; j < first + shape.chosen; ++j) {
        row[experts[j]] +=
            static_cast<float>(static_cast<double>(weights[j]) * (static_cast<double>(dweights[j]) - inner));
      }
    }
  });
}

// A counting sort. Its few thousand slots are not worth waking another thread for.
void group_slots(Device &, const SlotGroups &groups, int32_t *host_offsets, const int32_t *experts, int64_t tokens,
                 const RouterShape &shape) {
  const int64_t slots = tokens * shape.chosen;
  int32_t *offsets = groups.offsets;
  std::fill(offsets, offsets + shape.experts + 1, 0);
  for (int64_t slot = 0; slot < slots; ++slot) ++offsets[experts[slot] + 1];
  for (int64_t e = 0; e < shape.experts; ++e) offsets[e + 1] += offsets[e];
  for (int64_t slot = 0; slot < slots; ++slot) {
    const int32_t place = offsets[experts[slot]]++; // until the end this is the expert's next free row
    groups.places[slot] = place;
    groups.tokens[place] = static_cast<int32_t>(slot / shape.chosen);
  }
  for (int64_t e = shape.experts; e > 0; --e) offsets[e] = offsets[e - 1];
  offsets[0] = 0;
  std::copy(offsets, offsets + shape.experts + 1, host_offsets);
}

void combine_rows(Device &any, Matrix y, bool add_to_y, Matrix x, const int32_t *places, const float *weights,
                  int64_t chosen) {
  CpuDevice &device = cpu(any);
  device.pool.split(y.rows, rows_per_share(chosen * y.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      float *row = y.f32() + t * y.stride;
      if (!add_to_y) std::fill(row, row + y.cols, 0.0f);
      for (int64_t slot = t * chosen; slot < (t + 1) * chosen; ++slot) {
        const float *from = x.f32() + places[slot] * x.stride;
        device.kernels->add_scaled(row, from, weights == nullptr ? 1.0f : weights[slot], y.cols);
      }
    }
  });
}

void combine_rows_backward(Device &any, Matrix dx, float *dweights, Matrix dy, Matrix x, const int32_t *places,
                           const float *weights, int64_t chosen) {
  CpuDevice &device = cpu(any);
  device.pool.split(dy.rows, rows_per_share(2 * chosen * dy.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      const float *change = dy.f32() + t * dy.stride;
      for (int64_t slot = t * chosen; slot < (t + 1) * chosen; ++slot) {
        float *to = dx.f32() + places[slot] * dx.stride;
        dweights[slot] = device.kernels->dot(change, x.f32() + places[slot] * x.stride, dy.cols); // before dx is written
        std::memcpy(to, change, static_cast<size_t>(dy.cols) * sizeof(float));
        device.kernels->scale(to, weights[slot], dy.cols);
      }
    }
  });
}

} // namespace trex::cpu
