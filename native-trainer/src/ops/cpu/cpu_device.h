// The CPU back end's state: threads, the kernels chosen for this processor and one scratch area per thread.
#pragma once

#include <cstdint>
#include <memory>

#include "common/cpu_features.h"
#include "common/thread_pool.h"
#include "ops/cpu/kernels.h"
#include "ops/ops.h"

namespace trex {

struct FreeAligned {
  void operator()(float *memory) const;
};
using FloatBuffer = std::unique_ptr<float[], FreeAligned>;

// 64-byte aligned and not cleared; null when memory is short.
FloatBuffer allocate_floats(size_t count);

// Rows of a product's left operand that a thread keeps packed: the tokens of a batch, within these bounds. More rows
// are taken in turn, which costs time but changes no result.
inline constexpr int64_t fewest_packed_rows = 512, most_packed_rows = 2048;

struct CpuDevice : Device {
  // `longest` is the longest document attention will see and `batch` the most tokens of one pass: they size the
  // scratch. threads 0 means all physical cores. Throws std::bad_alloc when the scratch does not fit.
  CpuDevice(int threads, int64_t longest, Isa isa, int64_t batch = most_packed_rows);

  ThreadPool pool;
  const Kernels *kernels;
  int64_t longest;
  int64_t packed_rows;

  // Per thread: packed panels for products, then rows of attention scores.
  float *packed_left(int thread) const { return scratch.get() + static_cast<size_t>(thread) * scratch_stride; }
  float *packed_right(int thread) const;
  float *decoded_rows(int thread) const;
  float *scores(int thread) const;      // two blocks of attention_rows x (longest + attention_rows)
  int32_t *key_rows(int thread) const;  // longest + attention_rows

  FloatBuffer scratch;
  size_t scratch_stride; // floats per thread
};

inline constexpr int64_t attention_rows = 64; // query rows worked on at once

// Bytes of scratch that a device of this many threads allocates.
uint64_t cpu_scratch_bytes(int threads, int64_t longest, int64_t batch = most_packed_rows);

const Ops &cpu_ops();

// The kernels for an instruction set; portable ones for baseline and NEON.
const Kernels &kernels_for(Isa isa);

} // namespace trex
