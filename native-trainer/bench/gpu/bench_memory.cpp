#include "bench_memory.h"

#include <algorithm>
#include <cstring>

#include "gguf/decode.h"
#include "ops/random.h"
#include "timing.h"

namespace trex::bench {
namespace {

constexpr size_t pattern_values = 1 << 16;

float small_value(size_t index, float size) {
  return size * static_cast<float>(2.0 * random_unit(1, 0, static_cast<uint64_t>(index)) - 1.0);
}

} // namespace

BenchMemory::~BenchMemory() {
  cudaStreamSynchronize(device_.stream);
  for (void *piece : pieces_) cudaFree(piece);
}

void *BenchMemory::filled(const void *pattern, size_t pattern_bytes, size_t bytes) {
  void *memory = nullptr;
  must(cudaMalloc(&memory, std::max<size_t>(bytes, 16)));
  pieces_.push_back(memory);
  std::vector<std::byte> host(bytes);
  for (size_t at = 0; at < bytes; at += pattern_bytes) {
    std::memcpy(host.data() + at, pattern, std::min(pattern_bytes, bytes - at));
  }
  must(cudaMemcpyAsync(memory, host.data(), bytes, cudaMemcpyHostToDevice, device_.stream));
  must(cudaStreamSynchronize(device_.stream));
  return memory;
}

Matrix BenchMemory::bf16_matrix(int64_t rows, int64_t columns) {
  std::vector<uint16_t> values(pattern_values);
  for (size_t i = 0; i < values.size(); ++i) {
    uint32_t bits;
    const float value = small_value(i, 0.5f);
    std::memcpy(&bits, &value, sizeof bits);
    values[i] = static_cast<uint16_t>(bits >> 16);
  }
  return {filled(values.data(), values.size() * 2, static_cast<size_t>(rows * columns) * 2), rows, columns, columns,
          Element::bf16};
}

float *BenchMemory::floats(int64_t count, float size) {
  std::vector<float> values(pattern_values);
  for (size_t i = 0; i < values.size(); ++i) values[i] = small_value(i, size);
  return static_cast<float *>(filled(values.data(), values.size() * 4, static_cast<size_t>(count) * 4));
}

Matrix BenchMemory::f32_matrix(int64_t rows, int64_t columns) {
  return {floats(rows * columns), rows, columns, columns};
}

void *BenchMemory::zeros(size_t bytes) {
  const uint64_t nothing = 0;
  return filled(&nothing, sizeof nothing, bytes);
}

Weight BenchMemory::weight(ggml_type type, int64_t in, int64_t out) {
  constexpr int64_t rows = 8; // that repeat
  std::vector<float> values(static_cast<size_t>(rows * in));
  for (size_t i = 0; i < values.size(); ++i) values[i] = small_value(i, 0.05f);
  const size_t row_bytes = ggml_row_size(type, in);
  std::vector<std::byte> stored(row_bytes * rows);
  ggml_quantize_chunk(type, values.data(), stored.data(), 0, rows, in, nullptr);
  const void *data = filled(stored.data(), stored.size(), row_bytes * static_cast<size_t>(out));
  return {static_cast<const std::byte *>(data), type, in, out, row_bytes};
}

} // namespace trex::bench
