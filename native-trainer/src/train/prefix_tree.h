// The distinct prefixes of all pairs, laid out as one stream of tokens in which every prefix occurs once.
//
// The pairs are taken in the order of their tokens, so each shares with the one before it all that it shares with any
// before. The stream is what each adds: a piece, rows [first, first of the next piece), that continues an earlier piece
// from position `start` on. It is a tree in preorder: whatever row the stream is cut at, what comes later continues
// only pieces after the cut or the one path to it. So batches are stretches of the stream, and only that path's keys and
// values (model/carried_keys.h) go from one to the next.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/transformer.h"
#include "train/score_pairs.h"

namespace trex {

enum class Sharing {
  prefixes,   // once each
  nothing,    // each pair is a piece of its own, in the order of the file
  whole_pairs // the same, and no batch ends inside a pair: for models that cannot go on from keys and values alone
};

class PrefixTree {
public:
  PrefixTree(const std::vector<ScorePair> &pairs, Sharing sharing);

  int64_t rows() const { return static_cast<int64_t>(tokens_.size()); } // tokens that go through the model
  int64_t target_count() const { return static_cast<int64_t>(targets_.size()); }
  int64_t longest() const { return longest_; } // positions on the longest path

  uint64_t bytes() const;

  // Which of the targets each token of a pair's continuation is; targets are numbered in the order of the stream.
  std::span<const int32_t> targets_of(size_t pair) const {
    return std::span(pair_targets_).subspan(pair_offsets_[pair], pair_offsets_[pair + 1] - pair_offsets_[pair]);
  }

  int64_t least_capacity() const { return whole_pairs_ ? longest_ : 1; }

  // Where a batch of at most `capacity` rows, no fewer than least_capacity(), from row `begin` on best ends: near its
  // capacity, and if it can be where the path that has to be carried on is short.
  int64_t batch_end(int64_t begin, int64_t capacity) const;

  // Positions of the path to a row: keys and values that must be there before it.
  int64_t path_length(int64_t row) const;
  int64_t most_carried(int64_t capacity) const; // over the batches of that capacity

  // Rows [begin, end) as a batch; begin is 0 or the end of the batch before.
  void fill_batch(int64_t begin, int64_t end, TokenBatch &batch) const;

  // Targets that rows before `row` predict.
  int64_t targets_before(int64_t row) const;

private:
  struct Piece {
    int64_t first;  // row
    int32_t start;  // position of its first token
    int32_t parent; // the piece that covers position start - 1; -1 at the root
  };
  struct Target {
    int64_t row; // whose output predicts it
    int32_t token;
  };
  struct Path;

  void add(const ScorePair &pair, size_t index, int64_t shared, Path &path);
  void number_targets();
  size_t piece_of(int64_t row) const;
  int64_t end_of(size_t piece) const { return piece + 1 < pieces_.size() ? pieces_[piece + 1].first : rows(); }
  void keep_path(int64_t begin, int64_t end, TokenBatch &batch) const;

  std::vector<int32_t> tokens_; // of the stream
  std::vector<Piece> pieces_;
  std::vector<Target> targets_;
  std::vector<size_t> pair_offsets_; // pairs + 1, into pair_targets_
  std::vector<int32_t> pair_targets_;
  int64_t longest_ = 0;
  bool whole_pairs_;
};

} // namespace trex
