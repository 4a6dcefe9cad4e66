// The element-wise kernels' own exp and tanh: how accurate they are, what they do at the ends, and that every
// instruction set gives the same bits.
#include "support/ops.h"

using namespace trex;
using namespace trex::test;

namespace {

std::vector<float> ramp(double from, double to, size_t count) {
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(from + (to - from) * static_cast<double>(i) / static_cast<double>(count - 1)));
  return values;
}

} // namespace

TEST(exp_is_accurate_to_about_one_unit_in_the_last_place) {
  const std::vector<float> x = ramp(-87.0, 88.0, 200'003);
  for (const Isa isa : available_isas()) {
    std::vector<float> y(x.size()), in_place = x;
    const double sum = kernels_for(isa).exp_minus(y.data(), x.data(), 0.0f, static_cast<int64_t>(x.size()));
    double worst = 0.0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double want = std::exp(static_cast<double>(x[i]));
      worst = std::max(worst, std::abs(static_cast<double>(y[i]) - want) / want);
    }
    CHECK_CASE(worst < 1.5e-7, isa_name(isa));
    CHECK_CASE(sum ==
                   kernels_for(isa).exp_minus(in_place.data(), in_place.data(), 0.0f, static_cast<int64_t>(x.size())),
               isa_name(isa));
    CHECK_CASE(same_bits(y, in_place), isa_name(isa));
    CHECK_CASE(close(sum, kernels_for(isa).sum_exp_minus(x.data(), 0.0f, static_cast<int64_t>(x.size())), 1e-15),
               isa_name(isa));
  }
}

TEST(exp_and_tanh_at_the_ends) {
  for (const Isa isa : available_isas()) {
    // Twice, so that both the vector loop and what is left after it see every value.
    std::vector<float> x;
    for (int i = 0; i < 3; ++i)
      x.insert(x.end(), {-INFINITY, -1e30f, -100.0f, 100.0f, 1e30f, INFINITY, NAN, 0.0f, -0.0f});
    std::vector<float> y = x;
    kernels_for(isa).exp_minus(y.data(), x.data(), 0.0f, static_cast<int64_t>(x.size()));
    std::vector<float> capped = x;
    kernels_for(isa).softcap(capped.data(), 30.0f, static_cast<int64_t>(x.size()));
    for (size_t i = 0; i < x.size(); i += 9) {
      CHECK_CASE(y[i] == 0.0f && y[i + 1] == 0.0f && y[i + 2] == 0.0f, isa_name(isa));
      CHECK_CASE(y[i + 3] > 1.6e38f && std::isfinite(y[i + 3]) && y[i + 4] == y[i + 3] && y[i + 5] == y[i + 3],
                 isa_name(isa));
      CHECK_CASE(std::isnan(y[i + 6]) && y[i + 7] == 1.0f && y[i + 8] == 1.0f, isa_name(isa));
      CHECK_CASE(capped[i + 1] == -30.0f && capped[i + 4] == 30.0f, isa_name(isa));
      CHECK_CASE(std::isnan(capped[i + 6]) && capped[i + 7] == 0.0f, isa_name(isa));
    }
  }
}

TEST(the_cap_is_an_accurate_tanh) {
  for (const Isa isa : available_isas()) {
    for (const double reach : {0.1, 1.0, 20.0}) {
      std::vector<float> x = ramp(-reach, reach, 100'001);
      const std::vector<float> start = x;
      kernels_for(isa).softcap(x.data(), 1.0f, static_cast<int64_t>(x.size()));
      for (size_t i = 0; i < x.size(); ++i) {
        const double want = std::tanh(static_cast<double>(start[i]));
        if (std::abs(static_cast<double>(x[i]) - want) > 2.5e-7 * std::abs(want)) {
          CHECK_CASE(false, std::string(isa_name(isa)) + " at " + std::to_string(start[i]));
          return;
        }
      }
    }
  }
}

TEST(every_instruction_set_gives_the_same_bits) {
  constexpr int64_t n = 1003;
  std::vector<std::vector<float>> results;
  for (const Isa isa : available_isas()) {
    const Kernels &kernel = kernels_for(isa);
    const std::vector<float> gate = random_values(n, 1, 9.0f), up = random_values(n, 2), dy = random_values(n, 3);
    std::vector<float> all;
    const auto keep = [&](const std::vector<float> &values) { all.insert(all.end(), values.begin(), values.end()); };
    std::vector<float> a(n), b(n), m(n), v(n), x = up;
    kernel.swiglu(a.data(), gate.data(), up.data(), n), keep(a);
    kernel.geglu(a.data(), gate.data(), up.data(), n), keep(a);
    kernel.swiglu_gradient(a.data(), b.data(), dy.data(), gate.data(), up.data(), n), keep(a), keep(b);
    kernel.geglu_gradient(a.data(), b.data(), dy.data(), gate.data(), up.data(), n), keep(a), keep(b);
    all.push_back(static_cast<float>(kernel.exp_minus(a.data(), gate.data(), 2.0f, n))), keep(a);
    kernel.capped_softmax_gradient(b.data(), a.data(), 0.5f, 0.1f, 0.3f, 2.0f, n), keep(a), keep(b);
    kernel.adamw(x.data(), m.data(), v.data(), dy.data(), n, 0.5f, 0.9f, 0.99f, 0.01f, 1e-8f, 1.1f, 0.999f), keep(x);
    all.push_back(kernel.dot(gate.data(), dy.data(), n));
    results.push_back(all);
  }
  for (const std::vector<float> &result : results) CHECK(same_bits(result, results.front()));
}
