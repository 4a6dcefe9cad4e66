// Products with weights of every type, on every instruction set, against plain loops in double over decoded weights.
#include <cstring>
#include <string>

#include "gguf/decode.h"
#include "ops/cpu/cpu_device.h"
#include "support/check.h"
#include "support/numbers.h"
#include "support/ops.h"

using namespace trex;
using namespace trex::test;

namespace {

// T tokens, in and out features, rank r; odd sizes, so that every tile has an edge.
constexpr int64_t T = 131, in = 512, out = 75, r = 5;
constexpr float lora_scale = 1.7f;

struct Case {
  std::vector<std::byte> stored;
  std::vector<float> w; // decoded
  std::vector<float> x = random_values(T * in, 1), dy = random_values(T * out, 2), bias = random_values(out, 3);
  std::vector<float> a = random_values(r * in, 4), b = random_values(out * r, 5);
  Weight weight;

  explicit Case(ggml_type type) : stored(ggml_row_size(type, in) * out), w(static_cast<size_t>(in * out)) {
    const std::vector<float> exact = random_values(in * out, 6);
    ggml_quantize_chunk(type, exact.data(), stored.data(), 0, out, in, nullptr);
    weight = {stored.data(), type, in, out, ggml_row_size(type, in)};
    for (int64_t row = 0; row < out; ++row) {
      decode_row(type, stored.data() + static_cast<size_t>(row) * weight.row_bytes, w.data() + row * in, in);
    }
  }
};

struct Result {
  std::vector<float> y = std::vector<float>(T * out), h = std::vector<float>(T * r), dx = random_values(T * in, 8),
                     dw = random_values(out * in, 9), dbias = random_values(out, 10), da = random_values(r * in, 11),
                     db = random_values(out * r, 12);
};

Result run(Case &c, int threads, Isa isa, float dropout = 0.0f) {
  CpuDevice device(threads, 16, isa);
  Result result;
  const Ops &ops = cpu_ops();
  const LoraPair lora{c.a.data(), c.b.data(), result.da.data(), result.db.data(), r, lora_scale};
  const DropoutKey key{dropout, 3, 9, 40};
  std::vector<float> dh(T * r), dropped(T * in);
  ops.linear_forward(device, {result.y.data(), T, out, out}, {c.x.data(), T, in, in}, c.weight, c.bias.data(), &lora,
                     matrix(result.h, r), key, matrix(dropped, in), {});
  ops.linear_backward(device, {result.dx.data(), T, in, in}, true, {c.dy.data(), T, out, out}, {c.x.data(), T, in, in},
                      c.weight, result.dw.data(), result.dbias.data(), &lora, matrix(result.h, r), matrix(dh, r), key,
                      matrix(dropped, in));
  return result;
}

// c (+)= scale * a b over doubles; element getters keep the four layouts readable.
template <class A, class B>
std::vector<double> product(int64_t rows, int64_t columns, int64_t depth, const A &a, const B &b) {
  std::vector<double> c(static_cast<size_t>(rows * columns));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t k = 0; k < depth; ++k)
      for (int64_t j = 0; j < columns; ++j) c[static_cast<size_t>(i * columns + j)] += a(i, k) * b(k, j);
  return c;
}

auto getter(const std::vector<float> &m, int64_t columns) {
  return [&m, columns](int64_t i, int64_t j) { return static_cast<double>(m[static_cast<size_t>(i * columns + j)]); };
}
auto flipped(const std::vector<float> &m, int64_t columns) {
  return [&m, columns](int64_t i, int64_t j) { return static_cast<double>(m[static_cast<size_t>(j * columns + i)]); };
}
auto getter(const std::vector<double> &m, int64_t columns) {
  return [&m, columns](int64_t i, int64_t j) { return m[static_cast<size_t>(i * columns + j)]; };
}
auto flipped(const std::vector<double> &m, int64_t columns) {
  return [&m, columns](int64_t i, int64_t j) { return m[static_cast<size_t>(j * columns + i)]; };
}

void add(std::vector<double> &to, const std::vector<double> &what, double scale = 1.0) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += scale * what[i];
}
std::vector<double> widened(const std::vector<float> &values) { return {values.begin(), values.end()}; }

struct Reference {
  std::vector<double> y, dx, dw, dbias, da, db;
};

