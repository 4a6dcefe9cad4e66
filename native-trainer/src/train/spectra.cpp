#include "train/spectra.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <numeric>

#include <nlohmann/json.hpp>

#include "train/row_rotations.h"

namespace trex {
namespace {

// A matrix [n, r] of fp32; element (i, j) lies at data[i * row_stride + j * column_stride].
struct TallMatrix {
  const float *data;
  int64_t n, r, row_stride, column_stride;
};

// Square, row-major.
struct SmallMatrix {
  explicit SmallMatrix(int64_t order) : r(order), values(static_cast<size_t>(order * order)) {}
  double *row(int64_t i) { return values.data() + i * r; }
  const double *row(int64_t i) const { return values.data() + i * r; }

  int64_t r;
  std::vector<double> values;
};

double frobenius_norm(const SmallMatrix &matrix) {
  const auto count = static_cast<int64_t>(matrix.values.size());
  return std::sqrt(inner_product(matrix.values.data(), matrix.values.data(), count));
}

// R of X = Q R, upper triangular. Blocks of rows are folded into R one after the other: the QR of [R; block] has the
// same R as the QR of all rows so far, and needs no copy of X. Column j of [R; block] is zero between row j and the
// block, so its reflection touches row j of R and the block only.
SmallMatrix triangular_factor(const TallMatrix &x) {
  constexpr int64_t block_rows = 64;
  SmallMatrix factor(x.r);
  std::vector<double> block(static_cast<size_t>(x.r * block_rows)); // [r][block_rows]: a column is contiguous
  const auto column = [&](int64_t j) { return block.data() + j * block_rows; };
  for (int64_t first = 0; first < x.n; first += block_rows) {
    for (int64_t j = 0; j < x.r; ++j) {
      const int64_t count = std::min(block_rows, x.n - first);
      for (int64_t i = 0; i < count; ++i) {
        column(j)[i] = static_cast<double>(x.data[(first + i) * x.row_stride + j * x.column_stride]);
      }
      std::fill(column(j) + count, column(j) + block_rows, 0.0);
    }
    for (int64_t j = 0; j < x.r; ++j) {
      // Reflection I - 2 v v^T / v^T v with v = (head, tail) maps (R_jj, tail) to (beta, 0).
      const double *tail = column(j);
      const double tail_square = inner_product(tail, tail, block_rows);
      if (tail_square == 0.0) continue;
      double *top = factor.row(j);
      const double norm = std::sqrt(top[j] * top[j] + tail_square);
      const double beta = top[j] > 0.0 ? -norm : norm;
      const double head = top[j] - beta;
      const double unit = 2.0 / (head * head + tail_square);
      top[j] = beta;
      for (int64_t k = j + 1; k < x.r; ++k) {
        double *other = column(k);
        const double share = unit * (head * top[k] + inner_product(tail, other, block_rows));
        top[k] -= share * head;
        for (int64_t i = 0; i < block_rows; ++i) other[i] -= share * tail[i];
      }
    }
  }
  return factor;
}

// left right^T of two upper triangular matrices.
SmallMatrix triangular_product(const SmallMatrix &left, const SmallMatrix &right) {
  SmallMatrix product(left.r);
  for (int64_t i = 0; i < left.r; ++i) {
    for (int64_t j = 0; j < left.r; ++j) {
      const int64_t first = std::max(i, j);
      product.row(i)[j] = inner_product(left.row(i) + first, right.row(j) + first, left.r - first);
    }
  }
  return product;
}

// Rotates the rows until all are orthogonal; their lengths are then the singular values.
std::vector<double> row_lengths_when_orthogonal(SmallMatrix matrix) {
  orthogonalise_rows({matrix.values.data(), matrix.r, matrix.r}, {});
  std::vector<double> lengths;
  for (int64_t i = 0; i < matrix.r; ++i) {
    lengths.push_back(std::sqrt(inner_product(matrix.row(i), matrix.row(i), matrix.r)));
  }
  return lengths;
}

double six_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5e", value);
  return std::strtod(text, nullptr);
}

} // namespace

