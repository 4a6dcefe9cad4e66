// The values that training changes, with their gradients, AdamW's two moments and, when asked for, their running
// average. They lie in the back end's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ops/ops.h"
#include "train/optimizer_states.h"

namespace trex {

// One tensor of the set.
struct TrainedPiece {
  int64_t count = 0;  // values
  bool decays = true; // weight decay applies: matrices, not norms or biases
  float rate = 1.0f;  // multiplies the learning rate
};

class ParameterSet {
public:
  // Throws std::bad_alloc. Gradients and moments start at zero, values are not set.
  ParameterSet(const Ops &ops, Device &device, std::span<const TrainedPiece> pieces,
               OptimizerStates states = OptimizerStates::fp32, bool keeps_average = false);
  ~ParameterSet();
  ParameterSet(const ParameterSet &) = delete;
  ParameterSet &operator=(const ParameterSet &) = delete;

  int64_t count() const { return count_; }
  float *values() const { return values_; }
  float *gradients() const { return gradients_; }
  int64_t offset(size_t piece) const { return offsets_[piece]; } // into values() and gradients()

  // Both moments, as StateLayout says.
  std::span<std::byte> states() const { return {reinterpret_cast<std::byte *>(states_), layout_.bytes()}; }
  float *average() const { return average_; } // count() values, or null when none is kept

  // The values on the host: themselves where the back end's memory is the host's, else a copy that to_host() and
  // to_device() bring up to date. Throws std::bad_alloc when there is no room for the copy.
  float *host_values();
  void to_host();
  void to_device();

  // Any of the set's memory, to and from the host.
  void download(void *host, const void *from, size_t bytes) const { ops_.download(device_, host, from, bytes); }
  void upload(void *to, const void *host, size_t bytes) const { ops_.upload(device_, to, host, bytes); }

  void clear_gradients();
  double gradient_norm() const;
  void update(AdamW options); // weight_decay is used for pieces that decay

  // The average starts at the values, and moves by 1 - min(decay, (1 + step) / (10 + step)) of the way to them after
  // each step, so that it forgets the start soon (as TensorFlow's ExponentialMovingAverage). Nothing when none is kept.
  void start_average();
  void update_average(double decay, int64_t step); // step 1 for the first update

private:
  // Neighbours that are updated in one go; a piece with coded moments is a group of its own.
  struct Group {
    int64_t offset, count;
    int64_t state_offset; // of its first moment in fp32, or of its first code
    int64_t block_offset;
    bool coded, decays;
    float rate;
  };

  void add(const TrainedPiece &piece, OptimizerStates states);

  friend class AveragedValues;

  const Ops &ops_;
  Device &device_;
  std::vector<float> host_; // where the back end's memory is not the host's
  int64_t count_ = 0;
  std::vector<int64_t> offsets_;
  std::vector<Group> groups_;
  StateLayout layout_;
  float *values_ = nullptr, *gradients_ = nullptr, *states_ = nullptr, *average_ = nullptr;
};

// While one lives, the set's values are the average and the other way round: what is validated and written. The
// gradients are lost, which serve to swap them. Nothing when the set keeps none.
class AveragedValues {
public:
  explicit AveragedValues(ParameterSet &set) : set_(set) { exchange(); }
  ~AveragedValues() { exchange(); }
  AveragedValues(const AveragedValues &) = delete;
  AveragedValues &operator=(const AveragedValues &) = delete;

private:
  void exchange() const;

  ParameterSet &set_;
};

} // namespace trex
