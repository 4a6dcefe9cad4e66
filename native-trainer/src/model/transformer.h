// Forward and backward pass of a decoder of any supported family, over the op interface: embedding, layers, head.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "model/activations.h"
#include "model/carried_keys.h"
#include "model/head.h"
#include "model/model.h"
#include "model/pass.h"

namespace trex {

// Whole documents, one after another, and which tokens are to be predicted. For scoring it may be a stretch of a tree of
// prefixes instead (train/prefix_tree.h): then parents is set and positions go on after the parent's (ops.h).
struct TokenBatch {
  std::vector<int32_t> tokens;
  std::vector<int32_t> positions;   // inside the document
  std::vector<int32_t> offsets{0};  // documents + 1
  std::vector<int32_t> target_rows; // index of the token whose output predicts a target; in a tree one may predict several
  std::vector<int32_t> targets;     // the token it should predict
  int64_t longest = 0;              // tokens in the longest document
  std::vector<int32_t> parents;     // of each piece of a tree; empty for whole documents
  CarriedKeys carry;

  // A document without its last token, which is only ever a target. Position i counts when is_target(i).
  template <class IsTarget> void append(std::span<const int32_t> document, const IsTarget &is_target) {
    const auto first = static_cast<int32_t>(tokens.size());
    const auto inputs = static_cast<int32_t>(document.size()) - 1;
    for (int32_t i = 0; i < inputs; ++i) {
      tokens.push_back(document[static_cast<size_t>(i)]);
      positions.push_back(i);
      if (!is_target(i + 1)) continue;
      target_rows.push_back(first + i);
      targets.push_back(document[static_cast<size_t>(i) + 1]);
    }
    offsets.push_back(first + inputs);
    longest = inputs > longest ? inputs : longest;
  }
  void clear();
  int64_t token_count() const { return static_cast<int64_t>(tokens.size()); }
  int64_t target_count() const { return static_cast<int64_t>(targets.size()); }
  PackedBatch packed() const;
};

// For objectives whose weights depend on the probabilities (DPO, ORPO): given ln p of each of the batch's targets, fills
// weights[i] = d(loss) / d(-ln p_i) and returns the batch's share of the loss.
using WeighTargets = std::function<double(std::span<const double> log_probabilities, std::span<float> weights)>;

// Is given logits [rows, V], dense and on the host, of consecutive targets in order; targets of one row share theirs.
using LogitsSink = std::function<void(const float *logits, int64_t rows, int64_t vocab)>;

class Transformer {
public:
  // `longest` tokens is the longest document that will come. Throws std::bad_alloc.
  Transformer(const Ops &ops, Device &device, const Model &model, const PassLimits &limits, int64_t longest);
  ~Transformer();
  Transformer(const Transformer &) = delete;
  Transformer &operator=(const Transformer &) = delete;

  // Sum over the batch's targets of -ln p, without gradients.
  double loss(const TokenBatch &batch);

  // Adds the batch's loss to what take_loss() will return, and grad_scale times its gradient to every gradient the model
  // holds. Does not wait for the device.
  void loss_and_gradients(const TokenBatch &batch, float grad_scale, const PassNoise &noise);

  // The losses of the batches since the last call. Waits for them.
  double take_loss();

  // Adds the gradient of a loss that `weigh` defines, and returns what it returned. The head is computed twice.
  double loss_and_gradients(const TokenBatch &batch, const WeighTargets &weigh, const PassNoise &noise);

  // ln p of each target, and whether it is the most likely token: bit for bit the same whatever else is in the batch and
  // however a target's prefix is cut into pieces and batches. The logits they come from are shown to `logits`.
  void score(const TokenBatch &batch, std::vector<double> &log_probabilities, std::vector<uint8_t> &is_argmax,
             const LogitsSink &logits = {});

private:
  Pass begin(const TokenBatch &batch, const PassNoise &noise);
  LayerPass layer(const Pass &pass, size_t index) const;
  void forward(const Pass &pass);
  Matrix output_of(const Pass &pass, size_t index) const;
  void layer_forward(const Pass &pass, size_t index);
  void add_embedding_noise(const Pass &pass, Matrix x);
  TargetMemory place_targets(const TokenBatch &batch, const std::vector<int32_t> &rows);
  TargetMemory room_for_targets(int64_t count);
  void backward(const Pass &pass, const TokenBatch &batch, const TargetMemory &at);
  void layer_backward(const Pass &pass, size_t index);
  void head_log_probabilities(const Pass &pass, const TokenBatch &batch, std::vector<double> &log_probabilities,
                              std::vector<uint8_t> &is_argmax, const LogitsSink &sink);
  void log_probabilities_of_rows(const TokenBatch &batch, Matrix logits, const TargetMemory &at, size_t first,
                                 size_t end);
  void show(const LogitsSink &sink, const Matrix &logits);
  template <class Value> void upload(Value *to, const std::vector<Value> &from) {
    if (!from.empty()) ops_.upload(device_, to, from.data(), from.size() * sizeof(Value));
  }
  template <class Value> void download(std::vector<Value> &to, const Value *from) {
    if (!to.empty()) ops_.download(device_, to.data(), from, to.size() * sizeof(Value));
  }
  void fill(float *values, int64_t count, float value);
  void clear_loss();
  int64_t head_chunk() const { return head_chunk_rows(model_.parameters, limits_.tokens); }

  const Ops &ops_;
  Device &device_;
  const Model &model_;
  PassLimits limits_;
  void *memory_ = nullptr;
  PassMemory at_;
  std::vector<std::vector<float>> angles_; // cosines and sines of every rope, [longest, R / 2] each
  std::vector<RopeTable> ropes_;
  PackedBatch packed_, placed_;    // the batch of the pass, on the host and in the back end's memory
  void *more_targets_ = nullptr;   // room for those of a batch that has more targets than tokens
  int64_t more_target_count_ = 0;
  // On the host:
  std::vector<float> temperatures_;        // of each token of the batch, where the family has them
  std::vector<float> amplitudes_;          // likewise, of the embedding noise
  std::vector<float> weights_;             // of each target of the batch
  std::vector<double> log_probabilities_;  // likewise
  std::vector<uint8_t> is_argmax_;         // likewise
  std::vector<int32_t> head_rows_;         // target rows without repetitions
  std::vector<float> shown_logits_;
  std::vector<std::vector<int32_t>> expert_offsets_; // of each layer
};

} // namespace trex
