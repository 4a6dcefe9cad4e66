// Norms, rotations, gated units, noise, tables and copies of rows against their formulas in double.
#include "gguf/decode.h"
#include "support/ops.h"

using namespace trex;
using namespace trex::test;

namespace {

constexpr double tolerance = 2e-3; // single precision, and differences of it

// value and slope of silu(g), of sigmoid(g), and of gelu(g) in its tanh form written out as Hendrycks and Gimpel (2016) do
double activated(Activation activation, double g) {
  if (activation == Activation::silu) return g / (1.0 + std::exp(-g));
  if (activation == Activation::sigmoid) return 1.0 / (1.0 + std::exp(-g));
  return 0.5 * g * (1.0 + std::tanh(std::sqrt(2.0 / 3.14159265358979323846) * (g + 0.044715 * g * g * g)));
}
double activated_slope(Activation activation, double g) {
  constexpr double step = 1e-5;
  return (activated(activation, g + step) - activated(activation, g - step)) / (2.0 * step);
}

} // namespace

TEST(rms_norm_equals_its_formula_and_its_differences) {
  for (const int64_t width : {1, 16, 37, 1024}) {
    on_every_isa([&](CpuDevice &device, const std::string &isa) {
      const int64_t rows = 9;
      std::vector<float> x = random_values(rows * width, 1), w = random_values(width, 2),
                         dy = random_values(rows * width, 3);
      std::vector<float> y(x.size()), rstd(9), dx(x.size()), dw(w.size(), 1.0f);
      const auto value = [&] {
        cpu_ops().rms_norm_forward(device, matrix(y, width), rstd.data(), matrix(x, width), w.data(), 1e-5f, {});
        return inner_product(y, dy);
      };
      value();
      std::vector<double> expected;
      for (size_t r = 0; r < 9; ++r) {
        double mean = 0.0;
        const auto at = [&](size_t i) { return static_cast<double>(x[r * static_cast<size_t>(width) + i]); };
        for (size_t i = 0; i < w.size(); ++i) mean += at(i) * at(i) / static_cast<double>(width);
        for (size_t i = 0; i < w.size(); ++i)
          expected.push_back(at(i) / std::sqrt(mean + 1e-5) * static_cast<double>(w[i]));
      }
      CHECK_CASE(relative_error(y, expected) < 1e-6, isa);
      cpu_ops().rms_norm_backward(device, matrix(dx, width), false, dw.data(), matrix(dy, width), matrix(x, width),
                                  w.data(), rstd.data());
      for (float &d : dw) d -= 1.0f; // it was added to
      const std::vector<float> along_x = random_values(rows * width, 4), along_w = random_values(width, 5);
      CHECK_CASE(close(slope_along(x, along_x, 0.003, value), inner_product(dx, along_x), tolerance, 0.1), isa);
      CHECK_CASE(close(slope_along(w, along_w, 0.01, value), inner_product(dw, along_w), tolerance, 0.1), isa);

      std::vector<float> added(x.size(), 2.0f), in_place = dy;
      cpu_ops().rms_norm_backward(device, matrix(added, width), true, nullptr, matrix(dy, width), matrix(x, width),
                                  w.data(), rstd.data());
      cpu_ops().rms_norm_backward(device, matrix(in_place, width), false, nullptr, matrix(in_place, width),
                                  matrix(x, width), w.data(), rstd.data());
      for (float &d : added) d -= 2.0f;
      CHECK_CASE(relative_error(added, dx) < 1e-5, isa);
      CHECK_CASE(same_bits(in_place, dx), isa);
    });
  }
}

