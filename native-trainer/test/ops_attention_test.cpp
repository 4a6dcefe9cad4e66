// Attention with every option, forward and backward, against plain loops in double; those loops against finite
// differences.
#include "support/ops.h"

using namespace trex;
using namespace trex::test;

namespace {

struct Case {
  const char *name;
  AttentionShape shape;
  std::vector<int32_t> offsets;
  float spread = 1.0f; // of q and k

  size_t tokens() const { return static_cast<size_t>(offsets.back()); }
  int64_t longest() const {
    int32_t most = 0;
    for (size_t i = 1; i < offsets.size(); ++i) most = std::max(most, offsets[i] - offsets[i - 1]);
    return most;
  }
};

// heads, kv heads, head width, scale, cap, window
const Case cases[] = {
    {"one short document", {1, 1, 8, 0.5f}, {0, 3}},
    {"grouped heads, four documents, three blocks", {4, 2, 8, 0.6f}, {0, 5, 145, 146, 170}},
    {"six heads on one, an empty document", {6, 1, 16, 0.25f}, {0, 0, 70, 70}},
    {"scores beyond what exp can hold", {2, 2, 8, 30.0f}, {0, 77}, 3.0f},
    {"head width 1", {3, 3, 1, 1.0f}, {0, 66}},
    {"head width 3", {2, 1, 3, 0.7f}, {0, 66}},
    {"head width 5", {2, 1, 5, 0.7f}, {0, 30}},
    {"head width 64", {2, 1, 64, 0.125f}, {0, 90}},
    {"head width 80", {2, 1, 80, 0.11f}, {0, 70}},
    {"head width 96", {2, 1, 96, 0.1f}, {0, 70}},
    {"head width 128", {2, 1, 128, 0.09f}, {0, 70}},
    {"head width 256", {2, 1, 256, 0.0625f}, {0, 70}},
    {"window 1", {2, 1, 8, 0.6f, 0.0f, 1}, {0, 5, 75}},
    {"window 2", {2, 1, 8, 0.6f, 0.0f, 2}, {0, 1, 131}},
    {"window of less than a block", {2, 1, 8, 0.6f, 0.0f, 7}, {0, 5, 145}},
    {"window of a block", {2, 1, 8, 0.6f, 0.0f, 64}, {0, 200}},
    {"window of a block and one", {2, 1, 8, 0.6f, 0.0f, 65}, {0, 200}},
    {"window of more than a block", {4, 2, 8, 0.6f, 0.0f, 100}, {0, 200, 260}},
    {"window of the document", {2, 1, 8, 0.6f, 0.0f, 90}, {0, 90}},
    {"window of one less than the document", {2, 1, 8, 0.6f, 0.0f, 89}, {0, 90}},
    {"window beyond the document", {2, 1, 8, 0.6f, 0.0f, 4096}, {0, 90}},
    {"several blocks of keys, a short document beside them", {2, 1, 8, 0.6f}, {0, 3, 603}},
    {"several blocks of keys, cap and window", {2, 1, 8, 0.6f, 2.0f, 300}, {0, 530}},
    {"cap", {4, 2, 8, 0.6f, 2.0f}, {0, 5, 145}, 2.0f},
    {"cap far below the scores", {2, 1, 8, 3.0f, 5.0f}, {0, 70}, 3.0f},
    {"cap and window", {4, 2, 16, 0.4f, 1.5f, 33}, {0, 5, 145, 150}, 2.0f},
    {"cap and window 1", {2, 1, 4, 0.4f, 1.5f, 1}, {0, 65}},
};

template <class Value> struct Inputs { std::vector<Value> q, k, v, dout; };

template <class Value> struct Results { std::vector<Value> out, lse, dq, dk, dv; };

Inputs<float> inputs_of(const Case &c) {
  const auto tokens = static_cast<int64_t>(c.tokens());
  const int64_t wide = tokens * c.shape.heads * c.shape.head_dim, narrow = tokens * c.shape.kv_heads * c.shape.head_dim;
  return {random_values(wide, 1, c.spread), random_values(narrow, 2, c.spread), random_values(narrow, 3),
          random_values(wide, 4)};
}

// One query: softmax over the keys it sees and, from the gradient of its output, that of everything it touched.
void plain_query(const AttentionShape &shape, const Inputs<double> &x, Results<double> &r, size_t begin, size_t at,
                 size_t head, size_t tokens) {
  const auto width = static_cast<size_t>(shape.head_dim), heads = static_cast<size_t>(shape.heads),
             kv_heads = static_cast<size_t>(shape.kv_heads), window = static_cast<size_t>(shape.window);
  const double factor = static_cast<double>(shape.scale), cap = static_cast<double>(shape.softcap);
  const size_t low = window > 0 && at - begin + 1 > window ? at + 1 - window : begin;
  const size_t own = (at * heads + head) * width;
  const auto key = [&](size_t t) { return (t * kv_heads + head / (heads / kv_heads)) * width; };
  std::vector<double> p, slope;
  double largest = -INFINITY, sum = 0.0;
  for (size_t t = low; t <= at; ++t) {
    double s = 0.0;
    for (size_t d = 0; d < width; ++d) s += factor * x.q[own + d] * x.k[key(t) + d];
    slope.push_back(factor);
    if (cap > 0.0) {
      const double share = std::tanh(s / cap);
      s = cap * share;
      slope.back() *= 1.0 - share * share;
    }
    p.push_back(s);
    largest = std::max(largest, s);
  }
  for (double &value : p) sum += value = std::exp(value - largest);
  for (double &value : p) value /= sum;
  r.lse[head * tokens + at] = largest + std::log(sum);
  double delta = 0.0;
  for (size_t d = 0; d < width; ++d) {
    for (size_t t = low; t <= at; ++t) r.out[own + d] += p[t - low] * x.v[key(t) + d];
    delta += r.out[own + d] * x.dout[own + d];
  }
  for (size_t t = low; t <= at; ++t) {
    double dp = 0.0;
    for (size_t d = 0; d < width; ++d) {
      dp += x.dout[own + d] * x.v[key(t) + d];
      r.dv[key(t) + d] += p[t - low] * x.dout[own + d];
    }
    const double ds = p[t - low] * (dp - delta) * slope[t - low];
    for (size_t d = 0; d < width; ++d) {
      r.dq[own + d] += ds * x.k[key(t) + d];
      r.dk[key(t) + d] += ds * x.q[own + d];
    }
  }
}

Results<double> plain_attention(const Case &c, const Inputs<double> &x) {
  Results<double> r;
  for (std::vector<double> *wide : {&r.out, &r.dq}) wide->resize(x.q.size());
  for (std::vector<double> *narrow : {&r.dk, &r.dv}) narrow->resize(x.k.size());
  r.lse.resize(c.tokens() * static_cast<size_t>(c.shape.heads));
  for (size_t document = 0; document + 1 < c.offsets.size(); ++document) {
    const auto begin = static_cast<size_t>(c.offsets[document]), end = static_cast<size_t>(c.offsets[document + 1]);
    for (size_t at = begin; at < end; ++at)
      for (size_t head = 0; head < static_cast<size_t>(c.shape.heads); ++head)
        plain_query(c.shape, x, r, begin, at, head, c.tokens());
  }
  return r;
}

Results<float> attention(CpuDevice &device, const Case &c, Inputs<float> x) {
  const int64_t wide = c.shape.heads * c.shape.head_dim, narrow = c.shape.kv_heads * c.shape.head_dim;
  const PackedBatch batch{nullptr,
                          nullptr,
                          c.offsets.data(),
                          static_cast<int64_t>(c.offsets.size()) - 1,
                          static_cast<int64_t>(c.tokens()),
                          c.longest()};
  Results<float> r;
  // Not cleared on purpose: every value is to be written.
  for (std::vector<float> *values : {&r.out, &r.dq}) values->assign(x.q.size(), 9.0f);
  for (std::vector<float> *values : {&r.dk, &r.dv}) values->assign(x.k.size(), 9.0f);
  r.lse.assign(c.tokens() * static_cast<size_t>(c.shape.heads), 9.0f);
  cpu_ops().attention_forward(device, matrix(r.out, wide), r.lse.data(), matrix(x.q, wide), matrix(x.k, narrow),
                              matrix(x.v, narrow), batch, c.shape);
  cpu_ops().attention_backward(device, matrix(r.dq, wide), matrix(r.dk, narrow), matrix(r.dv, narrow),
                               matrix(x.dout, wide), matrix(r.out, wide), r.lse.data(), matrix(x.q, wide),
                               matrix(x.k, narrow), matrix(x.v, narrow), batch, c.shape);
  return r;
}

// A query that sees only itself has no gradient: there the error is absolute.
double error_of(const std::vector<float> &got, const std::vector<double> &want) {
  double wanted = 0.0, difference = 0.0;
  for (const double x : want) wanted = std::max(wanted, std::abs(x));
  if (wanted > 1e-12) return relative_error(got, want);
  for (const float x : got) difference = std::max(difference, std::abs(static_cast<double>(x)));
  return difference;
}

std::vector<float> joined(const Results<float> &r) {
  std::vector<float> all;
  for (const std::vector<float> *values : {&r.out, &r.lse, &r.dq, &r.dk, &r.dv})
    all.insert(all.end(), values->begin(), values->end());
  return all;
}

} // namespace

