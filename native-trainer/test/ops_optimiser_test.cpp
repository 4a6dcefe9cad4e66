// AdamW and sums over whole parameter sets.
#include "support/ops.h"

using namespace trex;
using namespace trex::test;

TEST(adamw_takes_the_published_step) {
  on_every_isa([](CpuDevice &device, const std::string &isa) {
    // Loshchilov and Hutter's algorithm 2 in double, for 50 steps of changing gradients.
    std::vector<float> x = random_values(33, 1), m(33), v(33);
    std::vector<double> want(x.begin(), x.end()), want_m(33), want_v(33);
    for (int64_t step = 1; step <= 50; ++step) {
      const std::vector<float> g = random_values(33, 100 + static_cast<uint64_t>(step), 3.0f);
      cpu_ops().adamw(device, x.data(), m.data(), v.data(), g.data(), 33,
                      {0.01f, 0.9f, 0.99f, 1e-6f, 0.1f, step, 0.5f});
      for (size_t i = 0; i < 33; ++i) {
        const double gradient = 0.5 * static_cast<double>(g[i]);
        want_m[i] = 0.9 * want_m[i] + 0.1 * gradient;
        want_v[i] = 0.99 * want_v[i] + 0.01 * gradient * gradient;
        const double corrected =
            want_m[i] / (1.0 - std::pow(0.9, step)) / (std::sqrt(want_v[i] / (1.0 - std::pow(0.99, step))) + 1e-6);
        want[i] -= 0.01 * (corrected + 0.1 * want[i]);
      }
    }
    CHECK_CASE(relative_error(x, want) < 1e-4, isa);
  });
}

TEST(sums_do_not_depend_on_threads) {
  const std::vector<float> values = random_values(3'000'001, 1);
  CpuDevice one(1, 8, best_isa()), three(3, 8, best_isa());
  const double sum = cpu_ops().sum_of_squares(one, values.data(), 3'000'001);
  CHECK(sum == cpu_ops().sum_of_squares(three, values.data(), 3'000'001));
  CHECK(close(sum, 1'000'000.0, 0.01));
}