TEST(rope_rotates_the_first_dimensions_and_turns_back) {
  constexpr int64_t tokens = 7, heads = 3, width = 20, margin = 4;
  const std::vector<int32_t> positions = {0, 1, 2, 0, 1, 5, 6};
  for (const int64_t rotary : {20, 8, 2, 16}) {
    const auto angle = [&](int64_t position, int64_t pair) {
      return static_cast<double>(position) *
             std::pow(100.0, -2.0 * static_cast<double>(pair) / static_cast<double>(rotary));
    };
    std::vector<float> cosine, sine;
    for (int64_t position = 0; position < tokens; ++position) {
      for (int64_t i = 0; i < rotary / 2; ++i) {
        cosine.push_back(static_cast<float>(std::cos(angle(position, i))));
        sine.push_back(static_cast<float>(std::sin(angle(position, i))));
      }
    }
    for (const bool neox : {false, true}) {
      on_every_isa([&](CpuDevice &device, const std::string &isa) {
        const std::string label = isa + (neox ? ", halves of " : ", pairs of ") + std::to_string(rotary);
        const int64_t stride = heads * width + margin;
        const std::vector<float> start = random_values(tokens * stride, 6);
        std::vector<float> x = start;
        std::vector<double> expected = widened(start);
        for (int64_t t = 0; t < tokens; ++t) {
          for (int64_t head = 0; head < heads; ++head) {
            for (int64_t i = 0; i < rotary / 2; ++i) {
              const int64_t at = t * stride + head * width;
              const auto low = static_cast<size_t>(at + (neox ? i : 2 * i)),
                         high = static_cast<size_t>(at + (neox ? i + rotary / 2 : 2 * i + 1));
              const double c = std::cos(angle(positions[static_cast<size_t>(t)], i)),
                           s = std::sin(angle(positions[static_cast<size_t>(t)], i));
              const double a = static_cast<double>(start[low]), b = static_cast<double>(start[high]);
              expected[low] = a * c - b * s;
              expected[high] = a * s + b * c;
            }
          }
        }
        const RopeTable table{cosine.data(), sine.data(), width, rotary, neox};
        cpu_ops().rope(device, part(x, stride, 0, heads * width), positions.data(), table, 1.0f);
        CHECK_CASE(relative_error(x, expected) < 1e-6, label);
        for (size_t i = 0; i < x.size(); ++i) {
          const int64_t column = static_cast<int64_t>(i) % stride;
          const bool stays = column >= heads * width || column % width >= rotary;
          CHECK_CASE(!stays || x[i] == start[i], label);
        }
        // A rotation's transpose is its inverse, so turning back is also the backward pass.
        cpu_ops().rope(device, part(x, stride, 0, heads * width), positions.data(), table, -1.0f);
        CHECK_CASE(relative_error(x, start) < 1e-6, label);
      });
    }
  }
}

TEST(gated_units_equal_their_formulas) {
  constexpr int64_t rows = 3, width = 335, stride = 2 * width + 3;
  for (const Activation activation : {Activation::silu, Activation::gelu, Activation::sigmoid}) {
    std::vector<float> fused = random_values(rows * stride, 1, 6.0f);
    // Far out both are 0 or the identity, and must not overflow on the way there.
    fused[0] = 1e4f, fused[1] = -1e4f, fused[2] = 88.0f, fused[3] = -88.0f, fused[4] = 0.0f, fused[5] = -12.0f;
    const std::vector<float> dy = random_values(rows * width, 3);
    on_every_isa([&](CpuDevice &device, const std::string &isa) {
      const std::string label = isa + ", activation " + std::to_string(static_cast<int>(activation));
      std::vector<float> x = fused, y(dy.size()), d = dy;
      const Matrix gate = part(x, stride, 0, width), up = part(x, stride, width, width);
      cpu_ops().glu_forward(device, matrix(y, width), gate, up, activation);
      cpu_ops().glu_backward(device, gate, up, matrix(d, width), gate, up, activation); // in place
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < width; ++c) {
          const auto at = static_cast<size_t>(r * stride + c), own = static_cast<size_t>(r * width + c);
          const double g = static_cast<double>(fused[at]), u = static_cast<double>(fused[at + width]),
                       change = static_cast<double>(dy[own]);
          const double value = activated(activation, g), slope = activated_slope(activation, g);
          // Near zero from below gelu is a difference of nearly equal numbers, so the error is absolute there.
          CHECK_CASE(close(static_cast<double>(y[own]), value * u, 2e-6, 1.0), label);
          CHECK_CASE(close(static_cast<double>(x[at]), change * u * slope, 1e-5, 1.0), label);
          CHECK_CASE(close(static_cast<double>(x[at + width]), change * value, 2e-6, 1.0), label);
        }
        for (int64_t c = 2 * width; c < stride; ++c) {
          CHECK_CASE(x[static_cast<size_t>(r * stride + c)] == fused[static_cast<size_t>(r * stride + c)], label);
        }
      }
    });
  }
}

