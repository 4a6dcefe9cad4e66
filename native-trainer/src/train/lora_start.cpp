#include "train/lora_start.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <numbers>
#include <numeric>
#include <vector>

#include "ggml.h"
#include "ops/random.h"
#include "train/row_rotations.h"

namespace trex {
namespace {

// Standard normal (Box and Muller, 1958).
double random_normal(uint64_t seed, uint64_t stream, uint64_t counter) {
  const double u = 1.0 - random_unit(seed, stream, 2 * counter), turn = random_unit(seed, stream, 2 * counter + 1);
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * turn);
}

// count rows of `width` values, side by side in the precisions of the operations and of the linear algebra, and in the
// back end's memory where that is not the host's.
class Vectors {
public:
  Vectors(const Ops &ops, Device &device, Element element, int64_t rows, int64_t columns)
      : count(rows), width(columns), single(static_cast<size_t>(rows * columns)), precise(single.size()), ops_(ops),
        device_(device), there_{single.data(), rows, columns, columns, element} {
    if (ops.host_memory) return;
    there_.data = ops.allocate(device, bytes());
    if (there_.data == nullptr) throw std::bad_alloc();
  }
  ~Vectors() {
    if (!ops_.host_memory) ops_.release(device_, there_.data);
  }
  Vectors(const Vectors &) = delete;
  Vectors &operator=(const Vectors &) = delete;

  const Matrix &there() const { return there_; } // as the operations see it

  void send() {
    if (ops_.host_memory) return;
    if (there_.element == Element::f32) return ops_.upload(device_, there_.data, single.data(), bytes());
    std::vector<ggml_bf16_t> rounded(single.size());
    ggml_fp32_to_bf16_row(single.data(), rounded.data(), static_cast<int64_t>(single.size()));
    ops_.upload(device_, there_.data, rounded.data(), bytes());
  }
  void fetch() {
    if (ops_.host_memory) return;
    if (there_.element == Element::f32) return ops_.download(device_, single.data(), there_.data, bytes());
    std::vector<ggml_bf16_t> rounded(single.size());
    ops_.download(device_, rounded.data(), there_.data, bytes());
    ggml_bf16_to_fp32_row(rounded.data(), single.data(), static_cast<int64_t>(single.size()));
  }

  Rows rows() { return {precise.data(), count, width}; }
  void widen() { std::copy(single.begin(), single.end(), precise.begin()); }
  void narrow() {
    std::transform(precise.begin(), precise.end(), single.begin(),
                   [](double value) { return static_cast<float>(value); });
  }

  int64_t count, width;
  std::vector<float> single;
  std::vector<double> precise;

private:
  size_t bytes() const { return single.size() * static_cast<size_t>(element_bytes(there_.element)); }

  const Ops &ops_;
  Device &device_;
  Matrix there_;
};

// Rows become orthonormal (Gram and Schmidt, twice, which is enough: Giraud et al., 2005); a row that the earlier ones
// already span becomes zero. With `triangle` [count, count], the rows before are triangle times the rows after.
void make_orthonormal(const Rows &rows, double *triangle) {
  constexpr double spanned = 1e-10;
  if (triangle != nullptr) std::fill(triangle, triangle + rows.count * rows.count, 0.0);
  for (int64_t i = 0; i < rows.count; ++i) {
    double *row = rows.row(i);
    const double before = std::sqrt(inner_product(row, row, rows.width));
    for (int pass = 0; pass < 2; ++pass) {
      for (int64_t j = 0; j < i; ++j) {
        const double *other = rows.row(j);
        const double share = inner_product(row, other, rows.width);
        for (int64_t k = 0; k < rows.width; ++k) row[k] -= share * other[k];
        if (triangle != nullptr) triangle[i * rows.count + j] += share;
      }
    }
    const double length = std::sqrt(inner_product(row, row, rows.width));
    const bool is_spanned = !(length > spanned * before);
    for (int64_t k = 0; k < rows.width; ++k) row[k] = is_spanned ? 0.0 : row[k] / length;
    if (triangle != nullptr) triangle[i * rows.count + i] = is_spanned ? 0.0 : length;
  }
}

void orthonormal(Vectors &vectors, double *triangle = nullptr) {
  vectors.widen();
  make_orthonormal(vectors.rows(), triangle);
  vectors.narrow();
}

void start_zero(float *b, int64_t count) { std::fill_n(b, count, 0.0f); }

} // namespace

