#include "ops/cpu/cpu_device.h"

#include <algorithm>
#include <new>

#include "ops/cpu/gemm.h"

namespace trex {
namespace {

constexpr size_t alignment_bytes = 64;
constexpr size_t right_floats_count = static_cast<size_t>(gemm_block_columns * gemm_longest_depth);
constexpr size_t widest_panel = 32;
constexpr size_t row_floats = widest_panel * static_cast<size_t>(gemm_block_depth);

// Keys of one block of attention: a path of the tree, and what other pieces of it put between.
size_t most_keys(int64_t longest) { return static_cast<size_t>(longest + attention_rows + 15) / 16 * 16; }

size_t score_floats(int64_t longest) { return 2 * static_cast<size_t>(attention_rows) * most_keys(longest); }

int64_t rows_to_pack(int64_t batch) { return std::clamp((batch + 15) / 16 * 16, fewest_packed_rows, most_packed_rows); }

size_t left_floats(int64_t packed_rows) { return static_cast<size_t>(packed_rows * gemm_longest_depth); }

size_t scratch_floats_per_thread(int64_t longest, int64_t batch) {
  return left_floats(rows_to_pack(batch)) + right_floats_count + row_floats + score_floats(longest) +
         most_keys(longest);
}

} // namespace

void FreeAligned::operator()(float *memory) const { ::operator delete[](memory, std::align_val_t{alignment_bytes}); }

FloatBuffer allocate_floats(size_t count) {
  void *memory =
      ::operator new[](std::max<size_t>(count, 1) * sizeof(float), std::align_val_t{alignment_bytes}, std::nothrow);
  return FloatBuffer(static_cast<float *>(memory));
}

const Kernels &kernels_for(Isa isa) {
#if defined(__x86_64__) || defined(_M_X64)
  if (isa == Isa::avx512) return avx512_kernels();
  if (isa == Isa::avx2) return avx2_kernels();
#else
  (void)isa;
#endif
  return portable_kernels();
}

CpuDevice::CpuDevice(int threads, int64_t longest_document, Isa isa, int64_t batch)
    : pool(threads), kernels(&kernels_for(isa)), longest(longest_document),
      packed_rows(rows_to_pack(batch)), scratch_stride(scratch_floats_per_thread(longest_document, batch)) {
  scratch = allocate_floats(scratch_stride * static_cast<size_t>(pool.thread_count()));
  if (!scratch) throw std::bad_alloc();
}

float *CpuDevice::packed_right(int thread) const { return packed_left(thread) + left_floats(packed_rows); }
float *CpuDevice::decoded_rows(int thread) const { return packed_right(thread) + right_floats_count; }
float *CpuDevice::scores(int thread) const { return decoded_rows(thread) + row_floats; }
int32_t *CpuDevice::key_rows(int thread) const {
  return reinterpret_cast<int32_t *>(scores(thread) + score_floats(longest));
}

uint64_t cpu_scratch_bytes(int threads, int64_t longest, int64_t batch) {
  return static_cast<uint64_t>(threads) * scratch_floats_per_thread(longest, batch) * sizeof(float);
}

} // namespace trex