TEST(the_plain_attention_agrees_with_finite_differences) {
  for (const Case &c : cases) {
    const Inputs<float> start = inputs_of(c);
    Inputs<double> x{widened(start.q), widened(start.k), widened(start.v), widened(start.dout)};
    const Results<double> r = plain_attention(c, x);
    const auto value = [&] { return inner_product(plain_attention(c, x).out, x.dout); };
    const std::vector<float> wide = random_values(static_cast<int64_t>(x.q.size()), 5),
                             narrow = random_values(static_cast<int64_t>(x.k.size()), 6);
    CHECK_CASE(close(slope_along(x.q, wide, 1e-4, value), inner_product(r.dq, wide), 1e-6, 1e-2), c.name);
    CHECK_CASE(close(slope_along(x.k, narrow, 1e-4, value), inner_product(r.dk, narrow), 1e-6, 1e-2), c.name);
    CHECK_CASE(close(slope_along(x.v, narrow, 1e-4, value), inner_product(r.dv, narrow), 1e-6, 1e-2), c.name);
  }
}

TEST(attention_equals_plain_loops) {
  for (const Case &c : cases) {
    const Inputs<float> x = inputs_of(c);
    const Results<double> want = plain_attention(c, {widened(x.q), widened(x.k), widened(x.v), widened(x.dout)});
    // A score of 300 in single precision is off by 2e-5, and so is the logarithm of its probability.
    const double tolerance = c.shape.scale * c.spread * c.spread > 100.0f ? 3e-4 : 1e-5;
    on_every_isa(
        [&](CpuDevice &device, const std::string &isa) {
          const std::string label = std::string(c.name) + ", " + isa;
          const Results<float> got = attention(device, c, x);
          CHECK_CASE(error_of(got.out, want.out) < tolerance, label);
          CHECK_CASE(error_of(got.lse, want.lse) < tolerance, label);
          CHECK_CASE(error_of(got.dq, want.dq) < tolerance, label);
          CHECK_CASE(error_of(got.dk, want.dk) < tolerance, label);
          CHECK_CASE(error_of(got.dv, want.dv) < tolerance, label);
        },
        c.longest());
  }
}

