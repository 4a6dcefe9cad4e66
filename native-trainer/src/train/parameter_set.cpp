#include "train/parameter_set.h"

#include <algorithm>
#include <cmath>
#include <new>

namespace trex {

ParameterSet::ParameterSet(const Ops &ops, Device &device, std::span<const TrainedPiece> pieces, OptimizerStates states,
                           bool keeps_average)
    : ops_(ops), device_(device) {
  for (const TrainedPiece &piece : pieces) add(piece, states);
  // One block for all keeps the destructor and the failure path trivial.
  const auto count = static_cast<size_t>(count_), state_floats = static_cast<size_t>(layout_.floats());
  const size_t floats = (keeps_average ? 3 : 2) * count + state_floats;
  values_ = static_cast<float *>(ops.allocate(device, floats * sizeof(float)));
  if (values_ == nullptr) throw std::bad_alloc();
  gradients_ = values_ + count;
  states_ = gradients_ + count;
  if (keeps_average) average_ = states_ + state_floats;
  const auto cleared = static_cast<int64_t>(count + state_floats);
  ops.fill(device, {gradients_, 1, cleared, cleared}, 0.0f);
}

ParameterSet::~ParameterSet() { ops_.release(device_, values_); }

void ParameterSet::add(const TrainedPiece &piece, OptimizerStates states) {
  const bool coded = is_coded(states, piece.count);
  offsets_.push_back(count_);
  const bool joins = !groups_.empty() && !coded && !groups_.back().coded && groups_.back().decays == piece.decays &&
                     groups_.back().rate == piece.rate;
  if (joins) {
    groups_.back().count += piece.count;
  } else {
    groups_.push_back(
        {count_, piece.count, coded ? layout_.coded : layout_.plain, layout_.blocks, coded, piece.decays, piece.rate});
  }
  layout_.add(states, piece.count);
  count_ += piece.count;
}

void ParameterSet::clear_gradients() { ops_.fill(device_, {gradients_, 1, count_, count_}, 0.0f); }

double ParameterSet::gradient_norm() const { return std::sqrt(ops_.sum_of_squares(device_, gradients_, count_)); }

void ParameterSet::update(AdamW options) {
  const float rate = options.learning_rate, decay = options.weight_decay;
  float *first = states_, *second = first + layout_.plain;
  float *first_largest = second + layout_.plain, *second_largest = first_largest + layout_.blocks;
  auto *first_codes = reinterpret_cast<uint8_t *>(second_largest + layout_.blocks);
  uint8_t *second_codes = first_codes + layout_.coded;
  for (const Group &group : groups_) {
    options.learning_rate = rate * group.rate;
    options.weight_decay = group.decays ? decay : 0.0f;
    float *values = values_ + group.offset;
    const float *gradients = gradients_ + group.offset;
    if (group.coded) {
      ops_.adamw8(device_, values, {first_codes + group.state_offset, first_largest + group.block_offset},
                  {second_codes + group.state_offset, second_largest + group.block_offset}, gradients, group.count,
                  options);
    } else {
      ops_.adamw(device_, values, first + group.state_offset, second + group.state_offset, gradients, group.count,
                 options);
    }
  }
}

float *ParameterSet::host_values() {
  if (ops_.host_memory) return values_;
  host_.resize(static_cast<size_t>(count_));
  return host_.data();
}

void ParameterSet::to_host() {
  if (!ops_.host_memory) download(host_values(), values_, static_cast<size_t>(count_) * sizeof(float));
}

void ParameterSet::to_device() {
  if (!ops_.host_memory) upload(values_, host_values(), static_cast<size_t>(count_) * sizeof(float));
}

void ParameterSet::start_average() {
  if (average_ != nullptr) ops_.copy(device_, average_, values_, static_cast<size_t>(count_) * sizeof(float));
}

void ParameterSet::update_average(double decay, int64_t step) {
  if (average_ == nullptr) return;
  const auto t = static_cast<double>(step);
  ops_.average(device_, average_, values_, static_cast<float>(1.0 - std::min(decay, (1.0 + t) / (10.0 + t))), count_);
}

void AveragedValues::exchange() const {
  if (set_.average_ == nullptr) return;
  const auto move = [this](float *to, const float *from) {
    set_.ops_.copy(set_.device_, to, from, static_cast<size_t>(set_.count_) * sizeof(float));
  };
  move(set_.gradients_, set_.values_);
  move(set_.values_, set_.average_);
  move(set_.average_, set_.gradients_);
}

} // namespace trex
