// The values that training changes, with their gradients and AdamW's two moments, each in one block of fp32.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ops/ops.h"

namespace trex {

class ParameterSet {
public:
  struct Group {
    int64_t offset, count; // values
    bool decays;           // weight decay applies: matrices, not norms or biases
  };

  // Throws std::bad_alloc. Gradients and moments start at zero, values are not set.
  ParameterSet(const Ops &ops, Device &device, int64_t count);
  ~ParameterSet();
  ParameterSet(const ParameterSet &) = delete;
  ParameterSet &operator=(const ParameterSet &) = delete;

  int64_t count() const { return count_; }
  float *values() const { return values_; }
  float *gradients() const { return gradients_; }
  float *first_moments() const { return first_; }
  float *second_moments() const { return second_; }

  // Hands out the next `count` values; the gradient lies at the same place in gradients().
  int64_t take(int64_t count, bool decays);

  void clear_gradients();
  double gradient_norm() const;
  void update(AdamW options); // weight_decay is used for groups that decay

private:
  const Ops &ops_;
  Device &device_;
  int64_t count_ = 0, taken_ = 0;
  std::vector<Group> groups_;
  float *values_ = nullptr, *gradients_ = nullptr, *first_ = nullptr, *second_ = nullptr;
};

} // namespace trex
