#include "train/bench_model.h"

#include <map>

#include "ggml.h"
#include "model/assemble.h"
#include "ops/random.h"

namespace trex {
namespace {

class Builder {
public:
  Builder(BenchModel &model, const Hold &hold) : model_(model), hold_(hold) {}

  Weight matrix(int64_t in, int64_t out) {
    const uint64_t stream = model_.matrices.size();
    std::vector<float> values(static_cast<size_t>(in * out));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(random_unit(1, stream, i) - 0.5) * 0.1f;
    const size_t row_bytes = ggml_row_size(GGML_TYPE_Q8_0, in);
    std::vector<std::byte> &stored = model_.matrices.emplace_back(row_bytes * static_cast<size_t>(out));
    ggml_quantize_chunk(GGML_TYPE_Q8_0, values.data(), stored.data(), 0, out, in, nullptr);
    const auto *data = static_cast<const std::byte *>(hold_(stored.data(), stored.size()));
    return {data, GGML_TYPE_Q8_0, in, out, row_bytes};
  }

  Norm ones(int64_t width) {
    const std::vector<float> &values = model_.frozen.vectors.emplace_back(static_cast<size_t>(width), 1.0f);
    return {static_cast<const float *>(hold_(values.data(), values.size() * sizeof(float)))};
  }

private:
  BenchModel &model_;
  const Hold &hold_;
};

} // namespace

BenchModel make_bench_model(const Hold &hold) {
  BenchModel bench;
  HyperParameters p;
  p.architecture = Architecture::qwen2;
  p.layers.assign(4, {.heads = 4, .kv_heads = 2, .head_dim = 64, .feed_forward = 768});
  p.embedding = 256;
  p.vocab = 1024;
  p.context_length = 2048;
  p.ropes = {{.dims = 64}};
  p.rms_epsilon = 1e-6;
  p.attention_scale = 0.125;
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const TensorSpec &spec : present_tensors(p)) shapes.emplace(spec.name, spec.shape);
  Builder build(bench, hold);
  bench.frozen.model = assemble_model(
      p,
      [&](const std::string &name) -> Linear {
        const auto found = shapes.find(name + ".weight");
        return found == shapes.end() ? Linear{} : Linear{build.matrix(found->second[0], found->second[1])};
      },
      [&](const std::string &name) -> Norm {
        const auto found = shapes.find(name);
        return found == shapes.end() ? Norm{} : build.ones(found->second[0]);
      });
  return bench;
}

} // namespace trex
