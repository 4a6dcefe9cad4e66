#include "train/prefix_tree.h"

#include <algorithm>
#include <numeric>

namespace trex {
namespace {

constexpr int32_t not_predicted = -1;

int64_t common_length(const std::vector<int32_t> &x, const std::vector<int32_t> &y) {
  return std::mismatch(x.begin(), x.end(), y.begin(), y.end()).first - x.begin();
}

std::vector<size_t> order_of(const std::vector<ScorePair> &pairs, Sharing sharing) {
  std::vector<size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (sharing != Sharing::prefixes) return order;
  std::stable_sort(order.begin(), order.end(), [&](size_t x, size_t y) { return pairs[x].tokens < pairs[y].tokens; });
  return order;
}

} // namespace

// The pair that was added last, from the root on.
struct PrefixTree::Path {
  std::vector<int64_t> rows;    // of each position that is an input
  std::vector<int32_t> pieces;  // from the root to its last one
  std::vector<int32_t> targets; // of each position: which target its token is, if it is one
};

PrefixTree::PrefixTree(const std::vector<ScorePair> &pairs, Sharing sharing)
    : whole_pairs_(sharing == Sharing::whole_pairs) {
  pair_offsets_.push_back(0);
  for (const ScorePair &pair : pairs) {
    pair_offsets_.push_back(pair_offsets_.back() + pair.tokens.size() - static_cast<size_t>(pair.context));
  }
  pair_targets_.resize(pair_offsets_.back());
  Path path;
  const ScorePair *before = nullptr;
  for (const size_t index : order_of(pairs, sharing)) {
    const ScorePair &pair = pairs[index];
    const bool shares = before != nullptr && sharing == Sharing::prefixes;
    add(pair, index, shares ? common_length(before->tokens, pair.tokens) : 0, path);
    before = &pair;
  }
  number_targets();
}

// `shared` tokens are also the path's.
void PrefixTree::add(const ScorePair &pair, size_t index, int64_t shared, Path &path) {
  const auto inputs = static_cast<int64_t>(pair.tokens.size()) - 1; // the last token is only ever a target
  const auto start = static_cast<int32_t>(std::min({shared, inputs, static_cast<int64_t>(path.rows.size())}));
  longest_ = std::max(longest_, inputs);
  path.rows.resize(static_cast<size_t>(start));
  while (!path.pieces.empty() && pieces_[static_cast<size_t>(path.pieces.back())].start >= start) path.pieces.pop_back();
  if (start < inputs) {
    const int32_t parent = path.pieces.empty() ? -1 : path.pieces.back();
    path.pieces.push_back(static_cast<int32_t>(pieces_.size()));
    pieces_.push_back({rows(), start, parent});
  }
  for (int64_t position = start; position < inputs; ++position) {
    path.rows.push_back(rows());
    tokens_.push_back(pair.tokens[static_cast<size_t>(position)]);
  }
  path.targets.resize(static_cast<size_t>(shared), not_predicted);
  path.targets.resize(pair.tokens.size(), not_predicted);
  size_t at = pair_offsets_[index];
  for (auto position = static_cast<size_t>(pair.context); position < pair.tokens.size(); ++position) {
    int32_t &target = path.targets[position];
    if (target == not_predicted) {
      target = static_cast<int32_t>(targets_.size());
      targets_.push_back({path.rows[position - 1], pair.tokens[position]});
    }
    pair_targets_[at++] = target;
  }
}

// In the order of the rows that predict them, which is the order they are computed in.
void PrefixTree::number_targets() {
  std::vector<int32_t> order(targets_.size()), number(targets_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto row = [&](int32_t target) { return targets_[static_cast<size_t>(target)].row; };
  std::stable_sort(order.begin(), order.end(), [&](int32_t x, int32_t y) { return row(x) < row(y); });
  std::vector<Target> sorted;
  sorted.reserve(targets_.size());
  for (const int32_t target : order) {
    number[static_cast<size_t>(target)] = static_cast<int32_t>(sorted.size());
    sorted.push_back(targets_[static_cast<size_t>(target)]);
  }
  targets_ = std::move(sorted);
  for (int32_t &target : pair_targets_) target = number[static_cast<size_t>(target)];
}

uint64_t PrefixTree::bytes() const {
  return tokens_.size() * sizeof(int32_t) + pieces_.size() * sizeof(Piece) + targets_.size() * sizeof(Target) +
         pair_offsets_.size() * sizeof(size_t) + pair_targets_.size() * sizeof(int32_t);
}

size_t PrefixTree::piece_of(int64_t row) const {
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), row,
                                      [](int64_t wanted, const Piece &piece) { return wanted < piece.first; });
  return static_cast<size_t>(after - pieces_.begin()) - 1;
}

