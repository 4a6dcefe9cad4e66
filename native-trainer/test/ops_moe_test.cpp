// The mixture of experts: routing against a sort in double, grouping by its definition, and a whole block of four
// experts, forward and backward, against a loop over tokens.
#include "support/ops.h"

using namespace trex;
using namespace trex::test;

namespace {

const RouterShape shapes[] = {{8, 2, true},   {8, 2, false},        {8, 8, true},        {8, 1, false}, {5, 1, true},
                              {128, 8, true}, {33, 4, false, 2.5f}, {60, 4, true, 1.5f}, {1, 1, true}};

// weights[k] of one token, and which experts they belong to, in double.
std::vector<double> plain_route(const std::vector<double> &logits, const RouterShape &shape,
                                const std::vector<int32_t> *fixed, std::vector<int32_t> *chosen = nullptr) {
  std::vector<double> p = logits, weights;
  const double largest = *std::max_element(p.begin(), p.end());
  double sum = 0.0;
  for (double &value : p) sum += value = std::exp(value - largest);
  for (double &value : p) value /= sum;
  std::vector<int32_t> order(p.size());
  for (size_t e = 0; e < p.size(); ++e) order[e] = static_cast<int32_t>(e);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return p[static_cast<size_t>(a)] > p[static_cast<size_t>(b)]; });
  order.resize(static_cast<size_t>(shape.chosen));
  if (fixed != nullptr) order = *fixed;
  double total = 0.0;
  for (const int32_t e : order) total += p[static_cast<size_t>(e)];
  for (const int32_t e : order)
    weights.push_back(static_cast<double>(shape.scale) * p[static_cast<size_t>(e)] / (shape.normalise ? total : 1.0));
  if (chosen != nullptr) *chosen = order;
  return weights;
}

} // namespace

TEST(routing_takes_the_most_probable_and_its_gradient_agrees_with_differences) {
  constexpr int64_t tokens = 9;
  for (const RouterShape &shape : shapes) {
    const auto experts = static_cast<size_t>(shape.experts), k = static_cast<size_t>(shape.chosen);
    const std::vector<float> logits = random_values(tokens * shape.experts, 1, 4.0f),
                             dweights = random_values(tokens * shape.chosen, 2);
    on_every_isa([&](CpuDevice &device, const std::string &isa) {
      const std::string label = std::to_string(shape.chosen) + " of " + std::to_string(shape.experts) + ", " + isa;
      std::vector<float> d = logits, weights(tokens * k);
      std::vector<int32_t> chosen(tokens * k);
      cpu_ops().route_forward(device, chosen.data(), weights.data(), matrix(d, shape.experts), shape);
      const std::vector<float> p = d;
      if (shape.normalise) std::fill(d.begin(), d.end(), 7.0f); // the probabilities need not be kept
      cpu_ops().route_backward(device, matrix(d, shape.experts), dweights.data(), chosen.data(), weights.data(), shape);
      for (size_t t = 0; t < tokens; ++t) {
        std::vector<double> row(logits.begin() + static_cast<int64_t>(t * experts),
                                logits.begin() + static_cast<int64_t>((t + 1) * experts));
        std::vector<int32_t> want;
        const std::vector<double> want_weights = plain_route(row, shape, nullptr, &want);
        double sum = 0.0;
        for (size_t e = 0; e < experts; ++e) sum += static_cast<double>(p[t * experts + e]);
        CHECK_CASE(close(sum, 1.0, 1e-6), label);
        for (size_t j = 0; j < k; ++j) {
          CHECK_CASE(chosen[t * k + j] == want[j], label);
          CHECK_CASE(close(static_cast<double>(weights[t * k + j]), want_weights[j], 2e-6), label);
        }
        for (size_t e = 0; e < experts; ++e) {
          const double start = row[e];
          double slope = 0.0;
          for (const double side : {-1.0, 1.0}) {
            row[e] = start + side * 1e-5;
            const std::vector<double> moved = plain_route(row, shape, &want);
            for (size_t j = 0; j < k; ++j) slope += side * moved[j] * static_cast<double>(dweights[t * k + j]) / 2e-5;
          }
          row[e] = start;
          CHECK_CASE(std::abs(static_cast<double>(d[t * experts + e]) - slope) < 2e-6, label);
        }
      }
    });
  }
}

