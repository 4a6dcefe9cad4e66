#include "model/transformer.h"

#include <algorithm>
#include <cmath>
#include <new>

#include "model/attention_block.h"
#include "model/delta_net_block.h"
#include "model/feed_forward_block.h"
#include "model/hold.h"
#include "model/moe_block.h"
#include "model/per_layer_embedding.h"
#include "model/rope_angles.h"

namespace trex {
namespace {

// x -> middle
void mix_tokens(const LayerPass &layer) {
  layer.shape.has_delta_net() ? delta_net_block_forward(layer) : attention_block_forward(layer);
}

void mix_tokens_backward(const LayerPass &layer, bool input_gradient) {
  layer.shape.has_delta_net() ? delta_net_block_backward(layer, input_gradient)
                              : attention_block_backward(layer, input_gradient);
}

// middle -> x_out, or what is there before the per-layer embedding
void mix_features(const LayerPass &layer, Matrix x_out) {
  layer.shape.experts > 0 ? moe_block_forward(layer, x_out) : feed_forward_block_forward(layer, x_out);
}

void mix_features_again(const LayerPass &layer) {
  layer.shape.experts > 0 ? moe_block_again(layer) : feed_forward_block_again(layer);
}

void mix_features_backward(const LayerPass &layer, bool inner_again) {
  layer.shape.experts > 0 ? moe_block_backward(layer, inner_again) : feed_forward_block_backward(layer, inner_again);
}

int64_t largest_head(const HyperParameters &p) {
  int64_t most = 0;
  for (const LayerShape &layer : p.layers) most = std::max(most, layer.head_dim);
  return most;
}

void clear(const Pass &pass, std::initializer_list<Matrix> matrices) {
  for (const Matrix &m : matrices) {
    if (m.data != nullptr) pass.ops.fill(pass.device, m, 0.0f);
  }
}

} // namespace

void TokenBatch::clear() {
  tokens.clear();
  positions.clear();
  offsets.assign(1, 0);
  target_rows.clear();
  targets.clear();
  longest = 0;
  parents.clear();
  carry.clear();
}

PackedBatch TokenBatch::packed() const {
  return {tokens.data(), positions.data(), offsets.data(), static_cast<int64_t>(offsets.size()) - 1,
          token_count(), longest, parents.empty() ? nullptr : parents.data(), static_cast<int64_t>(carry.before.size())};
}

Transformer::Transformer(const Ops &ops, Device &device, const Model &model, const PassLimits &limits, int64_t longest)
    : ops_(ops), device_(device), model_(model), limits_(limits) {
  limits_.element = ops.activations;
  const PassMemory measured = lay_out(model.parameters, limits_, nullptr);
  const std::vector<RopeParameters> &ropes = model.parameters.ropes;
  const Hold hold = hold_by(ops, device);
  const auto held = [&](const std::vector<float> &values) {
    return static_cast<const float *>(hold(values.data(), values.size() * sizeof(float)));
  };
  angles_.resize(2 * ropes.size());
  for (size_t i = 0; i < ropes.size(); ++i) {
    std::vector<float> &cosine = angles_[2 * i], &sine = angles_[2 * i + 1];
    rope_angles(ropes[i], longest, cosine, sine);
    ropes_.push_back({held(cosine), held(sine), 0, ropes[i].dims,
                      model.parameters.traits().rope_style == RopeStyle::neox});
  }
  for (const LayerShape &shape : model.parameters.layers) {
    expert_offsets_.emplace_back(static_cast<size_t>(shape.experts + 1));
  }
  memory_ = ops.allocate(device, measured.activation_bytes + measured.workspace_bytes);
  if (memory_ == nullptr) throw std::bad_alloc();
  at_ = lay_out(model.parameters, limits_, memory_);
  for (size_t i = 0; i < at_.layers.size(); ++i) at_.layers[i].experts.host_offsets = expert_offsets_[i].data();
  if (at_.work.ones != nullptr) fill(at_.work.ones, largest_head(model.parameters), 1.0f);
  clear_loss();
}

Transformer::~Transformer() {
  if (more_targets_ != nullptr) ops_.release(device_, more_targets_);
  ops_.release(device_, memory_);
}

void Transformer::fill(float *values, int64_t count, float value) {
  if (count > 0) ops_.fill(device_, {values, 1, count, count}, value);
}

void Transformer::clear_loss() {
  constexpr double nothing = 0.0;
  ops_.upload(device_, at_.work.loss, &nothing, sizeof nothing);
}

double Transformer::take_loss() {
  double loss = 0.0;
  ops_.download(device_, &loss, at_.work.loss, sizeof loss);
  clear_loss();
  return loss;
}

Pass Transformer::begin(const TokenBatch &batch, const PassNoise &noise) {
  const HyperParameters &p = model_.parameters;
  packed_ = batch.packed();
  placed_ = ops_.place_batch(device_, packed_);
  if (placed_.documents != packed_.documents) throw std::bad_alloc();
  temperatures_.clear();
  if (p.temperature_scale != 0.0) {
    for (const int32_t position : batch.positions) {
      const double stretches = std::floor(static_cast<float>(position) / static_cast<float>(p.temperature_length));
      temperatures_.push_back(static_cast<float>(std::log(stretches + 1.0) * p.temperature_scale + 1.0));
    }
  }
  upload(at_.work.temperatures, temperatures_);
  upload(at_.work.carried_before, batch.carry.before);
  upload(at_.work.carried_kept, batch.carry.kept);
  return {ops_,
          device_,
          p,
          placed_,
          noise,
          cut(at_.work, packed_.token_count),
          cut(at_.per_layer, packed_.token_count),
          ropes_,
          at_.work.temperatures,
          batch.carry};
}

LayerPass Transformer::layer(const Pass &pass, size_t index) const {
  const LayerShape &shape = model_.parameters.layers[index];
  return {pass, index, shape, model_.layers[index], cut(at_.layers[index], shape, pass.tokens())};
}

// NEFTune (Jain et al., 2023).
void Transformer::add_embedding_noise(const Pass &pass, Matrix x) {
  amplitudes_.resize(static_cast<size_t>(pass.tokens()));
  for (int64_t document = 0; document < packed_.documents; ++document) {
    const int32_t begin = packed_.offsets[document], end = packed_.offsets[document + 1];
    const double values = static_cast<double>(end - begin) * static_cast<double>(x.cols);
    const auto amplitude = static_cast<float>(static_cast<double>(pass.noise.embedding_noise) / std::sqrt(values));
    std::fill(amplitudes_.begin() + begin, amplitudes_.begin() + end, amplitude);
  }
  upload(pass.work.amplitudes, amplitudes_);
  const uint64_t stream = (pass.noise.step << 20) + (uint64_t{1} << 19); // no dropout mask has this number
  ops_.add_noise(device_, x, pass.work.amplitudes, {pass.noise.seed, stream, pass.noise.first_token});
}

// The residual stream after the last layer into work.final_x.
void Transformer::forward(const Pass &pass) {
  const Matrix x = top(at_.layers.front().x, pass.tokens());
  ops_.embedding_forward(device_, x, pass.batch.tokens, model_.embedding,
                         static_cast<float>(model_.parameters.embedding_scale));
  if (pass.noise.embedding_noise > 0.0f) add_embedding_noise(pass, x);
  if (model_.per_layer.table.data != nullptr) per_layer_inputs_forward(pass, model_.per_layer, x);
  for (size_t index = 0; index < model_.layers.size(); ++index) layer_forward(pass, index);
}

// The residual stream behind a layer.
Matrix Transformer::output_of(const Pass &pass, size_t index) const {
  const bool last = index + 1 == model_.layers.size();
  return last ? pass.work.final_x : top(at_.layers[index + 1].x, pass.tokens());
}

void Transformer::layer_forward(const Pass &pass, size_t index) {
  const LayerPass current = layer(pass, index);
  const Matrix x_out = output_of(pass, index);
  mix_tokens(current);
  if (model_.per_layer.table.data != nullptr) {
    mix_features(current, current.a.block_out);
    per_layer_embedding_forward(current, x_out);
  } else {
    mix_features(current, x_out);
  }
  if (current.shape.output_scale) scale_all(pass, x_out, *current.shape.output_scale);
}

// work.dx holds d(x_out) on entry and d(x) on return. What was not kept is computed again first; of the last layer it is
// still there.
void Transformer::layer_backward(const Pass &pass, size_t index) {
  const LayerPass current = layer(pass, index);
  const bool last = index + 1 == model_.layers.size(), per_layer = model_.per_layer.table.data != nullptr;
  if (limits_.recompute == Recompute::layer && !last) {
    mix_tokens(current);
    if (per_layer) {
      mix_features(current, current.a.block_out);
      per_layer_embedding_forward(current, pass.work.dnormed); // scratch at this point
    } else {
      mix_features_again(current);
    }
  }
  if (current.shape.output_scale) scale_all(pass, pass.work.dx, *current.shape.output_scale);
  if (per_layer) per_layer_embedding_backward(current);
  mix_features_backward(current, limits_.recompute == Recompute::feed_forward && !last);
  // Below the first layer lies only the embedding: without a gradient of it, nobody needs d(x) there.
  mix_tokens_backward(current, index > 0 || model_.dembedding != nullptr);
}

// Everything below and including the head, from the weight of each target, all of which are in place.
void Transformer::backward(const Pass &pass, const TokenBatch &batch, const TargetMemory &at) {
  clear(pass, {pass.work.dx});
  const int64_t chunk = head_chunk();
  for (int64_t first = 0; first < batch.target_count(); first += chunk) {
    head_backward(pass, {model_.output_norm, model_.head}, at.rows + first, at.targets + first,
                  std::min(chunk, batch.target_count() - first), at.weights + first, at.losses + first);
  }
  for (size_t index = 0; index < model_.layers.size(); ++index) {
    const LayerPass current = layer(pass, index);
    if (current.shape.has_own_keys()) clear(pass, {current.a.readers_dk, current.a.readers_dv});
  }
  for (size_t index = model_.layers.size(); index-- > 0;) layer_backward(pass, index);
  if (model_.per_layer.table.data != nullptr && model_.dembedding != nullptr) { // else nothing before it is trained
    per_layer_inputs_backward(pass, model_.per_layer, top(at_.layers.front().x, pass.tokens()));
  }
  if (model_.dembedding != nullptr) {
    ops_.embedding_backward(device_, model_.dembedding, pass.work.dx, pass.batch.tokens,
                            static_cast<float>(model_.parameters.embedding_scale));
  }
}

void Transformer::loss_and_gradients(const TokenBatch &batch, float grad_scale, const PassNoise &noise) {
  const Pass pass = begin(batch, noise);
  forward(pass);
  const TargetMemory at = place_targets(batch, batch.target_rows);
  fill(at.weights, batch.target_count(), grad_scale);
  backward(pass, batch, at);
  if (batch.target_count() > 0) ops_.add_up(device_, at_.work.loss, at.losses, batch.target_count());
}

double Transformer::loss_and_gradients(const TokenBatch &batch, const WeighTargets &weigh, const PassNoise &noise) {
  const Pass pass = begin(batch, noise);
  forward(pass);
  head_log_probabilities(pass, batch, log_probabilities_, is_argmax_, {});
  weights_.resize(batch.targets.size());
  const double loss = weigh(log_probabilities_, weights_);
  const TargetMemory at = place_targets(batch, batch.target_rows);
  upload(at.weights, weights_);
  backward(pass, batch, at);
  return loss;
}

void Transformer::score(const TokenBatch &batch, std::vector<double> &log_probabilities,
                        std::vector<uint8_t> &is_argmax, const LogitsSink &sink) {
  const PassNoise none;
  const Pass pass = begin(batch, none);
  forward(pass);
  head_log_probabilities(pass, batch, log_probabilities, is_argmax, sink);
}

double Transformer::loss(const TokenBatch &batch) {
  score(batch, log_probabilities_, is_argmax_);
  double sum = 0.0;
  for (const double value : log_probabilities_) sum -= value;
  return sum;
}

} // namespace trex
