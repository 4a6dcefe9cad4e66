// Linear layers of every awkward shape: one token, ranks of one and more than a tile, depths around the blocks of the
// product, fused rows, and each part of the layer left out.
#include "support/ops.h"

using namespace trex;
using namespace trex::test;

namespace {

struct Shape {
  int64_t tokens, in, out, rank; // rank 0: no LoRA
  bool bias = true, add = false, dropout = false;
  int64_t first_token = 40; // where the batch begins within its step
};

const Shape shapes[] = {
    {1, 1, 1, 1},
    {1, 64, 33, 1},
    {2, 257, 31, 2, false},
    {3, 384, 17, 3, true, true},
    {15, 385, 100, 7},
    {29, 640, 65, 16},
    {113, 300, 257, 17},
    {57, 255, 513, 33, true, true},
    {40, 100, 70, 65},
    {64, 700, 20, 257},
    {130, 96, 300, 0},
    {1, 1000, 1, 0, false, true},
    {33, 65, 129, 3, true, true, true},
    {200, 256, 256, 8, false, false, true},
    {7, 513, 15, 1, true, false, true},
};

std::string label_of(const Shape &s) {
  return std::to_string(s.tokens) + " x " + std::to_string(s.in) + " x " + std::to_string(s.out) + ", rank " +
         std::to_string(s.rank) + (s.dropout ? ", dropout" : "");
}

constexpr float lora_scale = 0.7f;
constexpr int64_t margin = 3; // between rows, as in a fused projection

template <class Value> struct Layer { std::vector<Value> x, w, bias, a, b, dy; };

struct Outcome {
  std::vector<float> y, dx, dw, dbias, da, db;
  std::vector<float> joined() const {
    std::vector<float> all;
    for (const auto *values : {&y, &dx, &dw, &dbias, &da, &db}) all.insert(all.end(), values->begin(), values->end());
    return all;
  }
};

Layer<float> layer_of(const Shape &s) {
  return {random_values(s.tokens * s.in, 1), random_values(s.out * s.in, 2),   random_values(s.out, 3),
          random_values(s.rank * s.in, 4),   random_values(s.out * s.rank, 5), random_values(s.tokens * s.out, 6)};
}

std::vector<float> spaced(const std::vector<float> &dense, int64_t columns) {
  std::vector<float> result;
  for (size_t i = 0; i < dense.size(); i += static_cast<size_t>(columns)) {
    result.insert(result.end(), dense.begin() + static_cast<int64_t>(i),
                  dense.begin() + static_cast<int64_t>(i) + columns);
    result.insert(result.end(), margin, 1e30f);
  }
  return result;
}

std::vector<float> closed_up(const std::vector<float> &values, int64_t columns) {
  std::vector<float> result;
  for (size_t i = 0; i < values.size(); i += static_cast<size_t>(columns + margin)) {
    result.insert(result.end(), values.begin() + static_cast<int64_t>(i),
                  values.begin() + static_cast<int64_t>(i) + columns);
    CHECK(values[i + static_cast<size_t>(columns)] == 1e30f); // nothing is written between the rows
  }
  return result;
}

Outcome run(CpuDevice &device, const Shape &s, Layer<float> l) {
  Outcome r;
  r.dw.assign(l.w.size(), 1.0f);
  r.dbias.assign(l.bias.size(), 1.0f);
  r.da.assign(l.a.size(), 1.0f);
  r.db.assign(l.b.size(), 1.0f);
  std::vector<float> x = spaced(l.x, s.in), dy = spaced(l.dy, s.out);
  std::vector<float> y = spaced(std::vector<float>(l.dy.size(), 9.0f), s.out),
                     dx = spaced(std::vector<float>(l.x.size(), s.add ? 1.0f : 9.0f), s.in);
  std::vector<float> h(static_cast<size_t>(s.tokens * s.rank)), dh(h.size()), dropped(l.x.size());
  const LoraPair pair{l.a.data(), l.b.data(), r.da.data(), r.db.data(), s.rank, lora_scale};
  const LoraPair *lora = s.rank > 0 ? &pair : nullptr;
  const Weight weight{reinterpret_cast<const std::byte *>(l.w.data()), GGML_TYPE_F32, s.in, s.out,
                      static_cast<size_t>(s.in) * sizeof(float)};
  const DropoutKey key{s.dropout ? 0.3f : 0.0f, 3, 9, s.first_token};
  const Matrix kept{h.data(), s.tokens, s.rank, s.rank}, seen{dropped.data(), s.tokens, s.in, s.in};
  const Ops &ops = cpu_ops();
  ops.linear_forward(device, part(y, s.out + margin, 0, s.out), part(x, s.in + margin, 0, s.in), weight,
                     s.bias ? l.bias.data() : nullptr, lora, kept, key, seen, {});
  ops.linear_backward(device, part(dx, s.in + margin, 0, s.in), s.add, part(dy, s.out + margin, 0, s.out),
                      part(x, s.in + margin, 0, s.in), weight, r.dw.data(), s.bias ? r.dbias.data() : nullptr, lora,
                      kept, {dh.data(), s.tokens, s.rank, s.rank}, key, seen);
  r.y = closed_up(y, s.out);
  r.dx = closed_up(dx, s.in);
  return r;
}

// y = x W^T + bias + scale B A (x * mask), in double.
std::vector<double> plain(const Shape &s, const Layer<double> &l, const std::vector<double> &mask) {
  const auto T = static_cast<size_t>(s.tokens), in = static_cast<size_t>(s.in), out = static_cast<size_t>(s.out),
             rank = static_cast<size_t>(s.rank);
  std::vector<double> y(T * out), h(rank);
  for (size_t t = 0; t < T; ++t) {
    for (size_t r = 0; r < rank; ++r) {
      h[r] = 0.0;
      for (size_t i = 0; i < in; ++i) h[r] += l.a[r * in + i] * l.x[t * in + i] * mask[t * in + i];
    }
    for (size_t o = 0; o < out; ++o) {
      double sum = s.bias ? l.bias[o] : 0.0;
      for (size_t i = 0; i < in; ++i) sum += l.w[o * in + i] * l.x[t * in + i];
      for (size_t r = 0; r < rank; ++r) sum += static_cast<double>(lora_scale) * l.b[o * rank + r] * h[r];
      y[t * out + o] = sum;
    }
  }
  return y;
}

// What dropout keeps, seen through a layer with one LoRA row per input.
std::vector<double> mask_of(const Shape &s) {
  std::vector<double> mask(static_cast<size_t>(s.tokens * s.in), 1.0);
  if (!s.dropout) return mask;
  Layer<float> eye;
  eye.x.assign(mask.size(), 1.0f);
  eye.w.assign(static_cast<size_t>(s.in * s.in), 0.0f);
  eye.a = eye.b = eye.w;
  for (int64_t i = 0; i < s.in; ++i)
    eye.a[static_cast<size_t>(i * (s.in + 1))] = eye.b[static_cast<size_t>(i * (s.in + 1))] = 1.0f;
  eye.dy.assign(mask.size(), 0.0f);
  CpuDevice device(1, 1, best_isa());
  const std::vector<float> y = run(device, {s.tokens, s.in, s.in, s.in, false, false, true}, eye).y;
  for (size_t i = 0; i < mask.size(); ++i) {
    mask[i] = static_cast<double>(y[i]) / static_cast<double>(lora_scale);
    CHECK(mask[i] == 0.0 || close(mask[i], 1.0 / 0.7, 1e-6));
  }
  return mask;
}

} // namespace

