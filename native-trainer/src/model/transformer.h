// Forward and backward pass of the pre-norm decoder shared by llama, qwen2 and qwen3, over the op interface.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "model/activations.h"
#include "model/model.h"

namespace trex {

// Whole documents, one after another, and which tokens are to be predicted.
struct TokenBatch {
  std::vector<int32_t> tokens;
  std::vector<int32_t> positions;   // inside the document
  std::vector<int32_t> offsets{0};  // documents + 1
  std::vector<int32_t> target_rows; // index of the token whose output predicts a target; increasing
  std::vector<int32_t> targets;     // the token it should predict
  int64_t longest = 0;              // tokens in the longest document

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

// Seeds the LoRA dropout of one micro-batch.
struct DropoutState {
  float rate = 0.0f;
  uint64_t seed = 0;
  uint64_t step = 0;
  int64_t first_token = 0; // tokens of the step that came before this micro-batch
};

// Is given logits [rows, V], dense, of consecutive targets in order.
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

  // The same, and adds grad_scale times its gradient to every gradient the model holds.
  double loss_and_gradients(const TokenBatch &batch, float grad_scale, const DropoutState &dropout);

  // ln p of each target, and whether it is the most likely token. The logits they come from are shown to `logits`.
  void score(const TokenBatch &batch, std::vector<double> &log_probabilities, std::vector<uint8_t> &is_argmax,
             const LogitsSink &logits = {});

private:
  void forward(const TokenBatch &batch, const DropoutState &dropout);
  void layer_forward(size_t index, const PackedBatch &batch, const DropoutState &dropout, float *x_out);
  void layer_backward(size_t index, const PackedBatch &batch, const DropoutState &dropout);
  Matrix head_forward(const TokenBatch &batch, int64_t first, int64_t rows);
  double head_backward(const TokenBatch &batch, int64_t first, int64_t rows, float grad_scale);
  void project(size_t layer, Projection projection, float *y, float *x, int64_t tokens, const DropoutState &dropout);
  void project_backward(size_t layer, Projection projection, float *dx, bool add_to_dx, float *dy, float *x,
                        int64_t tokens, const DropoutState &dropout);
  RopeTable rope_table() const;

  const Ops &ops_;
  Device &device_;
  const Model &model_;
  PassLimits limits_;
  float *memory_ = nullptr;
  PassMemory at_;
  std::vector<float> cosine_, sine_; // [longest, D / 2]
};

} // namespace trex
