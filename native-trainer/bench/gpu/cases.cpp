// T tokens, C width, F feed-forward width, Q = heads * D, K = kv_heads * D, V vocabulary, L layers, r = 16.
#include "cases.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>

#include "ops/cuda/cuda_ops.h"
#include "ops/cuda/decode.h"
#include "ops/cuda/gemm.h"
#include "timing.h"

namespace trex::bench {
namespace {

namespace gpu = cuda_backend;

constexpr int64_t rank = 16;
constexpr double halves = 2.0, singles = 4.0; // bytes of a bf16 and of a float

double real(int64_t value) { return static_cast<double>(value); }

double weight_bytes(const Weight &w) { return real(w.out) * real(static_cast<int64_t>(w.row_bytes)); }

double product_operations(int64_t rows, int64_t in, int64_t out) { return 2.0 * real(rows) * real(in) * real(out); }

// Documents of the same length, and what is left over.
struct HostBatch {
  std::vector<int32_t> tokens, positions, offsets{0};
  PackedBatch batch;

  HostBatch(int64_t count, int64_t document) : tokens(static_cast<size_t>(count), 1) {
    for (int64_t first = 0; first < count; first += document) {
      const int64_t length = std::min(document, count - first);
      for (int64_t i = 0; i < length; ++i) positions.push_back(static_cast<int32_t>(i));
      offsets.push_back(static_cast<int32_t>(first + length));
    }
    batch = {tokens.data(), positions.data(), offsets.data(), static_cast<int64_t>(offsets.size()) - 1,
             count,         document};
  }
};

class Builder {
public:
  Builder(CudaDevice &device, BenchMemory &memory, const Shapes &shapes, int64_t tokens, int64_t document)
      : device_(device), memory_(memory), s_(shapes), tokens_(tokens), document_(document),
        host_(std::make_shared<HostBatch>(tokens, document)), batch_(gpu::place_batch(device, host_->batch)) {}

  std::vector<Case> all() {
    decoding();
    products();
    linear();
    attention();
    passes();
    head();
    optimiser();
    return std::move(cases_);
  }

private:
  void add(std::string name, Unit unit, double bytes, double operations, double per_step, std::function<void()> run) {
    cases_.push_back({std::move(name), unit, bytes, operations, per_step, std::move(run)});
  }

  void decoding() {
    for (const ggml_type type : {GGML_TYPE_Q4_K, GGML_TYPE_Q6_K, GGML_TYPE_Q8_0, GGML_TYPE_IQ4_XS}) {
      const Weight w = memory_.weight(type, s_.embedding, s_.feed_forward);
      const Matrix to = memory_.bf16_matrix(s_.feed_forward, s_.embedding);
      add(std::string("decode ") + ggml_type_name(type), Unit::memory,
          weight_bytes(w) + halves * real(w.in) * real(w.out), 0.0, 0.0,
          [this_device = &device_, to, w] { decode_weight(*this_device, to, w, 0, 0); });
    }
  }

  // The largest product of a layer, without what surrounds it.
  void products() {
    const Matrix x = memory_.bf16_matrix(tokens_, s_.embedding), y = memory_.bf16_matrix(tokens_, s_.feed_forward);
    const Matrix w = memory_.bf16_matrix(s_.feed_forward, s_.embedding);
    const double operations = product_operations(tokens_, s_.embedding, s_.feed_forward);
    const double bytes = halves * (real(x.rows * x.cols) + real(y.rows * y.cols) + real(w.rows * w.cols));
    const auto values = [](const Matrix &m) { return static_cast<const bf16 *>(m.data); };
    add("product x W^T", Unit::bf16, bytes, operations, 0.0, [=, device = &device_] {
      product_bf16(*device, y, {values(x), x.stride, true}, {values(w), w.stride, true}, x.cols, {});
    });
    add("product dy W", Unit::bf16, bytes, operations, 0.0, [=, device = &device_] {
      product_bf16(*device, x, {values(y), y.stride, true}, {values(w), w.stride, false}, y.cols, {});
    });
  }

  void linear_pair(const std::string &name, int64_t in, int64_t out, double per_step) {
    const Weight w = memory_.weight(in % 256 == 0 ? GGML_TYPE_Q4_K : GGML_TYPE_Q8_0, in, out);
    const Matrix x = memory_.bf16_matrix(tokens_, in), y = memory_.bf16_matrix(tokens_, out);
    const Matrix h = memory_.bf16_matrix(tokens_, rank), dh = memory_.bf16_matrix(tokens_, rank);
    const LoraPair lora{memory_.floats(rank * in),
                        memory_.floats(rank * out),
                        memory_.floats(rank * in),
                        memory_.floats(rank * out),
                        rank,
                        1.0f};
    const double operations = product_operations(tokens_, in, out);
    const double bytes = weight_bytes(w) + halves * real(tokens_) * real(in + out);
    const Unit unit = Unit::bf16;
    add("linear " + name + " forward", unit, bytes, operations + product_operations(tokens_, rank, in + out), per_step,
        [=, device = &device_] { gpu::linear_forward(*device, y, x, w, nullptr, &lora, h, {}, {}, {}); });
    add("linear " + name + " backward", unit, bytes + halves * real(tokens_) * real(in),
        operations + 2.0 * product_operations(tokens_, rank, in + out), per_step, [=, device = &device_] {
          gpu::linear_backward(*device, x, false, y, x, w, nullptr, nullptr, &lora, h, dh, {}, {});
        });
  }

