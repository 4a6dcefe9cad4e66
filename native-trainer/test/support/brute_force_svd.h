// Singular values of a small matrix, found without any of the shortcuts of train/spectra.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

namespace trex::test {

// The eigenvalues of [0 M; M^T 0] are plus and minus M's singular values, and zeros. Classic two-sided Jacobi on that
// matrix never squares M. `m` is rows x columns, row-major; min(rows, columns) values come back, largest first.
inline std::vector<double> brute_force_singular_values(const std::vector<double> &m, int64_t rows, int64_t columns) {
  const int64_t n = rows + columns;
  std::vector<double> s(static_cast<size_t>(n * n));
  const auto at = [&](int64_t i, int64_t j) -> double & { return s[static_cast<size_t>(i * n + j)]; };
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      at(i, rows + j) = at(rows + j, i) = m[static_cast<size_t>(i * columns + j)];
    }
  }
  double total = 0.0;
  for (const double value : m) total += value * value;
  for (int sweep = 0; sweep < 60; ++sweep) {
    double off = 0.0;
    for (int64_t p = 0; p < n; ++p) {
      for (int64_t q = p + 1; q < n; ++q) off += at(p, q) * at(p, q);
    }
    if (off <= 1e-32 * total) break;
    for (int64_t p = 0; p < n; ++p) {
      for (int64_t q = p + 1; q < n; ++q) {
        if (at(p, q) == 0.0) continue;
        const double angle = 0.5 * std::atan2(2.0 * at(p, q), at(q, q) - at(p, p));
        const double c = std::cos(angle), d = std::sin(angle);
        for (int64_t k = 0; k < n; ++k) {
          const double x = at(k, p), y = at(k, q);
          at(k, p) = c * x - d * y;
          at(k, q) = d * x + c * y;
        }
        for (int64_t k = 0; k < n; ++k) {
          const double x = at(p, k), y = at(q, k);
          at(p, k) = c * x - d * y;
          at(q, k) = d * x + c * y;
        }
      }
    }
  }
  std::vector<double> values;
  for (int64_t i = 0; i < n; ++i) values.push_back(at(i, i));
  std::sort(values.begin(), values.end(), std::greater<>());
  values.resize(static_cast<size_t>(std::min(rows, columns)));
  return values;
}

// factor * B A, with B [out, rank] and A [rank, in] row-major.
inline std::vector<double> explicit_product(const std::vector<float> &a, const std::vector<float> &b, int64_t in,
                                            int64_t out, int64_t rank, double factor) {
  std::vector<double> m(static_cast<size_t>(in * out));
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t k = 0; k < rank; ++k) {
      const double left = factor * static_cast<double>(b[static_cast<size_t>(o * rank + k)]);
      for (int64_t i = 0; i < in; ++i) {
        m[static_cast<size_t>(o * in + i)] += left * static_cast<double>(a[static_cast<size_t>(k * in + i)]);
      }
    }
  }
  return m;
}

} // namespace trex::test
