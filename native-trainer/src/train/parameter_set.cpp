#include "train/parameter_set.h"

#include <cmath>
#include <new>

namespace trex {

ParameterSet::ParameterSet(const Ops &ops, Device &device, int64_t count) : ops_(ops), device_(device), count_(count) {
  // One block for all four keeps the destructor and the failure path trivial.
  values_ = ops.allocate(device, 4 * static_cast<size_t>(count));
  if (values_ == nullptr) throw std::bad_alloc();
  gradients_ = values_ + count;
  first_ = gradients_ + count;
  second_ = first_ + count;
  ops.fill(device, gradients_, 0.0f, 3 * count);
}

ParameterSet::~ParameterSet() { ops_.release(device_, values_); }

int64_t ParameterSet::take(int64_t count, bool decays) {
  const int64_t offset = taken_;
  taken_ += count;
  if (!groups_.empty() && groups_.back().decays == decays) {
    groups_.back().count += count;
  } else {
    groups_.push_back({offset, count, decays});
  }
  return offset;
}

void ParameterSet::clear_gradients() { ops_.fill(device_, gradients_, 0.0f, count_); }

double ParameterSet::gradient_norm() const { return std::sqrt(ops_.sum_of_squares(device_, gradients_, count_)); }

void ParameterSet::update(AdamW options) {
  const float decay = options.weight_decay;
  for (const Group &group : groups_) {
    options.weight_decay = group.decays ? decay : 0.0f;
    ops_.adamw(device_, values_ + group.offset, first_ + group.offset, second_ + group.offset,
               gradients_ + group.offset, group.count, options);
  }
}

} // namespace trex