  void linear() {
    const int64_t q = s_.heads * s_.head_dim, kv = s_.kv_heads * s_.head_dim;
    const double layers = real(s_.layers);
    linear_pair("q", s_.embedding, q, layers);
    linear_pair("k or v", s_.embedding, kv, 2.0 * layers);
    linear_pair("attention output", q, s_.embedding, layers);
    linear_pair("gate or up", s_.embedding, s_.feed_forward, 2.0 * layers);
    linear_pair("down", s_.feed_forward, s_.embedding, layers);
  }

  void attention() {
    const int64_t q_width = s_.heads * s_.head_dim, kv_width = s_.kv_heads * s_.head_dim;
    const Matrix q = memory_.bf16_matrix(tokens_, q_width), out = memory_.bf16_matrix(tokens_, q_width);
    const Matrix k = memory_.bf16_matrix(tokens_, kv_width), v = memory_.bf16_matrix(tokens_, kv_width);
    const Matrix dq = memory_.bf16_matrix(tokens_, q_width), dout = memory_.bf16_matrix(tokens_, q_width);
    const Matrix dk = memory_.bf16_matrix(tokens_, kv_width), dv = memory_.bf16_matrix(tokens_, kv_width);
    float *lse = memory_.floats(tokens_ * s_.heads);
    const PackedBatch batch = batch_;
    const AttentionShape shape{s_.heads, s_.kv_heads, s_.head_dim, 1.0f / std::sqrt(static_cast<float>(s_.head_dim))};
    double pairs = 0.0; // of a query and a key that it sees
    for (size_t i = 1; i < host_->offsets.size(); ++i) {
      const double length = real(host_->offsets[i] - host_->offsets[i - 1]);
      pairs += length * (length + 1.0) / 2.0;
    }
    const double product = 2.0 * pairs * real(s_.head_dim) * real(s_.heads);
    const double bytes = halves * 2.0 * real(tokens_) * real(q_width + kv_width), layers = real(s_.layers);
    add("attention forward", Unit::bf16, bytes, 2.0 * product, layers,
        [=, host = host_, device = &device_] { gpu::attention_forward(*device, out, lse, q, k, v, batch, shape); });
    add("attention backward", Unit::bf16, 2.0 * bytes, 5.0 * product, layers, [=, device = &device_] {
      gpu::attention_backward(*device, dq, dk, dv, dout, out, lse, q, k, v, batch, shape);
    });
  }

  void passes() {
    const double layers = real(s_.layers), row = halves * real(tokens_) * real(s_.embedding);
    const Matrix x = memory_.bf16_matrix(tokens_, s_.embedding), y = memory_.bf16_matrix(tokens_, s_.embedding);
    float *weight = memory_.floats(s_.embedding), *rstd = memory_.floats(tokens_);
    add("RMS norm forward", Unit::memory, 2.0 * row, 0.0, 4.0 * layers,
        [=, device = &device_] { gpu::rms_norm_forward(*device, y, rstd, x, weight, 1e-6f, {}); });
    add("RMS norm backward", Unit::memory, 4.0 * row, 0.0, 2.0 * layers,
        [=, device = &device_] { gpu::rms_norm_backward(*device, y, true, nullptr, x, x, weight, rstd); });

    const int64_t half = s_.head_dim / 2;
    const RopeTable table{memory_.floats(document_ * half), memory_.floats(document_ * half), s_.head_dim, s_.head_dim,
                          true};
    const Matrix q = memory_.bf16_matrix(tokens_, s_.heads * s_.head_dim);
    const PackedBatch batch = batch_;
    add("rope of q", Unit::memory, 2.0 * halves * real(q.rows * q.cols), 0.0, 2.0 * layers,
        [=, device = &device_] { gpu::rope(*device, q, batch.positions, table, 1.0f); });

    const double inner = halves * real(tokens_) * real(s_.feed_forward);
    const Matrix gate = memory_.bf16_matrix(tokens_, s_.feed_forward),
                 up = memory_.bf16_matrix(tokens_, s_.feed_forward);
    const Matrix both = memory_.bf16_matrix(tokens_, s_.feed_forward);
    add("SwiGLU forward", Unit::memory, 3.0 * inner, 0.0, 2.0 * layers,
        [=, device = &device_] { gpu::glu_forward(*device, both, gate, up, Activation::silu); });
    add("SwiGLU backward", Unit::memory, 5.0 * inner, 0.0, layers,
        [=, device = &device_] { gpu::glu_backward(*device, gate, up, both, gate, up, Activation::silu); });
  }

