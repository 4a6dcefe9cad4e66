// How many tokens score puts through the model at once, and the bytes that takes.
#pragma once

#include <cstdint>
#include <optional>

#include "gguf/model_file.h"
#include "model/activations.h"
#include "model/model.h"
#include "ops/backend.h"
#include "train/prefix_tree.h"

namespace trex {

struct ScorePlan {
  PassLimits limits;
  uint64_t bytes = 0; // of everything: weights as mapped, adapter, activations, keys and values carried on, the pairs
};

struct ScoreShape {
  const ModelFile &file;
  const Model &model; // with its adapter
  const PrefixTree &tree;
  uint64_t pair_bytes; // of the tokens read
  int threads;
  BackendKind backend = BackendKind::cpu;
};

// Up to 2048 tokens, or `batch_tokens`; halved, down to 32 (or what the tree needs), until the plan is within `comfortable_bytes`. What the
// caller gets for its results does not depend on it.
ScorePlan plan_score(const ScoreShape &shape, std::optional<int64_t> batch_tokens, uint64_t comfortable_bytes);

} // namespace trex