TEST(among_equals_the_lower_expert_comes_first) {
  CpuDevice device(1, 1, best_isa());
  std::vector<float> logits = {1, 3, 3, 0, 3, 2, 2, 2, 2, 2, 2, 2}, weights(6);
  std::vector<int32_t> chosen(6);
  cpu_ops().route_forward(device, chosen.data(), weights.data(), matrix(logits, 6), {6, 3, true});
  CHECK((chosen == std::vector<int32_t>{1, 2, 4, 0, 1, 2}));
  for (const float weight : weights) CHECK(close(static_cast<double>(weight), 1.0 / 3.0, 1e-6));
}

TEST(logits_that_are_not_numbers_still_choose_experts_that_exist) {
  on_every_isa([](CpuDevice &device, const std::string &) {
    std::vector<float> logits = {NAN, NAN, NAN, NAN, 1, NAN, INFINITY, 2}, weights(6);
    std::vector<int32_t> chosen(6, -5);
    cpu_ops().route_forward(device, chosen.data(), weights.data(), matrix(logits, 4), {4, 3, true});
    for (size_t t = 0; t < 2; ++t) {
      std::vector<int32_t> sorted(chosen.begin() + static_cast<int64_t>(3 * t),
                                  chosen.begin() + static_cast<int64_t>(3 * t + 3));
      std::sort(sorted.begin(), sorted.end());
      CHECK(sorted.front() >= 0 && sorted.back() < 4);
      CHECK(std::unique(sorted.begin(), sorted.end()) == sorted.end());
    }
  });
}

TEST(slots_are_grouped_by_expert_in_their_own_order) {
  CpuDevice device(1, 1, best_isa());
  const std::vector<int32_t> experts = {2, 0, 2, 4, 0, 2, 4, 2}; // four tokens, two each; nobody wants 1 or 3
  std::vector<int32_t> offsets(6, 77), tokens(8, 77), places(8, 77);
  const SlotGroups groups{offsets.data(), tokens.data(), places.data()};
  std::vector<int32_t> host_offsets(6, 77);
  cpu_ops().group_slots(device, groups, host_offsets.data(), experts.data(), 4, {5, 2, true});
  CHECK((offsets == std::vector<int32_t>{0, 2, 2, 6, 6, 8}));
  CHECK(host_offsets == offsets);
  CHECK((tokens == std::vector<int32_t>{0, 2, 0, 1, 2, 3, 1, 3}));
  CHECK((places == std::vector<int32_t>{2, 0, 3, 6, 1, 4, 7, 5}));
  cpu_ops().group_slots(device, groups, host_offsets.data(), experts.data(), 0, {5, 2, true});
  CHECK((offsets == std::vector<int32_t>{0, 0, 0, 0, 0, 0}));
}

