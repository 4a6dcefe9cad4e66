// A small model in memory with random weights, shaped like the built-in demo's, so that the benchmark needs no file.
#pragma once

#include <cstdint>
#include <vector>

#include "model/frozen_model.h"

namespace trex {

struct BenchModel {
  FrozenModel frozen;
  std::vector<std::vector<std::byte>> matrices; // quantised values that `frozen` points into
};

// 4 layers, width 256, feed-forward 768, 4 heads of 64 over 2 key/value heads, vocabulary 1024, matrices in Q8_0.
BenchModel make_bench_model(const Hold &hold);

} // namespace trex
