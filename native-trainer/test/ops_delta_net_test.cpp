// What a gated delta net has between its projections, each part against a plain loop in double and its differences.
#include <functional>

#include "support/ops.h"

using namespace trex;
using namespace trex::test;

namespace {

// Documents of these lengths, packed.
struct Documents {
  std::vector<int32_t> offsets{0}, positions;
  int64_t longest = 0;

  explicit Documents(const std::vector<int32_t> &lengths) {
    for (const int32_t length : lengths) {
      for (int32_t i = 0; i < length; ++i) positions.push_back(i);
      offsets.push_back(offsets.back() + length);
      longest = std::max<int64_t>(longest, length);
    }
  }
  int64_t tokens() const { return offsets.back(); }
  PackedBatch batch() const {
    return {nullptr, positions.data(), offsets.data(), static_cast<int64_t>(offsets.size()) - 1, tokens(), longest};
  }
};

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

// What follows one function of several inputs and its gradients.
using Inputs = std::vector<std::vector<double>>;
using Plain = std::function<std::vector<double>(const Inputs &)>;

// d(dout . plain) along a direction of every input against the gradients.
void check_slopes(const std::string &label, Inputs inputs, const Plain &plain, const std::vector<double> &dout,
                  const std::vector<std::vector<float>> &gradients, double tolerance) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (uint64_t stream : {90, 91}) {
      const std::vector<float> direction = random_values(static_cast<int64_t>(inputs[i].size()), stream + 2 * i);
      const double slope = slope_along(inputs[i], direction, 1e-4, [&] { return inner_product(plain(inputs), dout); });
      const double got = inner_product(gradients[i], direction);
      CHECK_CASE(close(got, slope, tolerance, 1.0), label + ", input " + std::to_string(i) + ": " +
                                                        std::to_string(got) + " against " + std::to_string(slope));
    }
  }
}

} // namespace

TEST(convolution_sees_its_own_document_only_and_equals_a_loop_and_its_differences) {
  const Documents documents({1, 2, 9, 3, 30, 5});
  const int64_t T = documents.tokens();
  for (const int64_t width : {1, 2, 4, 7}) {
    for (const int64_t W : {5, 64, 150}) {
      const int64_t stride = W + 3;
      const std::vector<float> x = random_values(T * stride, 1), taps = random_values(W * width, 2),
                               dy = random_values(T * W, 3);
      const auto at = [](int64_t row, int64_t columns, int64_t c) { return static_cast<size_t>(row * columns + c); };
      const Plain plain = [&](const Inputs &in) {
        std::vector<double> y(static_cast<size_t>(T * W));
        for (int64_t t = 0; t < T; ++t) {
          for (int64_t c = 0; c < W; ++c) {
            double sum = 0.0;
            for (int64_t back = 0; back < width && back <= documents.positions[static_cast<size_t>(t)]; ++back)
              sum += in[1][at(c, width, width - 1 - back)] * in[0][at(t - back, W, c)];
            y[at(t, W, c)] = sum * sigmoid(sum);
          }
        }
        return y;
      };
      Inputs inputs{std::vector<double>(static_cast<size_t>(T * W)), widened(taps)};
      for (int64_t t = 0; t < T; ++t)
        for (int64_t c = 0; c < W; ++c) inputs[0][at(t, W, c)] = static_cast<double>(x[at(t, stride, c + 2)]);
      const auto run = [&](CpuDevice &device) {
        std::vector<float> from = x, y(static_cast<size_t>(T * W)), d = dy, dtaps(taps.size(), 0.5f);
        const Matrix in = part(from, stride, 2, W);
        cpu_ops().causal_conv_forward(device, matrix(y, W), in, taps.data(), width, documents.batch());
        cpu_ops().causal_conv_backward(device, matrix(d, W), dtaps.data(), in, taps.data(), width, documents.batch());
        for (float &value : dtaps) value -= 0.5f;
        return std::vector{y, d, dtaps};
      };
      on_every_isa([&](CpuDevice &device, const std::string &isa) {
        const std::string label = isa + ", " + std::to_string(W) + " channels of " + std::to_string(width);
        const std::vector<std::vector<float>> got = run(device);
        CHECK_CASE(relative_error(got[0], plain(inputs)) < 1e-6, label);
        check_slopes(label, inputs, plain, widened(dy), {got[1], got[2]}, 1e-5);
      });
      check_threads("convolution", [&](CpuDevice &device) {
        std::vector<float> all;
        for (const std::vector<float> &values : run(device)) all.insert(all.end(), values.begin(), values.end());
        return all;
      });
    }
  }
}

