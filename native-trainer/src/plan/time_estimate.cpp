#include "plan/time_estimate.h"

#include <algorithm>
#include <chrono>
#include <new>

#include "common/cpu_features.h"
#include "gguf/tensor_layout.h"
#include "ops/cpu/gemm.h"

namespace trex {

namespace {

// Weights that a token is multiplied with on its way forward; the head, tied or not, only sees the share that predicts.
double weights_per_token(const HyperParameters &p, double target_share) {
  double weights = target_share * static_cast<double>(p.embedding * p.vocab);
  for (const TensorSpec &spec : present_tensors(p)) {
    const bool of_layers = spec.name.starts_with("blk.") || spec.name == "per_layer_model_proj.weight";
    if (spec.shape.size() < 2 || !of_layers) continue;
    const auto matrix = static_cast<double>(spec.shape[0] * spec.shape[1]);
    weights += spec.shape.size() == 2 ? matrix : matrix * static_cast<double>(p.layers.front().experts_used);
  }
  return weights;
}

// Attention's two products over all layers for one token, in values of q times keys seen. A causal mask leaves half of a
// document on average; a sliding window leaves itself.
double attention_per_token(const HyperParameters &p, double mean_document_tokens) {
  double products = 0.0;
  for (const LayerShape &layer : p.layers) {
    products += 1.5 * static_cast<double>(layer.delta.value_width() * layer.delta.head_dim); // three with every state
    if (layer.has_delta_net()) continue;
    const double window = layer.window > 0 ? static_cast<double>(layer.window) : mean_document_tokens;
    products += std::min(mean_document_tokens / 2.0, window) * static_cast<double>(layer.q_width());
  }
  return products;
}

} // namespace

double training_operations_per_token(const HyperParameters &p, const TrainingShape &shape,
                                     double mean_document_tokens, double target_share) {
  const double base = weights_per_token(p, target_share) * (shape.full ? 6.0 : 4.0);
  double lora = 0.0;
  for (const LoraTensor &tensor : shape.lora) {
    const int64_t used = tensor.experts > 1 ? p.layers.front().experts_used : 1;
    lora += 6.0 * static_cast<double>(used * (tensor.rank - tensor.frozen_rank) * (tensor.in + tensor.out));
  }
  // q.k and p.v forward, four such products backward.
  return base + lora + 12.0 * attention_per_token(p, mean_document_tokens);
}

double scoring_operations_per_token(const HyperParameters &p, double mean_document_tokens, double target_share) {
  return 2.0 * weights_per_token(p, target_share) + 4.0 * attention_per_token(p, mean_document_tokens);
}

double measure_operations_per_second(int threads) {
  constexpr int64_t rows = 256;
  constexpr int64_t width = 1024;
  CpuDevice device(threads, 1, best_isa());
  const FloatBuffer a = allocate_floats(rows * width);
  const FloatBuffer b = allocate_floats(width * width);
  const FloatBuffer c = allocate_floats(rows * width);
  if (!a || !b || !c) throw std::bad_alloc();
  std::fill_n(a.get(), rows * width, 0.5f);
  std::fill_n(b.get(), width * width, 0.25f);
  Gemm product{};
  product.rows = rows;
  product.columns = width;
  product.c = c.get();
  product.c_stride = width;
  product.terms[0] = {{a.get(), width, false}, right_floats(b.get(), width, true), width};
  product.term_count = 1;

  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  double best_seconds = 1e9;
  do {
    const Clock::time_point start = Clock::now();
    gemm(device, product);
    best_seconds = std::min(best_seconds, std::chrono::duration<double>(Clock::now() - start).count());
  } while (Clock::now() - begin < std::chrono::milliseconds(150));
  return 2.0 * static_cast<double>(rows * width * width) / best_seconds;
}

} // namespace trex
