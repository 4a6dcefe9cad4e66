// Singular values of an adapter's product against brute force on the explicit matrix, and the effective rank.
#include "train/spectra.h"

#include <cmath>
#include <limits>
#include <string>

#include <nlohmann/json.hpp>

#include "ops/cpu/cpu_device.h"
#include "support/brute_force_svd.h"
#include "support/check.h"
#include "support/numbers.h"

using namespace trex;
using namespace trex::test;

namespace {

struct Pair {
  int64_t in, out, rank;
  std::vector<float> a, b; // rank x in, out x rank
  float scale = 1.0f;

  LoraPair view() const { return {a.data(), b.data(), nullptr, nullptr, rank, scale}; }
  std::vector<double> values() const { return singular_values(view(), in, out); }
};

Pair random_pair(int64_t out, int64_t in, int64_t rank, uint64_t stream) {
  return {in, out, rank, random_values(rank * in, stream), random_values(out * rank, stream + 1)};
}

// Largest difference, as a share of the largest value. Ranks beyond the matrix's smaller side must be exactly zero.
double error_of(const Pair &pair) {
  const std::vector<double> got = pair.values();
  const auto scale = static_cast<double>(pair.scale);
  std::vector<double> expected = brute_force_singular_values(
      explicit_product(pair.a, pair.b, pair.in, pair.out, pair.rank, scale), pair.out, pair.in);
  expected.resize(got.size());
  double worst = 0.0;
  for (size_t i = 0; i < got.size(); ++i) {
    if (i > 0 && got[i] > got[i - 1]) return INFINITY;
    if (static_cast<int64_t>(i) >= std::min(pair.in, pair.out) && got[i] != 0.0) return INFINITY;
    worst = std::max(worst, std::abs(got[i] - expected[i]));
  }
  return expected[0] == 0.0 ? worst : worst / expected[0];
}

int64_t count_zeros(const std::vector<double> &values) { return std::count(values.begin(), values.end(), 0.0); }

} // namespace

TEST(singular_values_equal_brute_force) {
  const int64_t shapes[][3] = {{5, 7, 3}, {7, 5, 3}, {4, 4, 4},   {6, 9, 1},   {3, 9, 5},
                               {9, 3, 5}, {1, 1, 1}, {64, 65, 8}, {130, 20, 6}, {40, 129, 12}};
  uint64_t stream = 1;
  for (const auto &[out, in, rank] : shapes) {
    Pair pair = random_pair(out, in, rank, stream += 2);
    pair.scale = -1.75f;
    const double error = error_of(pair);
    CHECK_CASE(error < 1e-13, std::to_string(out) + " x " + std::to_string(in) + " of rank " + std::to_string(rank) +
                                  ": " + std::to_string(error * 1e15) + "e-15");
  }
}

TEST(a_product_of_lower_rank_has_exact_zeros) {
  // The second half of B's columns are multiples of the first half: rank 3 of 6.
  Pair pair = random_pair(70, 30, 6, 100);
  for (size_t row = 0; row < 70; ++row) {
    for (size_t k = 0; k < 3; ++k) pair.b[row * 6 + 3 + k] = -2.0f * pair.b[row * 6 + k];
  }
  CHECK(error_of(pair) < 1e-13);
  CHECK(count_zeros(pair.values()) == 3);

  // As the trainer starts: B zero, A not.
  std::fill(pair.b.begin(), pair.b.end(), 0.0f);
  CHECK(count_zeros(pair.values()) == 6 && effective_rank(pair.values()) == 0.0);

  // Neither factor is zero, but their product is: b (a - a).
  Pair cancelling = random_pair(20, 12, 2, 200);
  for (size_t i = 0; i < 12; ++i) cancelling.a[12 + i] = -cancelling.a[i];
  for (size_t row = 0; row < 20; ++row) cancelling.b[row * 2 + 1] = cancelling.b[row * 2];
  CHECK(count_zeros(cancelling.values()) == 2 && effective_rank(cancelling.values()) == 0.0);
}

TEST(small_singular_values_are_accurate_beside_large_ones) {
  // A's rows and B's columns are disjoint unit vectors times powers of two, then mixed by a rotation that the product
  // does not see: B G and G^T A for G = [3 4; -4 3] / 5 scaled by 5, exact in fp32.
  Pair pair{100, 90, 2, std::vector<float>(200), std::vector<float>(180)};
  const float large = 1.0f, small = 0x1p-30f;
  const float g[2][2] = {{3, 4}, {-4, 3}};
  for (size_t k = 0; k < 2; ++k) {
    pair.b[70 * 2 + k] = large * g[0][k];
    pair.b[3 * 2 + k] = small * g[1][k];
    pair.a[k * 100 + 99] = g[0][k];
    pair.a[k * 100 + 5] = g[1][k];
  }
  const std::vector<double> values = pair.values(); // B A = 25 (large e70 e99^T + small e3 e5^T)
  CHECK(std::abs(values[0] - 25.0) < 1e-12);
  CHECK(std::abs(values[1] / (25.0 * 0x1p-30) - 1.0) < 1e-6);
}

TEST(effective_rank_counts_directions) {
  const auto of = [](std::vector<double> values) { return effective_rank(values); };
  CHECK(of({}) == 0.0 && of({0.0, 0.0}) == 0.0);
  CHECK(of({5.0}) == 1.0 && of({5.0, 0.0, 0.0}) == 1.0);
  CHECK(std::abs(of({2.0, 2.0, 2.0, 2.0}) - 4.0) < 1e-12);
  CHECK(std::abs(of({2.0, 1.0}) - std::exp(-0.8 * std::log(0.8) - 0.2 * std::log(0.2))) < 1e-12); // squares: 4 to 1
  CHECK(std::abs(of({2e-200, 1e-200}) - of({2.0, 1.0})) < 1e-12);
}

TEST(spectra_name_their_tensors_and_leave_out_what_is_not_finite) {
  Pair good = random_pair(6, 4, 2, 300), bad = random_pair(6, 4, 3, 310);
  bad.b[4] = INFINITY;
  CHECK(std::isnan(bad.values().front()));
  bad.b[4] = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(bad.values().back()));
  const std::vector<LoraTarget> targets = {{{"blk.0.attn_q.weight", 4, 6, 3, 0, 1.0}, 0, attn_q},
                                           {{"blk.0.ffn_up.weight", 4, 6, 2, 0, 1.0}, 0, ffn_up}};
  CpuDevice device(1, 8, best_isa());
  ParameterSet set(cpu_ops(), device, lora_pieces(std::vector{targets[0].tensor, targets[1].tensor}));
  size_t piece = 0;
  for (const Pair *pair : {&bad, &good}) {
    for (const std::vector<float> *values : {&pair->a, &pair->b}) {
      std::copy(values->begin(), values->end(), set.values() + set.offset(piece++));
    }
  }
  const std::vector<TensorSpectrum> spectra = adapter_spectra(set, targets);
  CHECK(spectra.size() == 1 && spectra[0].tensor == "blk.0.ffn_up");
  CHECK(spectra[0].singular_values == good.values());

  const nlohmann::json shown = to_json({{"blk.0.attn_k", 1.0 / 3.0, {123456789.0, 2.0 / 3.0, 0.0}}});
  CHECK_CASE(shown.dump() == "[{\"effectiveRank\":0.333333,\"rank\":3,\"singularValues\":[123457000.0,0.666667,0.0],"
                             "\"tensor\":\"blk.0.attn_k\"}]",
             shown.dump());
}
