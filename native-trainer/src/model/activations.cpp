#include "model/activations.h"

#include <algorithm>

namespace trex {
namespace {

class Carver {
public:
  explicit Carver(float *base) : base_(base) {}

  float *take(int64_t rows, int64_t columns) {
    constexpr size_t line = 16; // floats of a cache line
    float *piece = base_ == nullptr ? nullptr : base_ + used_;
    used_ += (static_cast<size_t>(rows * columns) + line - 1) / line * line;
    return piece;
  }
  size_t used() const { return used_; }

private:
  float *base_;
  size_t used_ = 0;
};

ProjectionRanks largest_ranks(const PassLimits &limits) {
  ProjectionRanks largest{};
  for (const ProjectionRanks &ranks : limits.ranks) {
    for (size_t p = 0; p < projection_count; ++p) largest[p] = std::max(largest[p], ranks[p]);
  }
  return largest;
}

LayerActivations take_layer(Carver &carver, const HyperParameters &p, int64_t tokens, const ProjectionRanks &ranks) {
  LayerActivations a;
  a.x = carver.take(tokens, p.embedding);
  a.attention_rstd = carver.take(tokens, 1);
  if (p.qk_norm) {
    a.q_raw = carver.take(tokens, p.q_width());
    a.k_raw = carver.take(tokens, p.kv_width());
    a.q_rstd = carver.take(tokens, p.heads);
    a.k_rstd = carver.take(tokens, p.kv_heads);
  }
  a.q = carver.take(tokens, p.q_width());
  a.k = carver.take(tokens, p.kv_width());
  a.v = carver.take(tokens, p.kv_width());
  a.attention = carver.take(tokens, p.q_width());
  a.lse = carver.take(tokens, p.heads);
  a.middle = carver.take(tokens, p.embedding);
  a.ffn_rstd = carver.take(tokens, 1);
  a.gate = carver.take(tokens, p.feed_forward);
  a.up = carver.take(tokens, p.feed_forward);
  for (size_t i = 0; i < projection_count; ++i) a.h[i] = carver.take(tokens, ranks[i]);
  return a;
}

Workspace take_workspace(Carver &carver, const HyperParameters &p, const PassLimits &limits, int64_t largest_rank) {
  const int64_t tokens = limits.tokens, rows = head_chunk_rows(p, tokens);
  Workspace w;
  w.normed = carver.take(tokens, p.embedding);
  w.activated = carver.take(tokens, p.feed_forward);
  w.final_x = carver.take(tokens, p.embedding);
  w.dropped = carver.take(tokens, std::max({p.embedding, p.q_width(), p.feed_forward}));
  w.head_x = carver.take(rows, p.embedding);
  w.head_normed = carver.take(rows, p.embedding);
  w.head_rstd = carver.take(rows, 1);
  w.logits = carver.take(rows, p.vocab);
  if (!limits.backward) return w;
  w.dx = carver.take(tokens, p.embedding);
  w.dnormed = carver.take(tokens, p.embedding);
  w.dq = carver.take(tokens, p.q_width());
  w.dk = carver.take(tokens, p.kv_width());
  w.dv = carver.take(tokens, p.kv_width());
  w.dattention = carver.take(tokens, p.q_width());
  w.dactivated = carver.take(tokens, p.feed_forward);
  w.dh = carver.take(tokens, largest_rank);
  w.head_dx = carver.take(rows, p.embedding);
  return w;
}

} // namespace

int64_t head_chunk_rows(const HyperParameters &parameters, int64_t tokens) {
  constexpr int64_t logits = 16 * 1024 * 1024;
  return std::min(tokens, std::max<int64_t>(32, logits / parameters.vocab));
}

PassMemory lay_out(const HyperParameters &parameters, const PassLimits &limits, float *base) {
  PassMemory memory;
  Carver carver(base);
  const ProjectionRanks largest = largest_ranks(limits);
  memory.layers.reserve(static_cast<size_t>(parameters.layers));
  for (int64_t layer = 0; layer < parameters.layers; ++layer) {
    if (limits.backward) {
      memory.layers.push_back(
          take_layer(carver, parameters, limits.tokens, limits.ranks[static_cast<size_t>(layer)]));
    } else {
      memory.layers.push_back(layer == 0 ? take_layer(carver, parameters, limits.tokens, largest)
                                         : memory.layers.front());
    }
  }
  memory.activation_floats = carver.used();
  memory.work = take_workspace(carver, parameters, limits, *std::max_element(largest.begin(), largest.end()));
  memory.workspace_floats = carver.used() - memory.activation_floats;
  return memory;
}

} // namespace trex
