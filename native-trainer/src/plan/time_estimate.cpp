#include "plan/time_estimate.h"

#include <algorithm>
#include <chrono>
#include <new>

#include "common/cpu_features.h"
#include "gguf/tensor_layout.h"
#include "ops/cpu/gemm.h"

namespace trex {

double training_operations_per_token(const HyperParameters &p, const TrainingShape &shape,
                                     double mean_document_tokens, double target_share) {
  double weights = target_share * static_cast<double>(p.embedding * p.vocab); // the head, tied or not
  for (const TensorSpec &spec : present_tensors(p)) {
    if (spec.shape.size() < 2 || !spec.name.starts_with("blk.")) continue;
    const auto matrix = static_cast<double>(spec.shape[0] * spec.shape[1]);
    weights += spec.shape.size() == 2 ? matrix : matrix * static_cast<double>(p.layers.front().experts_used);
  }
  const double base = weights * (shape.full ? 6.0 : 4.0);
  double lora = 0.0;
  for (const LoraTensor &tensor : shape.lora) {
    const auto used = tensor.experts == 1 ? 1 : p.layers.front().experts_used;
    lora += 6.0 * static_cast<double>(used * tensor.rank * (tensor.in + tensor.out));
  }
  // q.k and p.v forward, four such products backward; a causal mask leaves half of each.
  double attention = 0.0;
  for (const LayerShape &layer : p.layers) {
    const double seen = layer.window > 0 ? std::min(mean_document_tokens, 2.0 * static_cast<double>(layer.window)) : mean_document_tokens;
    attention += 6.0 * seen * static_cast<double>(layer.q_width());
  }
  return base + lora + attention;
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
