// Cross-entropy with per-target weights and a cap, against plain loops in double; those against finite differences.
#include "support/ops.h"

using namespace trex;
using namespace trex::test;

namespace {

struct Case {
  const char *name;
  int64_t rows, vocab;
  float spread, softcap;
};

const Case cases[] = {
    {"plain", 6, 301, 6.0f, 0.0f},
    {"one token", 3, 1, 6.0f, 0.0f},
    {"fewer than a vector", 9, 7, 6.0f, 0.0f},
    {"capped", 6, 301, 20.0f, 30.0f},
    {"capped, small", 9, 17, 3.0f, 2.0f},
    {"a real vocabulary", 2, 151'936, 8.0f, 0.0f},
    {"a real vocabulary, capped", 2, 256'000, 40.0f, 30.0f},
};

std::vector<int32_t> targets_of(const Case &c) {
  std::vector<int32_t> targets;
  for (int64_t i = 0; i < c.rows; ++i) {
    targets.push_back(static_cast<int32_t>(i == 0 ? 0 : i == 1 ? c.vocab - 1 : (i * 17) % c.vocab));
  }
  return targets;
}

const std::vector<float> weights = {0.5f, -0.25f, 1.0f, 0.0f, -2.0f, 0.125f, 1e-6f, 3.0f, -0.0f};

struct Plain {
  std::vector<double> losses, gradient;
  double total = 0.0; // sum of weights times losses
};

Plain plain_loss(const Case &c, const std::vector<double> &logits, const std::vector<int32_t> &targets) {
  Plain plain{{}, std::vector<double>(logits.size())};
  const double cap = static_cast<double>(c.softcap);
  for (size_t i = 0; i < static_cast<size_t>(c.rows); ++i) {
    const auto vocab = static_cast<size_t>(c.vocab);
    const auto target = static_cast<size_t>(targets[i]);
    std::vector<double> z(logits.begin() + static_cast<int64_t>(i * vocab),
                          logits.begin() + static_cast<int64_t>((i + 1) * vocab)),
        slope(vocab, 1.0);
    for (size_t j = 0; cap > 0.0 && j < vocab; ++j) {
      const double share = std::tanh(z[j] / cap);
      z[j] = cap * share;
      slope[j] = 1.0 - share * share;
    }
    const double largest = *std::max_element(z.begin(), z.end());
    double sum = 0.0;
    for (const double value : z) sum += std::exp(value - largest);
    plain.losses.push_back(largest + std::log(sum) - z[target]);
    const auto weight = static_cast<double>(weights[i]);
    plain.total += weight * plain.losses.back();
    for (size_t j = 0; j < vocab; ++j) {
      const double p = std::exp(z[j] - largest) / sum;
      plain.gradient[i * vocab + j] = weight * (p - (j == target ? 1.0 : 0.0)) * slope[j];
    }
  }
  return plain;
}

} // namespace

TEST(the_plain_loss_agrees_with_finite_differences) {
  for (const Case &c : cases) {
    std::vector<double> logits = widened(random_values(c.rows * c.vocab, 1, c.spread));
    const std::vector<int32_t> targets = targets_of(c);
    const std::vector<float> direction = random_values(c.rows * c.vocab, 2);
    const double slope = slope_along(logits, direction, 1e-3, [&] { return plain_loss(c, logits, targets).total; });
    CHECK_CASE(close(slope, inner_product(plain_loss(c, logits, targets).gradient, direction), 1e-6), c.name);
  }
}

TEST(cross_entropy_equals_plain_loops) {
  for (const Case &c : cases) {
    const std::vector<float> logits = random_values(c.rows * c.vocab, 1, c.spread);
    const std::vector<int32_t> targets = targets_of(c);
    const Plain want = plain_loss(c, widened(logits), targets);
    on_every_isa([&](CpuDevice &device, const std::string &isa) {
      const std::string label = std::string(c.name) + ", " + isa;
      std::vector<float> d = logits;
      std::vector<double> losses(targets.size());
      cpu_ops().cross_entropy(device, losses.data(), matrix(d, c.vocab), matrix(d, c.vocab), targets.data(), weights.data(), c.softcap);
      for (size_t i = 0; i < losses.size(); ++i) {
        CHECK_CASE(std::abs(losses[i] - want.losses[i]) < 1e-5 * std::max(1.0, want.losses[i]), label);
      }
      CHECK_CASE(c.vocab == 1 || relative_error(d, want.gradient) < 1e-5, label);
      for (size_t j = 3 * static_cast<size_t>(c.vocab); c.rows > 3 && j < 4 * static_cast<size_t>(c.vocab); ++j) {
        CHECK_CASE(d[j] == 0.0f, label + ", weight 0");
      }

      std::vector<float> scored = logits;
      std::vector<double> log_probability(targets.size());
      std::vector<uint8_t> is_argmax(targets.size());
      cpu_ops().log_probability(device, log_probability.data(), is_argmax.data(), matrix(scored, c.vocab),
                                targets.data(), c.softcap);
      for (size_t i = 0; i < losses.size(); ++i) {
        CHECK_CASE(close(-log_probability[i], losses[i], 1e-14), label + ", both ways to the same loss");
      }
    });
  }
}

TEST(losses_do_not_depend_on_threads_or_on_strides) {
  for (const Case &c : cases) {
    const std::vector<int32_t> targets = targets_of(c);
    const std::vector<float> logits = random_values(c.rows * c.vocab, 1, c.spread);
    const auto run = [&](CpuDevice &device, int64_t stride) {
      std::vector<float> wide(static_cast<size_t>(c.rows * stride), 7.0f), result;
      std::vector<double> losses(targets.size());
      for (int64_t i = 0; i < c.rows; ++i) std::copy_n(logits.data() + i * c.vocab, c.vocab, wide.data() + i * stride);
      const Matrix rows{wide.data(), c.rows, c.vocab, stride};
      cpu_ops().cross_entropy(device, losses.data(), rows, rows, targets.data(), weights.data(), c.softcap);
      for (int64_t i = 0; i < c.rows; ++i) {
        const float *row = wide.data() + i * stride;
        result.insert(result.end(), row, row + c.vocab);
        CHECK_CASE(stride == c.vocab || row[c.vocab] == 7.0f, c.name);
      }
      for (const double loss : losses) result.push_back(static_cast<float>(loss));
      return result;
    };
    check_threads(c.name, [&](CpuDevice &device) { return run(device, c.vocab); });
    CpuDevice device(2, 1, best_isa());
    CHECK_CASE(same_bits(run(device, c.vocab), run(device, c.vocab + 5)), c.name);
  }
}

TEST(logits_far_beyond_what_exp_can_hold) {
  on_every_isa([](CpuDevice &device, const std::string &isa) {
    const std::vector<float> wild = {1e4f, 1e4f - 1.0f, -1e4f, 0.0f};
    const std::vector<int32_t> second = {1};
    const float one = 1.0f;
    double log_probability = 0.0, loss = 0.0;
    uint8_t is_argmax = 1;
    std::vector<float> x = wild;
    cpu_ops().log_probability(device, &log_probability, &is_argmax, matrix(x, 4), second.data(), 0.0f);
    CHECK_CASE(close(log_probability, -1.0 - std::log(1.0 + std::exp(-1.0)), 1e-6), isa);
    CHECK_CASE(is_argmax == 0, isa);

    // Under a cap the first two cannot be told apart, and neither can move: tanh is flat there.
    x = wild;
    cpu_ops().log_probability(device, &log_probability, &is_argmax, matrix(x, 4), second.data(), 30.0f);
    CHECK_CASE(close(log_probability, -std::log(2.0), 1e-6), isa);
    CHECK_CASE(is_argmax == 1, isa);
    CHECK_CASE(x[0] == 30.0f && x[2] == -30.0f && x[3] == 0.0f, isa + ", the logits are left capped");
    x = wild;
    cpu_ops().cross_entropy(device, &loss, matrix(x, 4), matrix(x, 4), second.data(), &one, 30.0f);
    CHECK_CASE(close(loss, std::log(2.0), 1e-6), isa);
    for (const float d : x) CHECK_CASE(std::abs(d) < 1e-12f, isa);

    // A target that is all but impossible: a large loss, and a gradient of its whole weight.
    std::vector<float> far = {500.0f, -500.0f};
    cpu_ops().cross_entropy(device, &loss, matrix(far, 2), matrix(far, 2), second.data(), &one, 0.0f);
    CHECK_CASE(close(loss, 1000.0, 1e-6), isa);
    CHECK_CASE(std::abs(far[0] - 1.0f) < 1e-6f && std::abs(far[1] + 1.0f) < 1e-6f, isa);
  });
}

TEST(a_tie_for_the_most_probable_token_counts_as_most_probable) {
  CpuDevice device(1, 1, best_isa());
  std::vector<float> x = {1.0f, 2.0f, 2.0f, 2.0f, 1.0f, 0.0f};
  const std::vector<int32_t> targets = {2, 1};
  std::vector<double> log_probability(2);
  std::vector<uint8_t> is_argmax(2);
  cpu_ops().log_probability(device, log_probability.data(), is_argmax.data(), matrix(x, 3), targets.data(), 0.0f);
  CHECK(is_argmax[0] == 1 && is_argmax[1] == 0);
}