std::vector<double> singular_values(const LoraPair &pair, int64_t in, int64_t out) {
  constexpr double rounding = 1e-13;
  const SmallMatrix of_b = triangular_factor({pair.b, out, pair.rank, pair.rank, 1});
  const SmallMatrix of_a = triangular_factor({pair.a, in, pair.rank, 1, in});
  const double noise = rounding * frobenius_norm(of_b) * frobenius_norm(of_a);
  std::vector<double> values = row_lengths_when_orthogonal(triangular_product(of_b, of_a));
  const double scale = std::abs(static_cast<double>(pair.scale));
  for (double &value : values) value = value < noise ? 0.0 : scale * value;
  // One value that is not finite spoils all, and numbers that are none cannot be sorted.
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  if (!std::isfinite(sum) || !std::isfinite(noise)) {
    return std::vector<double>(values.size(), std::numeric_limits<double>::quiet_NaN());
  }
  std::sort(values.begin(), values.end(), std::greater<>());
  return values;
}

double effective_rank(std::span<const double> singular_values) {
  // Divided by the largest first: the square of a small number may be none.
  const auto largest_at = std::max_element(singular_values.begin(), singular_values.end());
  if (largest_at == singular_values.end() || *largest_at == 0.0) return 0.0;
  const double largest = *largest_at;
  double sum = 0.0;
  for (const double value : singular_values) sum += (value / largest) * (value / largest);
  double entropy = 0.0;
  for (const double value : singular_values) {
    const double share = (value / largest) * (value / largest) / sum;
    if (share > 0.0) entropy -= share * std::log(share);
  }
  return std::exp(entropy);
}

namespace {

// Of several experts, value i is the root mean square of their i-th largest ones.
std::vector<double> values_of(const LoraPair &pair, const LoraTensor &tensor) {
  if (tensor.experts == 1) return singular_values(pair, tensor.in, tensor.out);
  std::vector<double> squares(static_cast<size_t>(pair.rank), 0.0);
  for (int64_t expert = 0; expert < tensor.experts; ++expert) {
    const LoraPair one = pair_of_expert(pair, tensor.in, tensor.out, expert);
    const std::vector<double> own = singular_values(one, tensor.in, tensor.out);
    for (size_t i = 0; i < own.size(); ++i) squares[i] += own[i] * own[i] / static_cast<double>(tensor.experts);
  }
  for (double &square : squares) square = std::sqrt(square);
  return squares;
}

} // namespace

std::vector<TensorSpectrum> adapter_spectra(ParameterSet &set, const std::vector<LoraTarget> &targets) {
  std::vector<TensorSpectrum> spectra;
  set.to_host();
  for (size_t index = 0; index < targets.size(); ++index) {
    const LoraTarget &target = targets[index];
    const LoraPair pair = host_pair(set, targets, index);
    TensorSpectrum spectrum;
    spectrum.tensor = target.tensor.name.substr(0, target.tensor.name.rfind(".weight"));
    spectrum.singular_values = values_of(pair, target.tensor);
    if (!std::isfinite(spectrum.singular_values.front())) continue;
    spectrum.effective_rank = effective_rank(spectrum.singular_values);
    spectra.push_back(std::move(spectrum));
  }
  return spectra;
}

nlohmann::json to_json(const std::vector<TensorSpectrum> &spectra) {
  nlohmann::json list = nlohmann::json::array();
  for (const TensorSpectrum &spectrum : spectra) {
    nlohmann::json values = nlohmann::json::array();
    for (const double value : spectrum.singular_values) values.push_back(six_digits(value));
    list.push_back({{"tensor", spectrum.tensor},
                    {"rank", spectrum.singular_values.size()},
                    {"effectiveRank", six_digits(spectrum.effective_rank)},
                    {"singularValues", std::move(values)}});
  }
  return list;
}

} // namespace trex
