#include "cuda/cuda_sides.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "support/check.h"

#if defined(TREX_EMULATED)
#include "fibers.h"
#endif

namespace trex::test {
namespace {

constexpr size_t red_zone = 256;

void must(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(error));
}

uint64_t mixed(uint64_t x) { // splitmix64 (Steele et al., 2014)
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

uint16_t bf16_bits(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

float from_bf16_bits(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

} // namespace

float rounded_to_bf16(float value) { return from_bf16_bits(bf16_bits(value)); }

std::vector<float> random_floats(int64_t count, uint64_t seed, float size) {
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) {
    const double unit = static_cast<double>(mixed(seed * 0x100000001B3ULL + i) >> 11) / 9007199254740992.0;
    values[i] = size * static_cast<float>(2.0 * unit - 1.0);
  }
  return values;
}

std::vector<float> random_bf16(int64_t count, uint64_t seed, float size) {
  std::vector<float> values = random_floats(count, seed, size);
  for (float &value : values) value = rounded_to_bf16(value);
  return values;
}

OnCuda::OnCuda(CudaDevice &device, size_t bytes) : device_(device), bytes_(bytes) {
  const size_t whole = red_zone + (bytes + 255) / 256 * 256 + red_zone;
  must(cudaMalloc(&memory_, whole));
  must(cudaMemsetAsync(memory_, 0xFF, whole, device.stream));
  must(cudaStreamSynchronize(device.stream));
  data_ = static_cast<std::byte *>(memory_) + red_zone;
}

OnCuda::~OnCuda() {
  const size_t whole = red_zone + (bytes_ + 255) / 256 * 256 + red_zone;
  std::vector<unsigned char> all(whole);
  cudaStreamSynchronize(device_.stream);
  cudaMemcpyAsync(all.data(), memory_, whole, cudaMemcpyDeviceToHost, device_.stream);
  cudaStreamSynchronize(device_.stream);
  size_t spoilt = 0;
  for (size_t i = 0; i < whole; ++i) {
    if ((i < red_zone || i >= red_zone + bytes_) && all[i] != 0xFF) ++spoilt;
  }
  CHECK_CASE(spoilt == 0, std::to_string(spoilt) + " bytes beside a buffer were written");
  cudaFree(memory_);
}

void OnCuda::write(const void *host, size_t bytes, size_t offset) {
  must(cudaMemcpyAsync(static_cast<std::byte *>(data_) + offset, host, bytes, cudaMemcpyHostToDevice, device_.stream));
  must(cudaStreamSynchronize(device_.stream));
}

void OnCuda::read(void *host, size_t bytes, size_t offset) const {
  must(cudaStreamSynchronize(device_.stream));
  must(cudaMemcpyAsync(host, static_cast<const std::byte *>(data_) + offset, bytes, cudaMemcpyDeviceToHost,
                       device_.stream));
  must(cudaStreamSynchronize(device_.stream));
}

Sides::Sides(size_t scratch_bytes, int64_t longest)
    : cpu_(std::make_unique<CpuDevice>(2, longest, best_isa())), cuda_(std::make_unique<CudaDevice>(scratch_bytes)) {}

OnCuda &Sides::take(size_t bytes) {
  pieces_.push_back(std::make_unique<OnCuda>(*cuda_, bytes));
  return *pieces_.back();
}

Matrix Sides::empty(int64_t rows, int64_t columns, Element element, int64_t stride) {
  if (stride == 0) stride = columns;
  const auto bytes = static_cast<size_t>(((rows - 1) * stride + columns) * element_bytes(element));
  return {take(bytes).data(), rows, columns, stride, element};
}

Matrix Sides::matrix(const std::vector<float> &values, int64_t columns, Element element, int64_t stride) {
  const Matrix m = empty(static_cast<int64_t>(values.size()) / columns, columns, element, stride);
  OnCuda &piece = *pieces_.back();
  std::vector<uint16_t> half(static_cast<size_t>(columns));
  for (int64_t row = 0; row < m.rows; ++row) {
    const float *from = values.data() + row * columns;
    const auto offset = static_cast<size_t>(row * m.stride * element_bytes(element));
    if (element == Element::f32) {
      piece.write(from, static_cast<size_t>(columns) * 4, offset);
      continue;
    }
    for (int64_t c = 0; c < columns; ++c) half[static_cast<size_t>(c)] = bf16_bits(from[c]);
    piece.write(half.data(), half.size() * 2, offset);
  }
  return m;
}

float *Sides::floats(const std::vector<float> &values) {
  return static_cast<float *>(bytes(values.data(), values.size() * sizeof(float)));
}

int32_t *Sides::integers(const std::vector<int32_t> &values) {
  return static_cast<int32_t *>(bytes(values.data(), values.size() * sizeof(int32_t)));
}

void *Sides::bytes(const void *host, size_t count) {
  OnCuda &piece = take(count);
  piece.write(host, count);
  return piece.data();
}

namespace {

template <class T> std::vector<T> read_back(CudaDevice &device, const T *values, int64_t count) {
  std::vector<T> host(static_cast<size_t>(count));
  must(cudaStreamSynchronize(device.stream));
  must(cudaMemcpyAsync(host.data(), values, host.size() * sizeof(T), cudaMemcpyDeviceToHost, device.stream));
  must(cudaStreamSynchronize(device.stream));
  must(device.first_error());
  return host;
}

} // namespace

std::vector<float> Sides::read(const Matrix &m) {
  std::vector<float> values(static_cast<size_t>(m.rows * m.cols));
  for (int64_t row = 0; row < m.rows; ++row) {
    float *to = values.data() + row * m.cols;
    if (m.element == Element::f32) {
      const std::vector<float> one = read_back(*cuda_, static_cast<const float *>(m.at(row, 0)), m.cols);
      std::memcpy(to, one.data(), one.size() * sizeof(float));
    } else {
      const std::vector<uint16_t> one = read_back(*cuda_, static_cast<const uint16_t *>(m.at(row, 0)), m.cols);
      for (int64_t c = 0; c < m.cols; ++c) to[c] = from_bf16_bits(one[static_cast<size_t>(c)]);
    }
  }
  return values;
}

std::vector<float> Sides::read(const float *values, int64_t count) { return read_back(*cuda_, values, count); }
std::vector<double> Sides::read(const double *values, int64_t count) { return read_back(*cuda_, values, count); }
std::vector<int32_t> Sides::read(const int32_t *values, int64_t count) { return read_back(*cuda_, values, count); }

void in_every_order(const std::string &label, const std::function<std::vector<float>()> &body) {
  const std::vector<float> first = body();
  for (uint64_t order = 1; order <= 2; ++order) {
#if defined(TREX_EMULATED)
    emulation::set_schedule(order);
#endif
    const std::vector<float> again = body();
    CHECK_CASE(again.size() == first.size() &&
                   std::memcmp(again.data(), first.data(), first.size() * sizeof(float)) == 0,
               label + ": not the same bits in order " + std::to_string(order));
  }
#if defined(TREX_EMULATED)
  emulation::set_schedule(0);
#endif
}

void check_near(const std::vector<float> &got, const std::vector<float> &want, double relative, double absolute,
                const std::string &label) {
  CHECK_CASE(got.size() == want.size(), label + ": sizes differ");
  if (got.size() != want.size()) return;
  double squares = 0.0;
  for (const float value : want) squares += static_cast<double>(value) * value;
  const double rms = want.empty() ? 0.0 : std::sqrt(squares / static_cast<double>(want.size()));
  double worst = 0.0;
  size_t at = 0, missed = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const double allowed = absolute * rms + relative * std::fabs(static_cast<double>(want[i]));
    const double off = std::fabs(static_cast<double>(got[i]) - want[i]);
    if (off <= allowed) continue; // false for a not-a-number too
    ++missed;
    if (missed == 1 || off / (allowed + 1e-30) > worst) worst = off / (allowed + 1e-30), at = i;
  }
  CHECK_CASE(missed == 0, label + ": " + std::to_string(missed) + " of " + std::to_string(want.size()) +
                              " values are off, the worst is " + std::to_string(got[at]) + " for " +
                              std::to_string(want[at]) + " at " + std::to_string(at));
}

} // namespace trex::test
