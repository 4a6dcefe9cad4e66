// Every operation's backward pass against finite differences of its forward pass, along random directions.
#include <algorithm>
#include <cmath>

#include "ops/cpu/cpu_device.h"
#include "support/check.h"
#include "support/numbers.h"

using namespace trex;
using namespace trex::test;

namespace {

constexpr double tolerance = 2e-3; // single precision, and differences of it

Matrix matrix(std::vector<float> &values, int64_t columns) {
  return {values.data(), static_cast<int64_t>(values.size()) / columns, columns, columns};
}

template <class Body> void on_every_isa(const Body &body) {
  for (const Isa isa : available_isas()) {
    CpuDevice device(2, 200, isa);
    body(device, std::string(isa_name(isa)));
  }
}

} // namespace

TEST(rms_norm_gradients) {
  on_every_isa([](CpuDevice &device, const std::string &isa) {
    constexpr int64_t rows = 9, width = 37;
    std::vector<float> x = random_values(rows * width, 1), w = random_values(width, 2),
                       dy = random_values(rows * width, 3);
    std::vector<float> y(x.size()), rstd(rows), dx(x.size()), dw(w.size());
    const auto value = [&] {
      cpu_ops().rms_norm_forward(device, matrix(y, width), rstd.data(), matrix(x, width), w.data(), 1e-5f);
      return inner_product(y, dy);
    };
    value();
    cpu_ops().rms_norm_backward(device, matrix(dx, width), false, dw.data(), matrix(dy, width), matrix(x, width),
                                w.data(), rstd.data());
    const std::vector<float> along_x = random_values(rows * width, 4), along_w = random_values(width, 5);
    CHECK_CASE(close(slope_along(x, along_x, 0.01, value), inner_product(dx, along_x), tolerance), isa);
    CHECK_CASE(close(slope_along(w, along_w, 0.01, value), inner_product(dw, along_w), tolerance), isa);
  });
}

