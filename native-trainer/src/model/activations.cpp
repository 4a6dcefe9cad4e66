#include "model/activations.h"

#include <algorithm>

namespace trex {
namespace {

// Hands out pieces one after another. Layers that share memory are laid over each other: rewind() goes back, and what
// counts in the end is the furthest that was ever reached.
class Carver {
public:
  Carver(void *base, Element element) : base_(static_cast<std::byte *>(base)), element_(element) {}

  float *floats(int64_t count) { return static_cast<float *>(bytes(count * int64_t{sizeof(float)})); }
  int32_t *integers(int64_t count) { return static_cast<int32_t *>(bytes(count * int64_t{sizeof(int32_t)})); }
  double *doubles(int64_t count) { return static_cast<double *>(bytes(count * int64_t{sizeof(double)})); }
  Matrix f32(int64_t rows, int64_t columns) { return {floats(rows * columns), rows, columns, columns, Element::f32}; }
  Matrix take(int64_t rows, int64_t columns) {
    return {bytes(rows * columns * element_bytes(element_)), rows, columns, columns, element_};
  }
  void *bytes(int64_t count) {
    constexpr size_t line = 256; // what a GPU reads best begins here
    void *piece = base_ == nullptr ? nullptr : base_ + used_;
    used_ += (static_cast<size_t>(count) + line - 1) / line * line;
    furthest_ = std::max(furthest_, used_);
    return piece;
  }