int64_t PrefixTree::path_length(int64_t row) const {
  const Piece &piece = pieces_[piece_of(row)];
  return piece.start + row - piece.first;
}

int64_t PrefixTree::batch_end(int64_t begin, int64_t capacity) const {
  const int64_t latest = begin + capacity;
  if (latest >= rows()) return rows();
  if (whole_pairs_) return pieces_[piece_of(latest)].first;
  int64_t best = latest, shortest = path_length(latest);
  const int64_t earliest = latest - capacity / 8;
  for (size_t piece = piece_of(latest); pieces_[piece].first > earliest; --piece) {
    if (pieces_[piece].start >= shortest) continue;
    shortest = pieces_[piece].start;
    best = pieces_[piece].first;
  }
  return best;
}

int64_t PrefixTree::most_carried(int64_t capacity) const {
  int64_t most = 0;
  for (int64_t row = batch_end(0, capacity); row < rows(); row = batch_end(row, capacity)) {
    most = std::max(most, path_length(row));
  }
  return most;
}

int64_t PrefixTree::targets_before(int64_t row) const {
  const auto found = std::lower_bound(targets_.begin(), targets_.end(), row,
                                      [](const Target &target, int64_t wanted) { return target.row < wanted; });
  return found - targets_.begin();
}

void PrefixTree::fill_batch(int64_t begin, int64_t end, TokenBatch &batch) const {
  batch.clear();
  const size_t first_piece = piece_of(begin);
  for (size_t piece = first_piece; piece < pieces_.size() && pieces_[piece].first < end; ++piece) {
    const Piece &whole = pieces_[piece];
    const int64_t from = std::max(begin, whole.first), to = std::min(end, end_of(piece));
    const auto start = static_cast<int32_t>(whole.start + from - whole.first);
    // What is continued from before the batch's first position is the carried path.
    const int64_t parent = from > whole.first ? -1 : whole.parent - static_cast<int64_t>(first_piece);
    const bool in_batch = parent > 0 || (parent == 0 && start > batch.positions.front());
    batch.parents.push_back(in_batch ? static_cast<int32_t>(parent) : -1);
    for (int64_t row = from; row < to; ++row) {
      batch.tokens.push_back(tokens_[static_cast<size_t>(row)]);
      batch.positions.push_back(static_cast<int32_t>(start + row - from));
    }
    batch.offsets.push_back(static_cast<int32_t>(to - begin));
    batch.longest = std::max(batch.longest, start + to - from);
  }
  for (auto target = static_cast<size_t>(targets_before(begin)); target < targets_.size(); ++target) {
    if (targets_[target].row >= end) break;
    batch.target_rows.push_back(static_cast<int32_t>(targets_[target].row - begin));
    batch.targets.push_back(targets_[target].token);
  }
  batch.carry.before.resize(static_cast<size_t>(path_length(begin)));
  std::iota(batch.carry.before.begin(), batch.carry.before.end(), 0);
  if (end < rows()) keep_path(begin, end, batch);
}

// The batch's part of the path to row `end`, from its last position back to its first.
void PrefixTree::keep_path(int64_t begin, int64_t end, TokenBatch &batch) const {
  int64_t position = path_length(end);
  for (auto piece = static_cast<int32_t>(piece_of(end)); piece >= 0; piece = pieces_[static_cast<size_t>(piece)].parent) {
    const Piece &whole = pieces_[static_cast<size_t>(piece)];
    for (; position > whole.start; --position) {
      const int64_t row = whole.first + position - 1 - whole.start;
      if (row < begin) break;
      batch.carry.kept.push_back(static_cast<int32_t>(row - begin));
    }
    if (position > whole.start) break;
  }
  std::reverse(batch.carry.kept.begin(), batch.carry.kept.end());
  batch.carry.kept_from = position;
}

} // namespace trex