TEST(rope_rotates_pairs_and_turns_back) {
  constexpr int64_t tokens = 7, heads = 3, width = 16;
  std::vector<float> cosine, sine;
  for (int64_t position = 0; position < tokens; ++position) {
    for (int64_t i = 0; i < width / 2; ++i) {
      const double angle = static_cast<double>(position) * std::pow(100.0, -2.0 * static_cast<double>(i) / width);
      cosine.push_back(static_cast<float>(std::cos(angle)));
      sine.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  const std::vector<int32_t> positions = {0, 1, 2, 0, 1, 5, 6};
  on_every_isa([&](CpuDevice &device, const std::string &isa) {
    for (const bool neox : {false, true}) {
      const std::vector<float> start = random_values(tokens * heads * width, 6);
      std::vector<float> x = start;
      const RopeTable table{cosine.data(), sine.data(), width, width, neox};
      cpu_ops().rope(device, matrix(x, heads * width), positions.data(), table, 1.0f);
      // Token 5, position 5, head 1, pair 2 by hand.
      const size_t head = 5 * heads * width + width, low = neox ? 2 : 4, high = neox ? 2 + width / 2 : 5;
      const double angle = 5.0 * std::pow(100.0, -4.0 / width);
      const double expected = static_cast<double>(start[head + low]) * std::cos(angle) -
                              static_cast<double>(start[head + high]) * std::sin(angle);
      CHECK_CASE(close(static_cast<double>(x[head + low]), expected, 1e-5), isa);
      cpu_ops().rope(device, matrix(x, heads * width), positions.data(), table, -1.0f);
      CHECK_CASE(relative_error(x, start) < 1e-6, isa);
    }
  });
}

TEST(attention_gradients_across_documents_and_blocks) {
  // The second document is longer than two blocks of query rows; four heads share two key/value heads.
  constexpr int64_t heads = 4, kv_heads = 2, width = 8;
  const std::vector<int32_t> offsets = {0, 5, 145, 146, 170};
  const int64_t tokens = offsets.back();
  const AttentionShape shape{heads, kv_heads, width, 0.6f};
  const PackedBatch batch{nullptr, nullptr, offsets.data(), 4, tokens, 140};
  on_every_isa([&](CpuDevice &device, const std::string &isa) {
    std::vector<float> q = random_values(tokens * heads * width, 1), k = random_values(tokens * kv_heads * width, 2),
                       v = random_values(tokens * kv_heads * width, 3), dout = random_values(tokens * heads * width, 4);
    std::vector<float> out(q.size()), lse(static_cast<size_t>(heads * tokens)), dq(q.size()), dk(k.size(), 9.0f),
        dv(v.size(), 9.0f);
    const auto value = [&] {
      cpu_ops().attention_forward(device, matrix(out, heads * width), lse.data(), matrix(q, heads * width),
                                  matrix(k, kv_heads * width), matrix(v, kv_heads * width), batch, shape);
      return inner_product(out, dout);
    };
    value();
    cpu_ops().attention_backward(device, matrix(dq, heads * width), matrix(dk, kv_heads * width),
                                 matrix(dv, kv_heads * width), matrix(dout, heads * width), matrix(out, heads * width),
                                 lse.data(), matrix(q, heads * width), matrix(k, kv_heads * width),
                                 matrix(v, kv_heads * width), batch, shape);
    const std::vector<float> along_q = random_values(tokens * heads * width, 5),
                             along_k = random_values(tokens * kv_heads * width, 6);
    CHECK_CASE(close(slope_along(q, along_q, 0.02, value), inner_product(dq, along_q), tolerance), isa + " q");
    CHECK_CASE(close(slope_along(k, along_k, 0.02, value), inner_product(dk, along_k), tolerance), isa + " k");
    CHECK_CASE(close(slope_along(v, along_k, 0.02, value), inner_product(dv, along_k), tolerance), isa + " v");
  });
}

TEST(attention_equals_a_plain_softmax) {
  constexpr int64_t width = 8;
  const std::vector<int32_t> offsets = {0, 3, 80};
  const PackedBatch batch{nullptr, nullptr, offsets.data(), 2, 80, 77};
  CpuDevice device(2, 77, best_isa());
  std::vector<float> q = random_values(80 * width, 1, 3.0f), k = random_values(80 * width, 2, 3.0f),
                     v = random_values(80 * width, 3);
  std::vector<float> out(q.size()), lse(80);
  cpu_ops().attention_forward(device, matrix(out, width), lse.data(), matrix(q, width), matrix(k, width),
                              matrix(v, width), batch, {1, 1, width, 0.5f});
  std::vector<double> expected(out.size());
  for (size_t i = 0; i < 80; ++i) {
    double total = 0.0;
    for (size_t j = i < 3 ? 0 : 3; j <= i; ++j) {
      double score = 0.0;
      for (size_t d = 0; d < width; ++d)
        score += 0.5 * static_cast<double>(q[i * width + d]) * static_cast<double>(k[j * width + d]);
      total += std::exp(score);
      for (size_t d = 0; d < width; ++d)
        expected[i * width + d] += std::exp(score) * static_cast<double>(v[j * width + d]);
    }
    for (size_t d = 0; d < width; ++d) expected[i * width + d] /= total;
    CHECK(close(static_cast<double>(lse[i]), std::log(total), 1e-5));
  }
  CHECK(relative_error(out, expected) < 1e-5);
}

TEST(swiglu_gradients) {
  on_every_isa([](CpuDevice &device, const std::string &isa) {
    constexpr int64_t count = 1003;
    std::vector<float> gate = random_values(count, 1, 4.0f), up = random_values(count, 2), dy = random_values(count, 3);
    std::vector<float> y(count), dgate(count), dup(count);
    const auto value = [&] {
      cpu_ops().glu_forward(device, matrix(y, count), matrix(gate, count), matrix(up, count), Activation::silu);
      return inner_product(y, dy);
    };
    value();
    std::vector<double> expected;
    for (size_t i = 0; i < count; ++i) {
      const auto g = static_cast<double>(gate[i]);
      expected.push_back(g / (1.0 + std::exp(-g)) * static_cast<double>(up[i]));
    }
    CHECK_CASE(relative_error(y, expected) < 1e-6, isa);
    cpu_ops().glu_backward(device, matrix(dgate, count), matrix(dup, count), matrix(dy, count), matrix(gate, count),
                           matrix(up, count), Activation::silu);
    const std::vector<float> direction = random_values(count, 4);
    CHECK_CASE(close(slope_along(gate, direction, 0.01, value), inner_product(dgate, direction), tolerance), isa);
    CHECK_CASE(close(slope_along(up, direction, 0.01, value), inner_product(dup, direction), tolerance), isa);
  });
}

TEST(cross_entropy_gradient_and_extreme_logits) {
  on_every_isa([](CpuDevice &device, const std::string &isa) {
    constexpr int64_t rows = 6, vocab = 301;
    std::vector<float> logits = random_values(rows * vocab, 1, 6.0f);
    const std::vector<int32_t> targets = {0, 300, 17, 17, 5, 299};
    const std::vector<float> weights = {0.5f, 0.25f, -1.0f, 0.0f, 2.0f, 0.125f};
    std::vector<double> losses(rows);
    const auto value = [&] {
      std::vector<float> copy = logits;
      cpu_ops().cross_entropy(device, losses.data(), matrix(copy, vocab), targets.data(), weights.data(), 0.0f);
      double sum = 0.0;
      for (size_t i = 0; i < rows; ++i) sum += losses[i] * static_cast<double>(weights[i]);
      return sum;
    };
    std::vector<float> d = logits;
    cpu_ops().cross_entropy(device, losses.data(), matrix(d, vocab), targets.data(), weights.data(), 0.0f);
    const std::vector<float> direction = random_values(rows * vocab, 2);
    CHECK_CASE(close(slope_along(logits, direction, 0.02, value), inner_product(d, direction), tolerance), isa);

    // Logits far beyond what exp can hold: only their differences matter.
    std::vector<float> wild = {1e4f, 1e4f - 1.0f, -1e4f, 0.0f};
    const std::vector<int32_t> second = {1};
    double log_probability = 0.0;
    uint8_t is_argmax = 1;
    cpu_ops().log_probability(device, &log_probability, &is_argmax, matrix(wild, 4), second.data(), 0.0f);
    CHECK_CASE(close(log_probability, -1.0 - std::log(1.0 + std::exp(-1.0)), 1e-6), isa);
    CHECK_CASE(is_argmax == 0, isa);
  });
}

TEST(embedding_gradient_adds_up_repeated_tokens) {
  CpuDevice device(2, 8, best_isa());
  constexpr int64_t width = 20;
  const std::vector<int32_t> tokens = {3, 1, 3, 3};
  std::vector<float> dx = random_values(4 * width, 1), dtable(5 * width, 1.0f);
  cpu_ops().embedding_backward(device, dtable.data(), matrix(dx, width), tokens.data(), 1.0f);
  for (size_t c = 0; c < width; ++c) {
    CHECK(dtable[c] == 1.0f);
    CHECK(close(static_cast<double>(dtable[3 * width + c]),
                1.0 + static_cast<double>(dx[c]) + static_cast<double>(dx[2 * width + c]) +
                    static_cast<double>(dx[3 * width + c]),
                1e-5));
  }
}

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