Reference reference(const Case &c) {
  const Result start; // what the gradients are added to
  Reference ref;
  const auto h = product(T, r, in, getter(c.x, in), flipped(c.a, in));
  ref.y = product(T, out, in, getter(c.x, in), flipped(c.w, in));
  add(ref.y, product(T, out, r, getter(h, r), flipped(c.b, r)), lora_scale);
  for (int64_t t = 0; t < T; ++t)
    for (int64_t o = 0; o < out; ++o)
      ref.y[static_cast<size_t>(t * out + o)] += static_cast<double>(c.bias[static_cast<size_t>(o)]);
  auto dh = product(T, r, out, getter(c.dy, out), getter(c.b, r));
  for (double &value : dh) value *= lora_scale;
  ref.dx = widened(start.dx);
  add(ref.dx, product(T, in, out, getter(c.dy, out), getter(c.w, in)));
  add(ref.dx, product(T, in, r, getter(dh, r), getter(c.a, in)));
  ref.dw = widened(start.dw);
  add(ref.dw, product(out, in, T, flipped(c.dy, out), getter(c.x, in)));
  ref.dbias = widened(start.dbias);
  add(ref.dbias, product(
                     1, out, T, [](int64_t, int64_t) { return 1.0; }, getter(c.dy, out)));
  ref.da = widened(start.da);
  add(ref.da, product(r, in, T, flipped(dh, r), getter(c.x, in)));
  ref.db = widened(start.db);
  add(ref.db, product(out, r, T, flipped(c.dy, out), getter(h, r)), lora_scale);
  return ref;
}

bool same_bits(const Result &x, const Result &y) {
  const auto same = [](const std::vector<float> &a, const std::vector<float> &b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
  };
  return same(x.y, y.y) && same(x.dx, y.dx) && same(x.dw, y.dw) && same(x.dbias, y.dbias) && same(x.da, y.da) &&
         same(x.db, y.db);
}

} // namespace

TEST(linear_equals_plain_loops_for_every_type_and_instruction_set) {
  for (const ggml_type type : weight_types()) {
    Case c(type);
    const Reference ref = reference(c);
    for (const Isa isa : available_isas()) {
      const std::string label = std::string(type_label(type)) + " " + isa_name(isa);
      const Result got = run(c, 2, isa);
      CHECK_CASE(relative_error(got.y, ref.y) < 1e-5, label + " y");
      CHECK_CASE(relative_error(got.dx, ref.dx) < 1e-5, label + " dx");
      CHECK_CASE(relative_error(got.dw, ref.dw) < 1e-5, label + " dw");
      CHECK_CASE(relative_error(got.dbias, ref.dbias) < 1e-5, label + " dbias");
      CHECK_CASE(relative_error(got.da, ref.da) < 1e-5, label + " da");
      CHECK_CASE(relative_error(got.db, ref.db) < 1e-5, label + " db");
    }
  }
}

TEST(linear_does_not_depend_on_the_number_of_threads) {
  Case c(GGML_TYPE_Q8_0);
  for (const Isa isa : available_isas()) {
    const Result one = run(c, 1, isa, 0.3f);
    for (const int threads : {2, 3, 7}) CHECK_CASE(same_bits(one, run(c, threads, isa, 0.3f)), isa_name(isa));
  }
}

// With a fixed mask the layer is linear in x, A and B one at a time, so <dy, change of y> must equal <gradient,
// change>.
TEST(dropout_is_the_same_forward_and_backward_and_keeps_the_mean) {
  Case c(GGML_TYPE_F32);
  const float rate = 0.25f;
  const auto gradient_of = [&](std::vector<float> Result::*member) {
    const Result with = run(c, 2, best_isa(), rate), start;
    std::vector<float> gradient = with.*member;
    for (size_t i = 0; i < gradient.size(); ++i) gradient[i] -= (start.*member)[i];
    return gradient;
  };
  const auto value = [&] { return inner_product(run(c, 2, best_isa(), rate).y, c.dy); };
  struct Probe {
    std::vector<float> Case::*variable;
    std::vector<float> Result::*gradient;
    const char *name;
  };
  for (const Probe &probe :
       {Probe{&Case::x, &Result::dx, "x"}, Probe{&Case::a, &Result::da, "a"}, Probe{&Case::b, &Result::db, "b"}}) {
    std::vector<float> &variable = c.*probe.variable;
    const std::vector<float> direction = random_values(static_cast<int64_t>(variable.size()), 30);
    const double expected = inner_product(gradient_of(probe.gradient), direction);
    CHECK_CASE(close(slope_along(variable, direction, 0.1, value), expected, 1e-3), probe.name);
  }
  // A of ones over x of ones counts what was kept: its mean must be near one, and not exactly one.
  std::fill(c.x.begin(), c.x.end(), 1.0f);
  std::fill(c.a.begin(), c.a.end(), 1.0f / static_cast<float>(in));
  const std::vector<float> h = run(c, 1, best_isa(), rate).h;
  double mean = 0.0;
  for (const float value_of_h : h) mean += static_cast<double>(value_of_h) / static_cast<double>(h.size());
  CHECK(std::abs(mean - 1.0) < 0.01);
  CHECK(h[0] != h[r]);
}