void start_kaiming(float *a, float *b, int64_t in, int64_t out, int64_t rank, uint64_t seed, uint64_t stream) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(in));
  for (int64_t i = 0; i < rank * in; ++i) {
    a[i] = static_cast<float>((2.0 * random_unit(seed, stream, static_cast<uint64_t>(i)) - 1.0) * bound);
  }
  start_zero(b, out * rank);
}

void start_gaussian(float *a, float *b, int64_t in, int64_t out, int64_t rank, uint64_t seed, uint64_t stream) {
  for (int64_t i = 0; i < rank * in; ++i) {
    a[i] = static_cast<float>(random_normal(seed, stream, static_cast<uint64_t>(i)) / static_cast<double>(rank));
  }
  start_zero(b, out * rank);
}

void start_principal(const Ops &ops, Device &device, const Weight &w, double scale, float *a, float *b, int64_t rank,
                     uint64_t seed, uint64_t stream) {
  constexpr int64_t oversampling = 8;
  constexpr int iterations = 4;
  const int64_t count = std::min(rank + oversampling, std::min(w.in, w.out));
  // Their rows span the columns and the rows of W. What an operation takes as activations is stored as those are.
  Vectors left(ops, device, Element::f32, count, w.out), right(ops, device, ops.activations, count, w.in);
  const auto times_w = [&] { // right = left W
    left.send();
    ops.linear_backward(device, right.there(), false, left.there(), {}, w, nullptr, nullptr, nullptr, {}, {}, {}, {});
    right.fetch();
  };
  const auto times_w_transposed = [&] { // left = right W^T
    right.send();
    ops.linear_forward(device, left.there(), right.there(), w, nullptr, nullptr, {}, {}, {}, {});
    left.fetch();
  };
  for (size_t i = 0; i < right.single.size(); ++i) {
    right.single[i] = static_cast<float>(random_normal(seed, stream, i));
  }
  times_w_transposed();
  for (int i = 0; i < iterations; ++i) {
    orthonormal(left);
    times_w();
    orthonormal(right);
    times_w_transposed();
  }
  // W ~ left^T (left W) with orthonormal rows of `left`; left W = T N with orthonormal rows of N = `right`.
  orthonormal(left);
  times_w();
  std::vector<double> triangle(static_cast<size_t>(count * count)), turned(triangle.size());
  orthonormal(right, triangle.data());
  // Rotations J make the rows of J T orthogonal: W ~ (J left)^T (J T) N.
  for (int64_t i = 0; i < count; ++i) turned[static_cast<size_t>(i * count + i)] = 1.0;
  orthogonalise_rows({triangle.data(), count, count}, {turned.data(), count, count});
  std::vector<double> lengths(static_cast<size_t>(count));
  std::vector<int64_t> order(lengths.size());
  const Rows t{triangle.data(), count, count}, j{turned.data(), count, count};
  for (int64_t i = 0; i < count; ++i) {
    lengths[static_cast<size_t>(i)] = std::sqrt(inner_product(t.row(i), t.row(i), count));
  }
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t x, int64_t y) {
    return lengths[static_cast<size_t>(x)] > lengths[static_cast<size_t>(y)];
  });

  for (int64_t r = 0; r < rank; ++r) {
    const int64_t from = order[static_cast<size_t>(r)];
    const double value = lengths[static_cast<size_t>(from)];
    const double to_a = value > 0.0 ? 1.0 / std::sqrt(value * scale) : 0.0, to_b = std::sqrt(value / scale);
    for (int64_t column = 0; column < w.in; ++column) {
      double sum = 0.0;
      for (int64_t k = 0; k < count; ++k) sum += t.row(from)[k] * right.precise[static_cast<size_t>(k * w.in + column)];
      a[r * w.in + column] = a[(rank + r) * w.in + column] = static_cast<float>(to_a * sum);
    }
    for (int64_t row = 0; row < w.out; ++row) {
      double sum = 0.0;
      for (int64_t k = 0; k < count; ++k) sum += j.row(from)[k] * left.precise[static_cast<size_t>(k * w.out + row)];
      const auto start = static_cast<float>(to_b * sum);
      b[row * 2 * rank + r] = start;
      b[row * 2 * rank + rank + r] = -start;
    }
  }
}

} // namespace trex