TEST(heads_of_length_one_equal_a_loop_and_its_differences) {
  constexpr int64_t T = 13, heads = 3, D = 20, stride = heads * D + 7;
  const std::vector<float> dy = random_values(T * heads * D, 2);
  std::vector<float> x = random_values(T * stride, 1);
  for (int64_t c = 0; c < D; ++c) x[static_cast<size_t>(c)] = 1e-4f; // shorter than epsilon
  const double epsilon = 1e-3;
  const Plain plain = [&](const Inputs &in) {
    std::vector<double> y = in[0];
    for (size_t head = 0; head < T * heads; ++head) {
      double square = 0.0;
      for (size_t c = 0; c < D; ++c) square += y[head * D + c] * y[head * D + c];
      for (size_t c = 0; c < D; ++c) y[head * D + c] /= std::max(std::sqrt(square), epsilon);
    }
    return y;
  };
  Inputs inputs(1);
  for (size_t t = 0; t < T; ++t)
    for (size_t c = 0; c < heads * D; ++c) inputs[0].push_back(static_cast<double>(x[t * stride + c]));
  on_every_isa([&](CpuDevice &device, const std::string &isa) {
    std::vector<float> y = x, inverse(T * heads), d = dy, dense;
    const Matrix unit = part(y, stride, 0, heads * D);
    cpu_ops().unit_heads_forward(device, unit, inverse.data(), D, static_cast<float>(epsilon));
    cpu_ops().unit_heads_backward(device, matrix(d, heads * D), unit, inverse.data(), D, static_cast<float>(epsilon));
    for (size_t t = 0; t < T; ++t)
      for (size_t c = 0; c < stride; ++c) {
        if (c < heads * D) dense.push_back(y[t * stride + c]);
        if (c >= heads * D) CHECK(y[t * stride + c] == x[t * stride + c]); // the columns beside it are left alone
      }
    CHECK_CASE(relative_error(dense, plain(inputs)) < 1e-6, isa);
    // Along the short head the function is a thousand times steeper, and a step of 1e-4 leaves it: held by itself.
    std::vector<float> rest = d;
    std::fill(rest.begin(), rest.begin() + D, 0.0f);
    std::vector<double> dout = widened(dy);
    for (size_t c = 0; c < D; ++c) {
      CHECK_CASE(close(static_cast<double>(d[c]), dout[c] / epsilon, 1e-5), isa);
      dout[c] = 0.0;
    }
    check_slopes(isa, inputs, plain, dout, {rest}, 1e-5);
  });
}

TEST(gates_of_a_delta_net_equal_a_loop_and_its_differences) {
  constexpr int64_t T = 40, H = 5;
  std::vector<float> beta = random_values(T * H, 1, 4.0f), alpha = random_values(T * H, 2, 30.0f),
                     rate = random_values(H, 3), bias = random_values(H, 4);
  for (float &value : rate) value -= 1.5f;
  const std::vector<float> dout = random_values(2 * T * H, 5);
  const Plain plain = [&](const Inputs &in) {
    std::vector<double> out(2 * T * H);
    for (size_t i = 0; i < T * H; ++i) {
      out[i] = sigmoid(in[0][i]);
      const double step = in[1][i] + in[3][i % H];
      out[T * H + i] = in[2][i % H] * (step > 0.0 ? step + std::log1p(std::exp(-step)) : std::log1p(std::exp(step)));
    }
    return out;
  };
  const Inputs inputs{widened(beta), widened(alpha), widened(rate), widened(bias)};
  on_every_isa([&](CpuDevice &device, const std::string &isa) {
    std::vector<float> share = beta, decay(T * H), a = alpha, drate(H, 2.0f), dbias(H, 3.0f);
    cpu_ops().delta_gates_forward(device, matrix(share, H), matrix(decay, H), matrix(a, H), rate.data(), bias.data());
    std::vector<float> both = share, dbeta(dout.begin(), dout.begin() + T * H), ddecay(dout.begin() + T * H, dout.end());
    both.insert(both.end(), decay.begin(), decay.end());
    CHECK_CASE(relative_error(both, plain(inputs)) < 1e-6, isa);
    cpu_ops().delta_gates_backward(device, matrix(dbeta, H), matrix(ddecay, H), drate.data(), dbias.data(),
                                   matrix(share, H), matrix(a, H), rate.data(), bias.data());
    for (float &value : drate) value -= 2.0f;
    for (float &value : dbias) value -= 3.0f;
    check_slopes(isa, inputs, plain, widened(dout), {dbeta, ddecay, drate, dbias}, 1e-5);
  });
}