TEST(attention_does_not_depend_on_the_number_of_threads) {
  for (const Case &c : cases) {
    const Inputs<float> x = inputs_of(c);
    check_threads(
        c.name, [&](CpuDevice &device) { return joined(attention(device, c, x)); }, c.longest());
  }
}

TEST(attention_of_one_document_is_that_of_the_same_document_alone) {
  const AttentionShape shape{4, 2, 8, 0.6f, 3.0f, 50};
  const Case packed{"", shape, {0, 70, 170, 180}}, alone{"", shape, {0, 100}};
  const Inputs<float> all = inputs_of(packed);
  const auto rows = [](const std::vector<float> &values, int64_t width) {
    return std::vector<float>(values.begin() + 70 * width, values.begin() + 170 * width);
  };
  const Inputs<float> own{rows(all.q, 32), rows(all.k, 16), rows(all.v, 16), rows(all.dout, 32)};
  on_every_isa([&](CpuDevice &device, const std::string &isa) {
    const Results<float> x = attention(device, packed, all), y = attention(device, alone, own);
    CHECK_CASE(same_bits(rows(x.out, 32), y.out), isa);
    CHECK_CASE(same_bits(rows(x.dq, 32), y.dq), isa);
    CHECK_CASE(same_bits(rows(x.dk, 16), y.dk), isa);
    CHECK_CASE(same_bits(rows(x.dv, 16), y.dv), isa);
  });
}

// A fused projection writes q, k and v side by side.
TEST(attention_takes_strided_rows) {
  const Case c{"", {4, 2, 16, 0.3f}, {0, 80, 100}};
  const int64_t wide = 64, narrow = 32, stride = wide + 2 * narrow, tokens = 100;
  const Inputs<float> x = inputs_of(c);
  const PackedBatch batch{nullptr, nullptr, c.offsets.data(), 2, tokens, 80};
  CpuDevice device(2, 80, best_isa());
  const Results<float> want = attention(device, c, x);
  std::vector<float> fused(static_cast<size_t>(tokens * stride)), dfused(fused.size()), out(x.q.size()),
      lse(want.lse.size()), dout = x.dout;
  for (int64_t t = 0; t < tokens; ++t) {
    std::copy_n(x.q.data() + t * wide, wide, fused.data() + t * stride);
    std::copy_n(x.k.data() + t * narrow, narrow, fused.data() + t * stride + wide);
    std::copy_n(x.v.data() + t * narrow, narrow, fused.data() + t * stride + wide + narrow);
  }
  const Matrix q = part(fused, stride, 0, wide), k = part(fused, stride, wide, narrow),
               v = part(fused, stride, wide + narrow, narrow);
  cpu_ops().attention_forward(device, matrix(out, wide), lse.data(), q, k, v, batch, c.shape);
  cpu_ops().attention_backward(device, part(dfused, stride, 0, wide), part(dfused, stride, wide, narrow),
                               part(dfused, stride, wide + narrow, narrow), matrix(dout, wide), matrix(out, wide),
                               lse.data(), q, k, v, batch, c.shape);
  CHECK(same_bits(out, want.out));
  bool same = true;
  for (int64_t t = 0; t < tokens; ++t) {
    const float *row = dfused.data() + t * stride;
    same &= std::equal(row, row + wide, want.dq.data() + t * wide);
    same &= std::equal(row + wide, row + wide + narrow, want.dk.data() + t * narrow);
    same &= std::equal(row + wide + narrow, row + stride, want.dv.data() + t * narrow);
  }
  CHECK(same);
}
