// In what precision AdamW keeps its two moments of every trained value, and how many bytes they take.
#pragma once

#include <cstdint>

#include "ops/ops.h"

namespace trex {

// eight_bit: one byte for a value of a moment and four for each block of 256 (ops/cpu/adamw8.cpp). Tensors of fewer
// than 4096 values stay in fp32, as in the paper (Dettmers et al., 2022): they are the ones that mind, and save
// nothing.
enum class OptimizerStates { fp32, eight_bit };

inline constexpr int64_t fewest_coded_values = 4096;

inline bool is_coded(OptimizerStates states, int64_t tensor_values) {
  return states == OptimizerStates::eight_bit && tensor_values >= fewest_coded_values;
}

// What both moments of a set of tensors need, and where they lie: a block of bytes that starts with the first moments
// in fp32, then follow the second ones; the largest sizes of the coded blocks of both; the codes of both.
struct StateLayout {
  int64_t plain = 0;  // values whose moments are fp32
  int64_t coded = 0;  // values whose moments are codes
  int64_t blocks = 0; // of coded values; none holds values of two tensors

  void add(OptimizerStates states, int64_t tensor_values) {
    if (is_coded(states, tensor_values)) {
      coded += tensor_values;
      blocks += coded_blocks(tensor_values);
    } else {
      plain += tensor_values;
    }
  }
  // Rounded up to whole floats.
  uint64_t floats() const { return static_cast<uint64_t>(2 * (plain + blocks) + (2 * coded + 3) / 4); }
  uint64_t bytes() const { return floats() * sizeof(float); }
};

} // namespace trex