  void head() {
    const int64_t rows = std::min<int64_t>(tokens_, std::max<int64_t>(32, (int64_t{16} << 20) / s_.vocab));
    const Weight w = memory_.weight(GGML_TYPE_Q6_K, s_.embedding, s_.vocab);
    const Matrix x = memory_.bf16_matrix(rows, s_.embedding), logits = memory_.f32_matrix(rows, s_.vocab);
    const Matrix dlogits{logits.data, rows, s_.vocab, 2 * s_.vocab, Element::bf16};
    const double chunks = real(tokens_) / real(rows), values = real(rows) * real(s_.vocab);
    const double operations = product_operations(rows, s_.embedding, s_.vocab);
    add("head forward", Unit::bf16, weight_bytes(w) + singles * values, operations, chunks,
        [=, device = &device_] { gpu::linear_forward(*device, logits, x, w, nullptr, nullptr, {}, {}, {}, {}); });
    auto *losses = static_cast<double *>(memory_.zeros(static_cast<size_t>(rows) * sizeof(double)));
    const auto *targets = static_cast<const int32_t *>(memory_.zeros(static_cast<size_t>(rows) * sizeof(int32_t)));
    const float *weights = memory_.floats(rows);
    add("cross entropy", Unit::memory, (singles + singles + halves) * values, 0.0, chunks,
        [=, device = &device_] { gpu::cross_entropy(*device, losses, dlogits, logits, targets, weights, 0.0f); });
    add("head backward", Unit::bf16, weight_bytes(w) + halves * values, operations, chunks, [=, device = &device_] {
      gpu::linear_backward(*device, x, false, dlogits, x, w, nullptr, nullptr, nullptr, {}, {}, {}, {});
    });
  }

  void optimiser() {
    const int64_t q = s_.heads * s_.head_dim, kv = s_.kv_heads * s_.head_dim;
    const int64_t count =
        s_.layers * rank * (2 * (s_.embedding + q) + 2 * (s_.embedding + kv) + 3 * (s_.embedding + s_.feed_forward));
    float *values = memory_.floats(count), *gradient = memory_.floats(count);
    float *m = static_cast<float *>(memory_.zeros(static_cast<size_t>(count) * 4));
    float *v = static_cast<float *>(memory_.zeros(static_cast<size_t>(count) * 4));
    const AdamW options{1e-4f, 0.9f, 0.999f, 1e-8f, 0.0f, 1, 1.0f};
    add("AdamW fp32", Unit::memory, 7.0 * singles * real(count), 0.0, 1.0,
        [=, device = &device_] { gpu::adamw(*device, values, m, v, gradient, count, options); });
    const auto moment = [&] {
      return CodedMoment{static_cast<uint8_t *>(memory_.zeros(static_cast<size_t>(count))),
                         static_cast<float *>(memory_.zeros(static_cast<size_t>(coded_blocks(count)) * 4))};
    };
    const CodedMoment first = moment(), second = moment();
    add("AdamW 8-bit", Unit::memory, (3.0 * singles + 4.0) * real(count), 0.0, 0.0,
        [=, device = &device_] { gpu::adamw8(*device, values, first, second, gradient, count, options); });
    add("gradient norm", Unit::memory, singles * real(count), 0.0, 1.0,
        [=, device = &device_] { gpu::sum_of_squares(*device, gradient, count); });
  }

  CudaDevice &device_;
  BenchMemory &memory_;
  const Shapes &s_;
  int64_t tokens_, document_;
  std::shared_ptr<const HostBatch> host_; // the cases keep it alive
  PackedBatch batch_;
  std::vector<Case> cases_;
};

} // namespace

const std::vector<Shapes> &all_shapes() {
  static const std::vector<Shapes> shapes = {
      {"qwen3-0.6b", 1024, 3072, 16, 8, 128, 151936, 28},    {"qwen3-1.7b", 2048, 6144, 16, 8, 128, 151936, 28},
      {"qwen3-4b", 2560, 9728, 32, 8, 128, 151936, 36},      {"qwen3-8b", 4096, 12288, 32, 8, 128, 151936, 36},
      {"qwen3-14b", 5120, 17408, 40, 8, 128, 151936, 40},    {"qwen3-32b", 5120, 25600, 64, 8, 128, 151936, 64},
      {"llama-3.1-8b", 4096, 14336, 32, 8, 128, 128256, 32}, {"tiny", 256, 512, 4, 2, 64, 1024, 2},
  };
  return shapes;
}

Shapes shapes_named(const std::string &name) {
  std::string known;
  for (const Shapes &shapes : all_shapes()) {
    if (shapes.name == name) return shapes;
    known += (known.empty() ? "" : ", ") + shapes.name;
  }
  throw std::invalid_argument("There are no shapes named " + name + "; there are " + known + ".");
}

std::vector<Case> cases_of(CudaDevice &device, BenchMemory &memory, const Shapes &shapes, int64_t tokens,
                           int64_t document) {
  return Builder(device, memory, shapes, tokens, document).all();
}

} // namespace trex::bench