namespace {

// The rule by its definition; inputs are qkv, beta and log_decay.
std::vector<double> plain_rule(const Inputs &in, const Documents &documents, const DeltaShape &shape) {
  const auto D = static_cast<size_t>(shape.head_dim), Hk = static_cast<size_t>(shape.key_heads),
             Hv = static_cast<size_t>(shape.value_heads), W = 2 * Hk * D + Hv * D;
  std::vector<double> out(static_cast<size_t>(documents.tokens()) * Hv * D), state(D * D);
  for (size_t document = 0; document + 1 < documents.offsets.size(); ++document) {
    for (size_t h = 0; h < Hv; ++h) {
      std::fill(state.begin(), state.end(), 0.0);
      for (auto t = static_cast<size_t>(documents.offsets[document]);
           t < static_cast<size_t>(documents.offsets[document + 1]); ++t) {
        const double *q = in[0].data() + t * W + h % Hk * D, *k = q + Hk * D,
                     *v = in[0].data() + t * W + 2 * Hk * D + h * D;
        for (size_t i = 0; i < D; ++i) {
          double known = 0.0, answer = 0.0;
          for (size_t j = 0; j < D; ++j) known += (state[i * D + j] *= std::exp(in[2][t * Hv + h])) * k[j];
          for (size_t j = 0; j < D; ++j) state[i * D + j] += in[1][t * Hv + h] * (v[i] - known) * k[j];
          for (size_t j = 0; j < D; ++j) answer += state[i * D + j] * q[j];
          out[(t * Hv + h) * D + i] = answer / std::sqrt(static_cast<double>(D));
        }
      }
    }
  }
  return out;
}

} // namespace

TEST(gated_delta_rule_equals_its_definition_and_its_differences) {
  const Documents documents({1, 90, 2, 17});
  const int64_t T = documents.tokens();
  for (const DeltaShape &shape : {DeltaShape{1, 1, 5}, DeltaShape{2, 6, 16}, DeltaShape{3, 3, 20}, DeltaShape{1, 2, 128}}) {
    const int64_t W = 2 * shape.key_width() + shape.value_width(), Hv = shape.value_heads;
    std::vector<float> qkv = random_values(T * W, 1), beta = random_values(T * Hv, 2), decay = random_values(T * Hv, 3);
    CpuDevice one(1, 128, best_isa());
    std::vector<float> inverse(static_cast<size_t>(T * 2 * shape.key_heads));
    cpu_ops().unit_heads_forward(one, part(qkv, W, 0, 2 * shape.key_width()), inverse.data(), shape.head_dim, 1e-6f);
    for (float &value : beta) value = 0.5f + 0.45f * value;
    for (float &value : decay) value = -0.15f + 0.14f * value; // states last for many tokens
    const std::vector<float> dout = random_values(T * shape.value_width(), 4);
    const auto run = [&](CpuDevice &device) {
      std::vector<float> from = qkv, b = beta, g = decay, d = dout, out(dout.size()), dqkv(qkv.size(), 9.0f),
                         dbeta(beta.size(), 9.0f), ddecay(decay.size(), 9.0f);
      cpu_ops().delta_rule_forward(device, matrix(out, shape.value_width()), matrix(from, W), matrix(b, Hv), matrix(g, Hv),
                                   documents.batch(), shape);
      cpu_ops().delta_rule_backward(device, matrix(dqkv, W), matrix(dbeta, Hv), matrix(ddecay, Hv),
                                    matrix(d, shape.value_width()), matrix(from, W), matrix(b, Hv), matrix(g, Hv),
                                    documents.batch(), shape);
      return std::vector{out, dqkv, dbeta, ddecay};
    };
    const Inputs inputs{widened(qkv), widened(beta), widened(decay)};
    const Plain plain = [&](const Inputs &in) { return plain_rule(in, documents, shape); };
    on_every_isa([&](CpuDevice &device, const std::string &isa) {
      const std::string label = isa + ", heads of " + std::to_string(shape.head_dim);
      const std::vector<std::vector<float>> got = run(device);
      CHECK_CASE(relative_error(got[0], plain(inputs)) < 2e-6, label);
      check_slopes(label, inputs, plain, widened(dout), {got[1], got[2], got[3]}, 2e-5);
    }, documents.longest);
    check_threads("delta rule", [&](CpuDevice &device) {
      std::vector<float> all;
      for (const std::vector<float> &values : run(device)) all.insert(all.end(), values.begin(), values.end());
      return all;
    }, documents.longest);
  }
}