namespace {

// T tokens, C width, E experts, k chosen, F feed-forward width of an expert.
constexpr int64_t T = 23, C = 12, E = 4, k = 2, F = 10;

template <class Value> struct Block { std::vector<Value> x, router, gate, up, down, dy; };

struct Gradients {
  std::vector<float> y, x, router, gate, up, down;
};

Block<float> block() {
  return {random_values(T * C, 1),     random_values(E * C, 2),     random_values(E * F * C, 3),
          random_values(E * F * C, 4), random_values(E * C * F, 5), random_values(T * C, 6)};
}

Weight floats(const float *data, int64_t in, int64_t out) {
  return {reinterpret_cast<const std::byte *>(data), GGML_TYPE_F32, in, out, static_cast<size_t>(in) * sizeof(float)};
}

// The block as a model would run it: route, group, gather, each expert's three products, combine; then all of it back.
Gradients run(CpuDevice &device, Block<float> b, const RouterShape &shape) {
  const Ops &ops = cpu_ops();
  Gradients d;
  d.y.resize(b.x.size());
  d.x.assign(b.x.size(), 9.0f);
  d.router.resize(b.router.size());
  d.gate.resize(b.gate.size());
  d.up.resize(b.up.size());
  d.down.resize(b.down.size());
  std::vector<float> logits(T * E), weights(T * k), dweights(T * k);
  std::vector<int32_t> experts(T * k), offsets(E + 1), tokens(T * k), places(T * k);
  std::vector<float> x(T * k * C), gate(T * k * F), up(T * k * F), y(T * k * C), h(T * k * F), dh(T * k * F);
  const auto rows = [&](std::vector<float> &values, int64_t e, int64_t columns) {
    const size_t at = static_cast<size_t>(e);
    return Matrix{values.data() + offsets[at] * columns, offsets[at + 1] - offsets[at], columns, columns};
  };
  ops.linear_forward(device, matrix(logits, E), matrix(b.x, C), floats(b.router.data(), C, E), nullptr, nullptr, {},
                     {}, {}, {});
  ops.route_forward(device, experts.data(), weights.data(), matrix(logits, E), shape);
  std::vector<int32_t> host_offsets(E + 1);
  ops.group_slots(device, {offsets.data(), tokens.data(), places.data()}, host_offsets.data(), experts.data(), T, shape);
  ops.gather_rows(device, matrix(x, C), tokens.data(), matrix(b.x, C));
  const auto forward = [&](Matrix to, Matrix from, const std::vector<float> &w, int64_t e) {
    ops.linear_forward(device, to, from, floats(w.data() + e * to.cols * from.cols, from.cols, to.cols), nullptr,
                       nullptr, {}, {}, {}, {});
  };
  for (int64_t e = 0; e < E; ++e) {
    forward(rows(gate, e, F), rows(x, e, C), b.gate, e);
    forward(rows(up, e, F), rows(x, e, C), b.up, e);
    ops.glu_forward(device, rows(h, e, F), rows(gate, e, F), rows(up, e, F), Activation::silu);
    forward(rows(y, e, C), rows(h, e, F), b.down, e);
  }
  ops.combine_rows(device, matrix(d.y, C), false, matrix(y, C), places.data(), weights.data(), k);

  std::vector<float> &dy = y, dx(x.size()); // what the experts answered becomes its gradient
  ops.combine_rows_backward(device, matrix(dy, C), dweights.data(), matrix(b.dy, C), matrix(y, C), places.data(),
                            weights.data(), k);
  const auto backward = [&](Matrix din, bool add, Matrix dout, Matrix in, std::vector<float> &dw,
                            const std::vector<float> &w, int64_t e) {
    ops.linear_backward(device, din, add, dout, in, floats(w.data() + e * in.cols * dout.cols, in.cols, dout.cols),
                        dw.data() + e * in.cols * dout.cols, nullptr, nullptr, {}, {}, {}, {});
  };
  for (int64_t e = 0; e < E; ++e) {
    backward(rows(dh, e, F), false, rows(dy, e, C), rows(h, e, F), d.down, b.down, e);
    ops.glu_backward(device, rows(gate, e, F), rows(up, e, F), rows(dh, e, F), rows(gate, e, F), rows(up, e, F),
                     Activation::silu);
    backward(rows(dx, e, C), false, rows(gate, e, F), rows(x, e, C), d.gate, b.gate, e);
    backward(rows(dx, e, C), true, rows(up, e, F), rows(x, e, C), d.up, b.up, e);
  }
  ops.combine_rows(device, matrix(d.x, C), false, matrix(dx, C), places.data(), nullptr, k);
  ops.route_backward(device, matrix(logits, E), dweights.data(), experts.data(), weights.data(), shape);
  ops.linear_backward(device, matrix(d.x, C), true, matrix(logits, E), matrix(b.x, C), floats(b.router.data(), C, E),
                      d.router.data(), nullptr, nullptr, {}, {}, {}, {});
  return d;
}

double dot(const std::vector<double> &w, size_t at, const double *x, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; ++i) sum += w[at + i] * x[i];
  return sum;
}