TEST(linear_layers_of_every_shape_equal_plain_loops_and_their_differences) {
  for (const Shape &s : shapes) {
    const Layer<float> l = layer_of(s);
    Layer<double> exact{widened(l.x), widened(l.w), widened(l.bias), widened(l.a), widened(l.b), widened(l.dy)};
    const std::vector<double> mask = mask_of(s), want = plain(s, exact, mask);
    struct Probe {
      std::vector<double> Layer<double>::*variable;
      std::vector<float> Outcome::*gradient;
      float start;
      const char *name;
      double slope = 0.0;
      std::vector<float> direction{};
    };
    std::vector<Probe> probes = {{&Layer<double>::x, &Outcome::dx, s.add ? 1.0f : 0.0f, "dx"},
                                 {&Layer<double>::w, &Outcome::dw, 1.0f, "dw"}};
    if (s.bias) probes.push_back({&Layer<double>::bias, &Outcome::dbias, 1.0f, "dbias"});
    if (s.rank > 0) probes.push_back({&Layer<double>::a, &Outcome::da, 1.0f, "da"});
    if (s.rank > 0) probes.push_back({&Layer<double>::b, &Outcome::db, 1.0f, "db"});
    for (Probe &probe : probes) {
      std::vector<double> &variable = exact.*probe.variable;
      probe.direction = random_values(static_cast<int64_t>(variable.size()), 30);
      probe.slope =
          slope_along(variable, probe.direction, 0.1, [&] { return inner_product(plain(s, exact, mask), l.dy); });
    }
    on_every_isa([&](CpuDevice &device, const std::string &isa) {
      const Outcome got = run(device, s, l);
      CHECK_CASE(relative_error(got.y, want) < 1e-5, label_of(s) + ", " + isa);
      for (const Probe &probe : probes) {
        std::vector<float> gradient = got.*probe.gradient;
        for (float &d : gradient) d -= probe.start;
        CHECK_CASE(close(inner_product(gradient, probe.direction), probe.slope, 1e-4, 1.0),
                   label_of(s) + ", " + probe.name + ", " + isa);
      }
    });
  }
}

TEST(linear_layers_of_every_shape_do_not_depend_on_the_number_of_threads) {
  for (const Shape &s : shapes) {
    const Layer<float> l = layer_of(s);
    check_threads(label_of(s), [&](CpuDevice &device) { return run(device, s, l).joined(); });
  }
}

// A token's row is the same bits in a batch and alone, so neither packing nor micro-batches can change a result.
TEST(a_row_does_not_depend_on_the_rows_beside_it) {
  for (const Shape &s : shapes) {
    const Layer<float> l = layer_of(s);
    Shape alone = s;
    alone.tokens = 1;
    on_every_isa([&](CpuDevice &device, const std::string &isa) {
      const Outcome all = run(device, s, l);
      for (const int64_t t : {int64_t{0}, s.tokens / 2, s.tokens - 1}) {
        Layer<float> one = l;
        const auto row = [](const std::vector<float> &values, int64_t at, int64_t width) {
          return std::vector<float>(values.begin() + at * width, values.begin() + (at + 1) * width);
        };
        one.x = row(l.x, t, s.in);
        one.dy = row(l.dy, t, s.out);
        alone.first_token = s.first_token + t; // a dropout mask follows the token into its micro-batch
        const Outcome single = run(device, alone, one);
        CHECK_CASE(same_bits(single.y, row(all.y, t, s.out)), label_of(s) + ", " + isa);
        CHECK_CASE(same_bits(single.dx, row(all.dx, t, s.in)), label_of(s) + ", " + isa);
      }
    });
  }
}
