// The operations of a training step at one model's shapes, each with the least that it must move and compute.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench_memory.h"
#include "peaks.h"

namespace trex::bench {

struct Shapes {
  std::string name;
  int64_t embedding, feed_forward, heads, kv_heads, head_dim, vocab, layers;
};

Shapes shapes_named(const std::string &name); // throws std::invalid_argument with the names there are
const std::vector<Shapes> &all_shapes();

enum class Unit { memory, bf16, s8, e4m3 }; // what a case is bound by besides memory

struct Case {
  std::string name;
  Unit unit;
  double bytes;      // that must be read and written once
  double operations; // multiplications and additions on the tensor cores; 0 for passes over memory
  double per_step;   // how often a training step of one micro-batch does it
  std::function<void()> run;
};

// `tokens` in documents of `document` tokens. The cases use `memory` and the device until they are destroyed.
std::vector<Case> cases_of(CudaDevice &device, BenchMemory &memory, const Shapes &shapes, int64_t tokens,
                           int64_t document);

} // namespace trex::bench
