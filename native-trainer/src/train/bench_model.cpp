#include "train/bench_model.h"

#include "ggml.h"
#include "ops/random.h"

namespace trex {
namespace {

class Builder {
public:
  explicit Builder(BenchModel &model) : model_(model) {}

  Weight matrix(int64_t in, int64_t out) {
    const uint64_t stream = model_.matrices.size();
    std::vector<float> values(static_cast<size_t>(in * out));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(random_unit(1, stream, i) - 0.5) * 0.1f;
    const size_t row_bytes = ggml_row_size(GGML_TYPE_Q8_0, in);
    std::vector<std::byte> &stored = model_.matrices.emplace_back(row_bytes * static_cast<size_t>(out));
    ggml_quantize_chunk(GGML_TYPE_Q8_0, values.data(), stored.data(), 0, out, in, nullptr);
    return {stored.data(), GGML_TYPE_Q8_0, in, out, row_bytes};
  }

  Norm ones(int64_t width) { return {model_.frozen.vectors.emplace_back(static_cast<size_t>(width), 1.0f).data()}; }

private:
  BenchModel &model_;
};

} // namespace

BenchModel make_bench_model() {
  BenchModel bench;
  Model &model = bench.frozen.model;
  HyperParameters &p = model.parameters;
  p.architecture = Architecture::qwen2;
  p.rope_style = RopeStyle::neox;
  p.layers = 4;
  p.embedding = 256;
  p.feed_forward = 768;
  p.heads = 4;
  p.kv_heads = 2;
  p.head_dim = p.rope_dims = 64;
  p.vocab = 1024;
  p.context_length = 2048;
  p.rms_epsilon = 1e-6;
  p.attention_scale = 0.125;
  Builder build(bench);
  model.embedding = build.matrix(p.embedding, p.vocab);
  model.output_norm = build.ones(p.embedding);
  model.head.weight = build.matrix(p.embedding, p.vocab);
  for (int64_t index = 0; index < p.layers; ++index) {
    Layer &layer = model.layers.emplace_back();
    layer.attention_norm = build.ones(p.embedding);
    layer.ffn_norm = build.ones(p.embedding);
    layer.projections[attn_q].weight = build.matrix(p.embedding, p.q_width());
    layer.projections[attn_k].weight = build.matrix(p.embedding, p.kv_width());
    layer.projections[attn_v].weight = build.matrix(p.embedding, p.kv_width());
    layer.projections[attn_output].weight = build.matrix(p.q_width(), p.embedding);
    layer.projections[ffn_gate].weight = build.matrix(p.embedding, p.feed_forward);
    layer.projections[ffn_up].weight = build.matrix(p.embedding, p.feed_forward);
    layer.projections[ffn_down].weight = build.matrix(p.feed_forward, p.embedding);
  }
  return bench;
}

} // namespace trex