  size_t position() const { return used_; }
  void rewind(size_t position) { used_ = position; }
  void to_furthest() { used_ = furthest_; }

private:
  std::byte *base_;
  Element element_;
  size_t used_ = 0, furthest_ = 0;
};

// Columns that the query projection gives.
int64_t query_width(const LayerShape &layer, const ArchitectureTraits &traits) {
  return traits.gated_attention ? 2 * layer.q_width() : layer.q_width();
}

void take_delta_net(LayerActivations &a, Carver &carver, const HyperParameters &p, const DeltaNetShape &delta,
                    int64_t tokens) {
  a.attention_rstd = carver.floats(tokens);
  a.mixed = carver.take(tokens, delta.mixed_width());
  a.convolved = carver.take(tokens, delta.mixed_width());
  a.unit_inverse = carver.floats(tokens * 2 * delta.key_heads);
  a.z = carver.take(tokens, delta.value_width());
  for (Matrix *m : {&a.beta, &a.alpha, &a.log_decay}) *m = carver.f32(tokens, delta.value_heads);
  a.delta_out = carver.take(tokens, delta.value_width());
  a.delta_rstd = carver.floats(tokens * delta.value_heads);
  a.middle = carver.take(tokens, p.embedding);
}

void take_keys(LayerActivations &a, Carver &carver, const LayerShape &layer, int64_t tokens, int64_t carried) {
  a.k = rows_from(carver.take(carried + tokens, layer.kv_width()), carried);
  a.v = rows_from(carver.take(carried + tokens, layer.kv_width()), carried);
}

void take_before_norms(LayerActivations &a, Carver &carver, const ArchitectureTraits &traits, const LayerShape &layer,
                       int64_t tokens) {
  if (traits.qk_norm) {
    a.q_raw = carver.take(tokens, query_width(layer, traits));
    a.q_rstd = carver.floats(tokens * layer.heads);
  }
  if (traits.qk_norm && layer.has_own_keys()) {
    a.k_raw = carver.take(tokens, layer.kv_width());
    a.k_rstd = carver.floats(tokens * layer.kv_heads);
  }
  if (traits.value_norm && layer.has_own_keys()) {
    a.v_raw = layer.values_are_keys ? a.k_raw : carver.take(tokens, layer.kv_width());
    a.v_rstd = carver.floats(tokens * layer.kv_heads);
  }
}

void take_attention(LayerActivations &a, Carver &carver, const HyperParameters &p, const LayerShape &layer,
                    int64_t tokens, int64_t carried, bool has_keys) {
  const ArchitectureTraits &traits = p.traits();
  if (layer.has_delta_net()) return take_delta_net(a, carver, p, layer.delta, tokens);
  const int64_t q = layer.q_width(), kv = layer.kv_width();
  a.attention_rstd = carver.floats(tokens);
  take_before_norms(a, carver, traits, layer, tokens);
  if (traits.fused) {
    a.qkv = rows_from(carver.take(carried + tokens, q + 2 * kv), carried);
    a.q = columns_of(a.qkv, 0, q);
    a.k = columns_of(a.qkv, q, kv);
    a.v = columns_of(a.qkv, q + kv, kv);
  } else {
    a.q = carver.take(tokens, q);
    if (!has_keys) take_keys(a, carver, layer, tokens, carried);
  }
  a.attention = carver.take(tokens, q);
  a.lse = carver.floats(tokens * layer.heads);
  if (traits.post_norms) {
    a.attention_out = carver.take(tokens, p.embedding);
    a.post_attention_rstd = carver.floats(tokens);
  }
  a.middle = carver.take(tokens, p.embedding);
}

void take_feed_forward(LayerActivations &a, Carver &carver, const HyperParameters &p, const LayerShape &layer,
                       int64_t tokens) {
  if (layer.experts > 0) {
    const int64_t slots = tokens * layer.experts_used;
    a.experts.gate = carver.take(slots, layer.feed_forward);
    a.experts.up = carver.take(slots, layer.feed_forward);
    a.experts.out = carver.take(slots, p.embedding);
  } else if (p.traits().fused) {
    a.gate_up = carver.take(tokens, 2 * layer.feed_forward);
    a.gate = columns_of(a.gate_up, 0, layer.feed_forward);
    a.up = columns_of(a.gate_up, layer.feed_forward, layer.feed_forward);
  } else {
    a.gate = carver.take(tokens, layer.feed_forward);
    a.up = carver.take(tokens, layer.feed_forward);
  }
}

void take_routes(ExpertActivations &a, Carver &carver, const LayerShape &layer, int64_t tokens) {
  const int64_t slots = tokens * layer.experts_used;
  a.chosen = carver.integers(slots);
  a.weights = carver.floats(slots);
  a.groups = {carver.integers(layer.experts + 1), carver.integers(slots), carver.integers(slots)};
}

void take_rest(LayerActivations &a, Carver &carver, const HyperParameters &p, const LayerShape &layer, int64_t tokens,
               const ProjectionRanks &ranks) {
  a.ffn_rstd = carver.floats(tokens);
  if (p.traits().post_norms) {
    a.ffn_out = carver.take(tokens, p.embedding);
    a.post_ffn_rstd = carver.floats(tokens);
  }
  if (layer.experts > 0) take_routes(a.experts, carver, layer, tokens);
  if (p.per_layer_embedding > 0) {
    a.block_out = carver.take(tokens, p.embedding);
    a.inp_gate = carver.take(tokens, p.per_layer_embedding);
    a.proj_out = carver.take(tokens, p.embedding);
    a.per_layer_rstd = carver.floats(tokens);
  }
  for (size_t i = 0; i < projection_count; ++i) {
    const int64_t rows = is_of_slots(i) ? tokens * layer.experts_used : tokens;
    if (rows * ranks[i] > 0) a.h[i] = carver.take(rows, ranks[i]);
  }
}

// Keys and values that later layers read outlive their layer.
void take_shared_keys(PassMemory &memory, Carver &carver, const HyperParameters &p, const PassLimits &limits) {
  for (size_t index = 0; index < p.layers.size(); ++index) {
    const LayerShape &layer = p.layers[index];
    LayerActivations &a = memory.layers[index];
    if (p.later_layers_read_keys_of(index)) {
      take_keys(a, carver, layer, limits.tokens, limits.carried);
      if (limits.backward) a.readers_dk = carver.take(limits.tokens, layer.kv_width());
      if (limits.backward) a.readers_dv = carver.take(limits.tokens, layer.kv_width());
    }
    if (layer.has_own_keys()) continue;
    const LayerActivations &from = memory.layers[static_cast<size_t>(layer.keys_from)];
    a.k = from.k;
    a.v = from.v;
    a.readers_dk = from.readers_dk;
    a.readers_dv = from.readers_dv;
  }
}

void take_per_layer(PassMemory &memory, Carver &carver, const HyperParameters &p, int64_t tokens) {
  const int64_t all = p.layer_count() * p.per_layer_embedding;
  if (all == 0) return;
  memory.per_layer.projected = carver.take(tokens, all);
  memory.per_layer.rstd = carver.floats(tokens * p.layer_count());
  memory.per_layer.inputs = carver.take(tokens, all);
}

// Which pieces of a layer are its own, and which lie over those of the other layers.
void take_layers(PassMemory &memory, Carver &carver, const HyperParameters &p, const PassLimits &limits) {
  const int64_t tokens = limits.tokens;
  const bool own_all = limits.backward && limits.recompute != Recompute::layer;
  const bool own_ffn = own_all && limits.recompute == Recompute::nothing;
  memory.layers.resize(p.layers.size());
  const Matrix shared_x = limits.backward ? Matrix{} : carver.take(tokens, p.embedding);
  for (LayerActivations &a : memory.layers) a.x = limits.backward ? carver.take(tokens, p.embedding) : shared_x;
  take_shared_keys(memory, carver, p, limits);
  const auto has_keys = [&p](size_t layer) {
    return !p.layers[layer].has_own_keys() || p.later_layers_read_keys_of(layer);
  };
  for (size_t layer = 0; own_all && layer < p.layers.size(); ++layer) {
    take_attention(memory.layers[layer], carver, p, p.layers[layer], tokens, 0, has_keys(layer));
    take_rest(memory.layers[layer], carver, p, p.layers[layer], tokens, limits.ranks[layer]);
    if (own_ffn) take_feed_forward(memory.layers[layer], carver, p, p.layers[layer], tokens);
  }
  if (own_ffn) return;
  for (size_t layer = 0; limits.carried > 0 && layer < p.layers.size(); ++layer) {
    if (!p.layers[layer].has_own_keys()) continue;
    memory.layers[layer].kept_k = carver.take(limits.carried, p.layers[layer].kv_width());
    memory.layers[layer].kept_v = carver.take(limits.carried, p.layers[layer].kv_width());
  }
  const size_t start = carver.position();
  for (size_t layer = 0; layer < p.layers.size(); ++layer) {
    carver.rewind(start);
    LayerActivations &a = memory.layers[layer];
    if (!own_all) take_attention(a, carver, p, p.layers[layer], tokens, limits.carried, has_keys(layer));
    if (!own_all) take_rest(a, carver, p, p.layers[layer], tokens, limits.ranks[layer]);
    take_feed_forward(a, carver, p, p.layers[layer], tokens);
  }
  carver.to_furthest();
}

// The largest of something over the layers.
template <class Of> int64_t largest(const HyperParameters &p, const Of &of) {
  int64_t most = 0;
  for (const LayerShape &layer : p.layers) most = std::max(most, of(layer));
  return most;
}

int64_t largest_rank(const PassLimits &limits) {
  int64_t most = 0;
  for (const ProjectionRanks &ranks : limits.ranks) most = std::max(most, *std::max_element(ranks.begin(), ranks.end()));
  return most;
}

TargetMemory take_targets(Carver &carver, int64_t count) {
  return {carver.integers(count), carver.integers(count), carver.floats(count), carver.doubles(count),
          static_cast<uint8_t *>(carver.bytes(count))};
}

Workspace take_workspace(Carver &carver, const HyperParameters &p, const PassLimits &limits) {
  const int64_t tokens = limits.tokens, rows = head_chunk_rows(p, tokens);
  const int64_t q = largest(p, [](const LayerShape &layer) {
    return layer.has_delta_net() ? layer.delta.value_width() : layer.q_width();
  });
  const int64_t qkv = largest(p, [&](const LayerShape &layer) {
    return layer.has_delta_net() ? layer.delta.mixed_width() : query_width(layer, p.traits()) + 2 * layer.kv_width();
  });
  const int64_t value_heads = largest(p, [](const LayerShape &layer) { return layer.delta.value_heads; });
  const int64_t used = largest(p, [](const LayerShape &layer) { return layer.experts_used; });
  const int64_t experts = largest(p, [](const LayerShape &layer) { return layer.experts; });
  const int64_t slots_inner = largest(p, [](const LayerShape &layer) { // of all of a token's slots together
    return layer.feed_forward * std::max<int64_t>(1, layer.experts_used);
  });
  const int64_t inner = std::max(p.per_layer_embedding, slots_inner);
  Workspace w;
  w.normed = carver.take(tokens, p.embedding);
  w.activated = carver.take(tokens, inner);
  if (experts > 0) w.slot_x = carver.take(tokens * used, p.embedding);
  if (experts > 0) w.router = carver.f32(tokens, experts);
  if (p.traits().gated_attention || value_heads > 0) w.gated = carver.take(tokens, q);
  if (p.per_layer_embedding > 0) w.table_rows = carver.take(tokens, p.layer_count() * p.per_layer_embedding);
  if (p.traits().output_scales) w.factors = carver.floats(tokens);
  if (p.traits().value_norm) w.ones = carver.floats(largest(p, [](const LayerShape &layer) { return layer.head_dim; }));
  w.final_x = carver.take(tokens, p.embedding);
  w.head_x = carver.take(rows, p.embedding);
  w.head_normed = carver.take(rows, p.embedding);
  w.head_rstd = carver.floats(rows);
  w.logits = carver.f32(rows, p.vocab);
  w.targets = take_targets(carver, tokens);
  w.loss = carver.doubles(1);
  if (p.temperature_scale != 0.0) w.temperatures = carver.floats(tokens);
  if (limits.carried > 0) w.carried_before = carver.integers(limits.carried);
  if (limits.carried > 0) w.carried_kept = carver.integers(limits.carried);
  if (!limits.backward) return w;
  w.amplitudes = carver.floats(tokens);
  // An expert has at most one of a token's slots, so what serves one projection of one expert at a time has T rows.
  const int64_t widest = largest(p, [](const LayerShape &layer) {
    return std::max({layer.q_width(), layer.delta.value_width(), layer.feed_forward});
  });
  if (limits.dropout) w.dropped = carver.take(tokens, std::max({p.embedding, p.per_layer_embedding, widest}));
  w.dx = carver.take(tokens, p.embedding);
  w.dnormed = carver.take(tokens, p.embedding);
  if (p.traits().post_norms) w.dblock = carver.take(tokens, p.embedding);
  w.dqkv = carver.take(tokens, qkv);
  w.dattention = carver.take(tokens, q);
  if (value_heads > 0) {
    w.dbeta = carver.f32(tokens, value_heads);
    w.dlog_decay = carver.f32(tokens, value_heads);
  }
  w.dactivated = carver.take(tokens, inner);
  if (experts > 0) w.dweights = carver.floats(tokens * used);
  w.dh = carver.take(tokens, largest_rank(limits));
  w.head_dx = carver.take(rows, p.embedding);
  return w;
}

} // namespace

const char *recompute_name(Recompute recompute) {
  switch (recompute) {
  case Recompute::nothing: return "nothing";
  case Recompute::feed_forward: return "feed_forward";
  case Recompute::layer: return "layer";
  }
  return "nothing";
}

std::optional<Recompute> recompute_named(std::string_view name) {
  for (const Recompute one : {Recompute::nothing, Recompute::feed_forward, Recompute::layer}) {
    if (name == recompute_name(one)) return one;
  }
  return std::nullopt;
}

int64_t head_chunk_rows(const HyperParameters &parameters, int64_t tokens) {
  constexpr int64_t logits = 16 * 1024 * 1024;
  return std::min(tokens, std::max<int64_t>(32, logits / parameters.vocab));
}

PassMemory lay_out(const HyperParameters &parameters, const PassLimits &limits, void *base) {
  PassMemory memory;
  Carver carver(base, limits.element);
  take_per_layer(memory, carver, parameters, limits.tokens);
  take_layers(memory, carver, parameters, limits);
  memory.activation_bytes = carver.position();
  memory.work = take_workspace(carver, parameters, limits);
  memory.workspace_bytes = carver.position() - memory.activation_bytes;
  return memory;
}

TargetMemory lay_out_targets(int64_t count, void *base) {
  Carver carver(base, Element::f32);
  return take_targets(carver, count);
}

size_t target_bytes(int64_t count) {
  Carver carver(nullptr, Element::f32);
  take_targets(carver, count);
  return carver.position();
}

QkvGradients split_qkv(const Matrix &dqkv, const LayerShape &layer, const ArchitectureTraits &traits) {
  const int64_t q = query_width(layer, traits), kv = layer.kv_width(), rows = dqkv.rows;
  if (traits.fused) return {columns_of(dqkv, 0, q), columns_of(dqkv, q, kv), columns_of(dqkv, q + kv, kv)};
  return {packed_within(dqkv, 0, rows, q), packed_within(dqkv, rows * q, rows, kv),
          packed_within(dqkv, rows * (q + kv), rows, kv)};
}

} // namespace trex
