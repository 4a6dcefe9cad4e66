// Random matrices, comparisons and plain reference arithmetic for the tests of the operations.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "ops/random.h"

namespace trex::test {

// Uniform in [-spread, spread]; the same for the same stream.
inline std::vector<float> random_values(int64_t count, uint64_t stream, float spread = 1.0f) {
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>((random_unit(7, stream, i) * 2.0 - 1.0) * static_cast<double>(spread));
  }
  return values;
}

template <class X, class Y> double inner_product(const std::vector<X> &x, const std::vector<Y> &y) {
  double sum = 0.0;
  for (size_t i = 0; i < x.size(); ++i) sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return sum;
}

// Largest difference as a share of the largest value; infinity when something is not a number or the sizes differ.
template <class Expected> double relative_error(const std::vector<float> &got, const std::vector<Expected> &expected) {
  double difference = 0.0, largest = 0.0;
  if (got.size() != expected.size()) return INFINITY;
  for (size_t i = 0; i < got.size(); ++i) {
    const auto want = static_cast<double>(expected[i]);
    if (!std::isfinite(got[i])) return INFINITY;
    difference = std::max(difference, std::abs(static_cast<double>(got[i]) - want));
    largest = std::max(largest, std::abs(want));
  }
  return largest == 0.0 ? (difference == 0.0 ? 0.0 : INFINITY) : difference / largest;
}

// Slope of a function of one vector along `direction`, by central differences with a fourth-order formula.
template <class Value, class Function>
double slope_along(std::vector<Value> &x, const std::vector<float> &direction, double step, const Function &f) {
  const std::vector<Value> start = x;
  const auto at = [&](double distance) {
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<Value>(static_cast<double>(start[i]) + distance * static_cast<double>(direction[i]));
    }
    return f();
  };
  const double slope = (8.0 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12.0 * step);
  x = start;
  return slope;
}

// `floor` is the size below which values are noise: the tolerance does not shrink with them any further.
inline bool close(double got, double expected, double tolerance, double floor = 1e-3) {
  return std::abs(got - expected) <= tolerance * std::max({std::abs(got), std::abs(expected), floor});
}

} // namespace trex::test
