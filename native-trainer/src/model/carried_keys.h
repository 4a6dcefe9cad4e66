// Keys and values that go from one batch to the next, when a tree of prefixes (train/prefix_tree.h) is scored in several
// batches: those of the one path that the next batch continues. The layers share the memory of a batch's own keys and
// values, so each layer keeps these in memory of its own and they are laid before the batch's when its turn comes.
#pragma once

#include <cstdint>
#include <vector>

#include "model/activations.h"

namespace trex {

struct LayerPass;

// Row p of a layer's kept keys is position p of the path.
struct CarriedKeys {
  std::vector<int32_t> before; // 0, 1, ...: rows that this batch's path continues
  std::vector<int32_t> kept;   // tokens of this batch that the next one's path runs through
  int64_t kept_from = 0;       // position of the first of them; rows before it stay as they are

  void clear();
};

// k or v of a batch with the carried rows before its own: [carried + T, K].
Matrix with_carried(const Matrix &m, int64_t carried);

// Nothing to do for layers that read the keys of another.
void carry_in(const LayerPass &layer);  // before a layer's attention
void carry_out(const LayerPass &layer); // after it

} // namespace trex