TEST(gated_units_agree_with_their_own_differences) {
  for (const Activation activation : {Activation::silu, Activation::gelu, Activation::sigmoid}) {
    on_every_isa([&](CpuDevice &device, const std::string &isa) {
      constexpr int64_t count = 1003;
      std::vector<float> gate = random_values(count, 1, 4.0f), up = random_values(count, 2),
                         dy = random_values(count, 3);
      std::vector<float> y(count), dgate(count), dup(count);
      const auto value = [&] {
        cpu_ops().glu_forward(device, matrix(y, count), matrix(gate, count), matrix(up, count), activation);
        return inner_product(y, dy);
      };
      cpu_ops().glu_backward(device, matrix(dgate, count), matrix(dup, count), matrix(dy, count), matrix(gate, count),
                             matrix(up, count), activation);
      const std::vector<float> direction = random_values(count, 4);
      CHECK_CASE(close(slope_along(gate, direction, 0.01, value), inner_product(dgate, direction), tolerance), isa);
      CHECK_CASE(close(slope_along(up, direction, 0.01, value), inner_product(dup, direction), tolerance), isa);
    });
  }
}

TEST(rows_are_scaled_each_by_its_factor) {
  on_every_isa([](CpuDevice &device, const std::string &isa) {
    constexpr int64_t rows = 5, width = 33, stride = 40;
    const std::vector<float> start = random_values(rows * stride, 1), factors = {2.0f, 0.0f, -1.0f, 0.5f, 1.0f};
    std::vector<float> x = start;
    cpu_ops().scale_rows(device, part(x, stride, 0, width), factors.data());
    for (size_t i = 0; i < x.size(); ++i) {
      CHECK_CASE(x[i] == (i % stride < width ? start[i] * factors[i / stride] : start[i]), isa);
    }
  });
}

TEST(noise_is_uniform_and_depends_only_on_its_key) {
  constexpr int64_t tokens = 300, width = 64;
  const std::vector<float> amplitudes = [] {
    std::vector<float> values(tokens, 0.5f);
    values[7] = 0.0f;
    values[8] = 2.0f;
    return values;
  }();
  const auto noise = [&](CpuDevice &device, uint64_t seed, uint64_t stream, int64_t first, int64_t count) {
    std::vector<float> x(static_cast<size_t>(count * width));
    cpu_ops().add_noise(device, matrix(x, width), amplitudes.data() + first, {seed, stream, first});
    return x;
  };
  CpuDevice device(2, 1, best_isa());
  const std::vector<float> whole = noise(device, 5, 9, 0, tokens);
  double sum = 0.0, squares = 0.0;
  float least = 1.0f, most = -1.0f;
  for (size_t i = 0; i < whole.size(); ++i) {
    const float u = whole[i] / (amplitudes[i / width] == 0.0f ? 1.0f : amplitudes[i / width]);
    CHECK(amplitudes[i / width] != 0.0f || whole[i] == 0.0f);
    sum += static_cast<double>(u);
    squares += static_cast<double>(u) * static_cast<double>(u);
    least = std::min(least, u);
    most = std::max(most, u);
  }
  const auto count = static_cast<double>(whole.size());
  CHECK(least >= -1.0f && least < -0.99f && most <= 1.0f && most > 0.99f);
  CHECK(std::abs(sum / count) < 4.0 * std::sqrt(1.0 / 3.0 / count)); // four standard errors
  CHECK(std::abs(squares / count - 1.0 / 3.0) < 0.01);

  CHECK(same_bits(whole, noise(device, 5, 9, 0, tokens)));
  CHECK(!same_bits(whole, noise(device, 6, 9, 0, tokens)));
  CHECK(!same_bits(whole, noise(device, 5, 10, 0, tokens)));
  // Cut into micro-batches, each token keeps its noise.
  std::vector<float> pieces;
  for (const int64_t first : {0, 1, 100, 299}) {
    const int64_t next = first == 0 ? 1 : first == 1 ? 100 : first == 100 ? 299 : 300;
    const std::vector<float> piece = noise(device, 5, 9, first, next - first);
    pieces.insert(pieces.end(), piece.begin(), piece.end());
  }
  CHECK(same_bits(whole, pieces));
  check_threads("noise", [&](CpuDevice &any) { return noise(any, 5, 9, 0, tokens); });
}