std::vector<double> plain_block(const Block<double> &b, const RouterShape &shape) {
  std::vector<double> y(b.x.size());
  for (size_t t = 0; t < T; ++t) {
    const double *x = b.x.data() + t * C;
    std::vector<double> logits, hidden(F);
    std::vector<int32_t> chosen;
    for (size_t e = 0; e < E; ++e) logits.push_back(dot(b.router, e * C, x, C));
    const std::vector<double> weights = plain_route(logits, shape, nullptr, &chosen);
    for (size_t j = 0; j < k; ++j) {
      const auto e = static_cast<size_t>(chosen[j]);
      for (size_t f = 0; f < F; ++f) {
        const double gate = dot(b.gate, (e * F + f) * C, x, C);
        hidden[f] = gate / (1.0 + std::exp(-gate)) * dot(b.up, (e * F + f) * C, x, C);
      }
      for (size_t c = 0; c < C; ++c) y[t * C + c] += weights[j] * dot(b.down, (e * C + c) * F, hidden.data(), F);
    }
  }
  return y;
}

} // namespace

TEST(a_block_of_experts_equals_a_loop_over_tokens_and_its_differences) {
  for (const RouterShape &shape : {RouterShape{E, k, true}, RouterShape{E, k, false, 2.0f}}) {
    const Block<float> b = block();
    Block<double> exact{widened(b.x),  widened(b.router), widened(b.gate),
                        widened(b.up), widened(b.down),   widened(b.dy)};
    const std::vector<double> want = plain_block(exact, shape);
    struct Probe {
      std::vector<double> Block<double>::*variable;
      std::vector<float> Gradients::*gradient;
      const char *name;
    };
    on_every_isa([&](CpuDevice &device, const std::string &isa) {
      const Gradients got = run(device, b, shape);
      CHECK_CASE(relative_error(got.y, want) < 1e-5, isa);
      for (const Probe &probe :
           {Probe{&Block<double>::x, &Gradients::x, "x"}, Probe{&Block<double>::router, &Gradients::router, "router"},
            Probe{&Block<double>::gate, &Gradients::gate, "gate"}, Probe{&Block<double>::up, &Gradients::up, "up"},
            Probe{&Block<double>::down, &Gradients::down, "down"}}) {
        std::vector<double> &variable = exact.*probe.variable;
        const std::vector<float> direction = random_values(static_cast<int64_t>(variable.size()), 30);
        // Short steps: where the choice changes, the block jumps.
        const double slope =
            slope_along(variable, direction, 1e-5, [&] { return inner_product(plain_block(exact, shape), b.dy); });
        CHECK_CASE(close(inner_product(got.*probe.gradient, direction), slope, 1e-5, 1.0), isa + " " + probe.name);
      }
    });
    check_threads("block of experts", [&](CpuDevice &device) {
      const Gradients d = run(device, b, shape);
      std::vector<float> all;
      for (const auto *values : {&d.y, &d.x, &d.router, &d.gate, &d.up, &d.down})
        all.insert(all.end(), values->begin(), values->end());
      return all;
    });
  }
}

TEST(combining_adds_to_what_is_there_and_does_not_depend_on_threads) {
  constexpr int64_t tokens = 300, width = 200, chosen = 4;
  const std::vector<float> x = random_values(tokens * chosen * width, 1), weights = random_values(tokens * chosen, 2),
                           dy = random_values(tokens * width, 3);
  std::vector<int32_t> places;
  for (int32_t slot = 0; slot < tokens * chosen; ++slot) places.push_back(slot * 7 % (tokens * chosen)); // 7 is coprime
  const auto run_both = [&](CpuDevice &device, bool add) {
    std::vector<float> y(tokens * width, 1.0f), from = x, change = dy, dx(x.size()), dweights(weights.size());
    cpu_ops().combine_rows(device, matrix(y, width), add, matrix(from, width), places.data(), weights.data(), chosen);
    cpu_ops().combine_rows_backward(device, matrix(dx, width), dweights.data(), matrix(change, width),
                                    matrix(from, width), places.data(), weights.data(), chosen);
    y.insert(y.end(), dx.begin(), dx.end());
    y.insert(y.end(), dweights.begin(), dweights.end());
    return y;
  };
  check_threads("combine", [&](CpuDevice &device) { return run_both(device, true); });
  CpuDevice device(2, 1, best_isa());
  std::vector<float> added = run_both(device, true), set = run_both(device, false);
  for (size_t i = 0; i < tokens * width; ++i)
    CHECK(close(static_cast<double>(added[i] - 1.0f), static_cast<double>(set[i]), 1e-5, 1.0));
}
