// AdamW with eight-bit moments: the codes are the paper's, a step is the fp32 step on what they stand for, and small
// values beside large ones do no harm.
#include <algorithm>
#include <cmath>
#include <set>

#include "ops/cpu/cpu_device.h"
#include "support/check.h"
#include "support/numbers.h"

using namespace trex;
using namespace trex::test;

namespace {

// The paper's numbers from their bits: an optional sign, z zeros, a one, and a fraction that counts the middles of
// equal parts of [0.1, 1] * 10^-z. The pattern without a one is zero; the one that is left over stands for 1.
std::vector<float> dynamic_numbers(bool is_signed) {
  std::set<float> numbers = {0.0f, 1.0f};
  const int bits = is_signed ? 7 : 8;
  for (int pattern = is_signed ? 1 : 2; pattern < 1 << bits; ++pattern) {
    int first_one = bits - 1;
    while ((pattern >> first_one & 1) == 0) --first_one;
    const int zeros = bits - 1 - first_one, fraction = pattern - (1 << first_one), parts = 1 << first_one;
    const double value = (0.1 + 0.9 * (fraction + 0.5) / parts) * std::pow(0.1, zeros);
    numbers.insert(static_cast<float>(value));
    if (is_signed) numbers.insert(static_cast<float>(-value));
  }
  return {numbers.begin(), numbers.end()};
}

struct Coded {
  explicit Coded(int64_t values)
      : codes(static_cast<size_t>(values)), largest(static_cast<size_t>(coded_blocks(values))) {}
  CodedMoment view() { return {codes.data(), largest.data()}; }

  std::vector<uint8_t> codes;
  std::vector<float> largest;
};

} // namespace

TEST(eight_bit_moments_are_the_nearest_of_the_papers_numbers) {
  const std::vector<float> first_numbers = dynamic_numbers(true), second_numbers = dynamic_numbers(false);
  CHECK(first_numbers.size() == 256 && second_numbers.size() == 256);
  CpuDevice device(2, 8, best_isa());
  const int64_t count = 5 * 256 + 77;
  std::vector<float> g(static_cast<size_t>(count)), x = random_values(count, 1);
  for (size_t i = 0; i < g.size(); ++i) { // sizes over eight decades, one block of nothing
    const double size = std::pow(10.0, -8.0 * random_unit(1, 2, i));
    g[i] = i / 256 == 3 ? 0.0f : static_cast<float>(random_unit(1, 3, i) < 0.5 ? size : -size);
  }
  Coded m(count), v(count);
  cpu_ops().adamw8(device, x.data(), m.view(), v.view(), g.data(), count, {0.01f, 0.5f, 0.75f, 1e-8f, 0.0f, 1, 1.0f});
  const auto distance = [](float a, float b) { return std::abs(static_cast<double>(a) - static_cast<double>(b)); };
  for (size_t block = 0; block < m.largest.size(); ++block) {
    const size_t end = std::min(g.size(), (block + 1) * 256);
    float m_largest = 0.0f, v_largest = 0.0f;
    for (size_t i = block * 256; i < end; ++i) {
      m_largest = std::max(m_largest, std::abs(0.5f * g[i]));
      v_largest = std::max(v_largest, 0.25f * g[i] * g[i]);
    }
    CHECK(m.largest[block] == m_largest && v.largest[block] == v_largest);
    if (m_largest == 0.0f) continue;
    for (size_t i = block * 256; i < end; ++i) {
      const auto check_nearest = [&](const std::vector<float> &numbers, uint8_t code, float value, const char *which) {
        const bool below = code > 0 && distance(numbers[code - 1u], value) < distance(numbers[code], value) - 1e-9;
        const bool above = code < 255 && distance(numbers[code + 1u], value) < distance(numbers[code], value) - 1e-9;
        // A second moment is never rounded to nothing.
        CHECK_CASE((!below && !above) || (value > 0.0f && code == 1 && &numbers == &second_numbers), which);
      };
      check_nearest(first_numbers, m.codes[i], 0.5f * g[i] / m_largest, "first");
      check_nearest(second_numbers, v.codes[i], 0.25f * g[i] * g[i] / v_largest, "second");
      CHECK(v.codes[i] > 0);
    }
  }
}

TEST(a_step_with_eight_bit_moments_is_the_fp32_step_on_what_they_stand_for) {
  const std::vector<float> first_numbers = dynamic_numbers(true), second_numbers = dynamic_numbers(false);
  const int64_t count = 4 * 256 + 100;
  std::vector<float> x = random_values(count, 1), other = x, threaded = x, m32(x.size()), v32(x.size());
  Coded m(count), v(count), m3(count), v3(count);
  CpuDevice device(2, 8, best_isa()), three(3, 8, best_isa());
  for (int64_t step = 1; step <= 40; ++step) {
    std::vector<float> g = random_values(count, 100 + static_cast<uint64_t>(step), 2.0f);
    for (size_t i = 0; i < 50; ++i) g[i] = 0.0f; // nothing to learn: not one bit may move
    const AdamW options{0.01f, 0.9f, 0.999f, 1e-8f, 0.0f, step, 0.5f};
    for (size_t i = 0; i < x.size(); ++i) {
      m32[i] = first_numbers[m.codes[i]] * m.largest[i / 256];
      v32[i] = second_numbers[v.codes[i]] * v.largest[i / 256];
    }
    cpu_ops().adamw(device, other.data(), m32.data(), v32.data(), g.data(), count, options);
    cpu_ops().adamw8(device, x.data(), m.view(), v.view(), g.data(), count, options);
    cpu_ops().adamw8(three, threaded.data(), m3.view(), v3.view(), g.data(), count, options);
    // The last bit may differ where the kernel's rest loop begins elsewhere.
    CHECK_CASE(relative_error(x, other) < 1e-6, std::to_string(step));
    other = x;
  }
  CHECK(x == threaded && m.codes == m3.codes && v.codes == v3.codes && m.largest == m3.largest);
  const std::vector<float> start = random_values(count, 1);
  CHECK(std::equal(x.begin(), x.begin() + 50, start.begin()) && x[50] != start[50]);
}

TEST(small_second_moments_do_not_explode) {
  // One gradient is a million times the other ones, once; afterwards the small ones' second moments are far below the
  // smallest code's number. AdamW never steps much further than the learning rate.
  const int64_t count = 256;
  std::vector<float> x(count, 0.0f);
  Coded m(count), v(count);
  CpuDevice device(1, 8, best_isa());
  for (int64_t step = 1; step <= 20; ++step) {
    std::vector<float> g(count, 1e-4f);
    if (step == 1) g[0] = 100.0f;
    const std::vector<float> before = x;
    cpu_ops().adamw8(device, x.data(), m.view(), v.view(), g.data(), count,
                     {0.01f, 0.9f, 0.999f, 1e-8f, 0.0f, step, 1.0f});
    for (size_t i = 0; i < x.size(); ++i) CHECK_CASE(std::abs(x[i] - before[i]) <= 0.0101f, std::to_string(step));
  }
}