TEST(the_embedding_is_a_scaled_row_of_its_table) {
  constexpr int64_t width = 256, vocab = 5;
  const std::vector<int32_t> tokens = {3, 1, 3, 3};
  const float scale = 16.0f;
  for (const ggml_type type : {GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_Q8_0, GGML_TYPE_Q4_K}) {
    const std::vector<float> exact = random_values(vocab * width, 1);
    const size_t row_bytes = ggml_row_size(type, width);
    std::vector<std::byte> stored(row_bytes * vocab);
    ggml_quantize_chunk(type, exact.data(), stored.data(), 0, vocab, width, nullptr);
    on_every_isa([&](CpuDevice &device, const std::string &isa) {
      std::vector<float> x(4 * width), row(width);
      cpu_ops().embedding_forward(device, matrix(x, width), tokens.data(),
                                  {stored.data(), type, width, vocab, row_bytes}, scale);
      for (size_t t = 0; t < tokens.size(); ++t) {
        decode_row(type, stored.data() + static_cast<size_t>(tokens[t]) * row_bytes, row.data(), width);
        for (size_t c = 0; c < width; ++c) CHECK_CASE(x[t * width + c] == scale * row[c], isa);
      }
    });
  }
  // The transpose: <dx, forward(table)> = <dtable, table> for what is linear in the table.
  on_every_isa([&](CpuDevice &device, const std::string &isa) {
    const std::vector<float> table = random_values(vocab * width, 2);
    std::vector<float> dx = random_values(4 * width, 3), x(dx.size()), dtable(table.size());
    cpu_ops().embedding_forward(
        device, matrix(x, width), tokens.data(),
        {reinterpret_cast<const std::byte *>(table.data()), GGML_TYPE_F32, width, vocab, width * sizeof(float)}, scale);
    cpu_ops().embedding_backward(device, dtable.data(), matrix(dx, width), tokens.data(), scale);
    CHECK_CASE(close(inner_product(dx, x), inner_product(dtable, table), 1e-5), isa);
    for (size_t c = 0; c < width; ++c) {
      CHECK_CASE(dtable[c] == 0.0f, isa);
      CHECK_CASE(close(static_cast<double>(dtable[3 * width + c]),
                       16.0 * (static_cast<double>(dx[c]) + static_cast<double>(dx[2 * width + c]) +
                               static_cast<double>(dx[3 * width + c])),
                       1e-5, 1.0),
                 isa);
    }
  });
}

TEST(rows_are_copied_out_and_back) {
  CpuDevice device(2, 1, best_isa());
  constexpr int64_t width = 19;
  std::vector<float> x = random_values(6 * width, 1), y(3 * width), z(6 * width, 5.0f);
  const std::vector<int32_t> rows = {4, 0, 2};
  cpu_ops().gather_rows(device, matrix(y, width), rows.data(), matrix(x, width));
  cpu_ops().scatter_rows(device, matrix(z, width), rows.data(), matrix(y, width));
  for (size_t r = 0; r < 6; ++r) {
    const bool taken = r % 2 == 0;
    for (size_t c = 0; c < width; ++c) CHECK(z[r * width + c] == (taken ? x[r * width + c] : 5.0f));
  }
}

TEST(passes_over_the_data_do_not_depend_on_threads) {
  constexpr int64_t rows = 301, width = 1000; // several shares for every thread
  const std::vector<float> start = random_values(rows * width, 1), other = random_values(rows * width, 2),
                           w = random_values(width, 3), factors = random_values(rows, 4);
  std::vector<int32_t> tokens;
  for (int32_t t = 0; t < rows; ++t) tokens.push_back(t * t % 5);
  check_threads("elementwise", [&](CpuDevice &device) {
    std::vector<float> x = start, d = other, y(x.size()), rstd(rows), dw(width), dtable(5 * width);
    const Ops &ops = cpu_ops();
    ops.rms_norm_forward(device, matrix(y, width), rstd.data(), matrix(x, width), w.data(), 1e-6f, {});
    ops.rms_norm_backward(device, matrix(d, width), true, dw.data(), matrix(y, width), matrix(x, width), w.data(),
                          rstd.data());
    ops.glu_backward(device, matrix(x, width), matrix(y, width), matrix(d, width), matrix(x, width), matrix(y, width),
                     Activation::gelu);
    ops.glu_forward(device, matrix(d, width), matrix(x, width), matrix(y, width), Activation::silu);
    ops.scale_rows(device, matrix(d, width), factors.data());
    ops.add(device, matrix(d, width), matrix(y, width));
    ops.embedding_backward(device, dtable.data(), matrix(d, width), tokens.data(), 3.0f);
    d.insert(d.end(), dw.begin(), dw.end());
    d.insert(d.end(), dtable.begin(), dtable.end());
    return d;
  });
}
