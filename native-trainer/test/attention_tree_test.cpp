// Attention along a tree of prefixes gives, bit for bit, what each path gives as a whole document of its own.
#include <string>

#include "ops/cpu/cpu_device.h"
#include "support/check.h"
#include "support/numbers.h"

using namespace trex;
using namespace trex::test;

namespace {

constexpr int64_t heads = 4, kv_heads = 2, width = 12, longest = 900;

struct Tree {
  std::vector<int32_t> positions, offsets{0}, parents;
  int64_t carried = 0;

  int32_t start(int32_t piece) const { return positions[static_cast<size_t>(offsets[static_cast<size_t>(piece)])]; }
  int32_t end(int32_t piece) const {
    return start(piece) + offsets[static_cast<size_t>(piece) + 1] - offsets[static_cast<size_t>(piece)];
  }
  void add(int32_t parent, int32_t start, int64_t length) {
    parents.push_back(parent);
    for (int32_t i = 0; i < length; ++i) positions.push_back(start + i);
    offsets.push_back(offsets.back() + static_cast<int32_t>(length));
  }
  PackedBatch packed() const {
    return {nullptr, positions.data(), offsets.data(), static_cast<int64_t>(parents.size()),
            offsets.back(), longest, parents.data(), carried};
  }
  // Rows of k and v, carried ones first, along the path to the last token of a piece.
  std::vector<int64_t> path_of(int32_t piece) const {
    std::vector<int64_t> rows(static_cast<size_t>(end(piece)));
    int32_t to = end(piece);
    for (; piece >= 0; piece = parents[static_cast<size_t>(piece)]) {
      for (; to > start(piece); --to) {
        rows[static_cast<size_t>(to) - 1] = carried + offsets[static_cast<size_t>(piece)] + to - 1 - start(piece);
      }
    }
    for (; to > 0; --to) rows[static_cast<size_t>(to) - 1] = to - 1;
    return rows;
  }
};

// A carried path, pieces that continue it or each other anywhere, and runs of short siblings.
Tree random_tree(uint64_t seed) {
  Tree tree;
  uint64_t drawn = 0;
  const auto below = [&](int64_t bound) {
    return static_cast<int32_t>(random_bits(seed, 9, drawn++) % static_cast<uint64_t>(bound));
  };
  tree.carried = seed % 3 == 0 ? 0 : below(300);
  tree.add(-1, static_cast<int32_t>(tree.carried), 1 + below(300));
  while (tree.parents.size() < 24) {
    const int32_t parent = below(static_cast<int64_t>(tree.parents.size()) + 1) - 1;
    const int32_t low = parent < 0 ? 0 : tree.start(parent) + 1;
    const int32_t high = parent < 0 ? static_cast<int32_t>(tree.carried) : tree.end(parent);
    const int32_t start = low + below(high - low + 1);
    const int32_t siblings = 1 + below(6), length = below(2) == 0 ? 9 : 90;
    for (int32_t i = 0; i < siblings && start + length <= longest; ++i) tree.add(parent, start, 1 + below(length));
  }
  return tree;
}

std::vector<float> rows_of(const std::vector<float> &values, const std::vector<int64_t> &rows, int64_t columns) {
  std::vector<float> some;
  for (const int64_t row : rows) {
    some.insert(some.end(), values.begin() + row * columns, values.begin() + (row + 1) * columns);
  }
  return some;
}

Matrix matrix(std::vector<float> &values, int64_t columns) {
  return {values.data(), static_cast<int64_t>(values.size()) / columns, columns, columns};
}

struct Attended {
  std::vector<float> out, lse;
};

// q may have fewer rows than k and v.
Attended attend(CpuDevice &device, std::vector<float> q, std::vector<float> k, std::vector<float> v,
                const PackedBatch &batch, const AttentionShape &shape) {
  Attended result{std::vector<float>(q.size()), std::vector<float>(static_cast<size_t>(heads * batch.token_count))};
  cpu_ops().attention_forward(device, matrix(result.out, heads * width), result.lse.data(), matrix(q, heads * width),
                              matrix(k, kv_heads * width), matrix(v, kv_heads * width), batch, shape);
  return result;
}

// Whether a piece's rows are those of the end of its path attended to as one document.
bool equals_its_path(CpuDevice &device, const Tree &tree, int32_t piece, const Attended &whole,
                     const std::vector<float> &q, const std::vector<float> &k, const std::vector<float> &v,
                     const AttentionShape &shape) {
  const std::vector<int64_t> path = tree.path_of(piece);
  const std::vector<int32_t> offsets = {0, tree.end(piece)};
  const PackedBatch document{nullptr, nullptr, offsets.data(), 1, offsets[1], longest};
  const Attended alone = attend(device, rows_of(q, path, heads * width), rows_of(k, path, kv_heads * width),
                                rows_of(v, path, kv_heads * width), document, shape);
  for (int64_t position = tree.start(piece); position < tree.end(piece); ++position) {
    const int64_t row = tree.offsets[static_cast<size_t>(piece)] + position - tree.start(piece);
    for (int64_t c = 0; c < heads * width; ++c) {
      if (whole.out[static_cast<size_t>(row * heads * width + c)] !=
          alone.out[static_cast<size_t>(position * heads * width + c)]) {
        return false;
      }
    }
    for (int64_t head = 0; head < heads; ++head) {
      if (whole.lse[static_cast<size_t>(head * tree.offsets.back() + row)] !=
          alone.lse[static_cast<size_t>(head * offsets[1] + position)]) {
        return false;
      }
    }
  }
  return true;
}

} // namespace

TEST(every_piece_of_a_tree_equals_its_path_as_one_document) {
  for (const Isa isa : available_isas()) {
    CpuDevice device(2, longest, isa), other(1, longest, isa);
    for (uint64_t seed = 0; seed < 12; ++seed) {
      const Tree tree = random_tree(seed);
      const int64_t rows = tree.carried + tree.offsets.back();
      // q is drawn for the carried rows too, because a path as one document needs it there.
      std::vector<float> q = random_values(rows * heads * width, 1, 2.0f), k = random_values(rows * kv_heads * width, 2),
                         v = random_values(rows * kv_heads * width, 3);
      AttentionShape shape{heads, kv_heads, width, 0.7f};
      if (seed % 2 == 1) shape.softcap = 3.0f;
      if (seed % 4 >= 2) shape.window = seed % 8 == 2 ? 5 : seed % 8 == 3 ? 1 : 100 + static_cast<int64_t>(seed);
      const std::vector<float> own_q(q.begin() + tree.carried * heads * width, q.end());
      const Attended whole = attend(device, own_q, k, v, tree.packed(), shape);
      for (int32_t piece = 0; piece < static_cast<int32_t>(tree.parents.size()); ++piece) {
        CHECK_CASE(equals_its_path(other, tree, piece, whole, q, k, v, shape),
                   std::string(isa_name(isa)) + " seed " + std::to_string(seed) + " piece " + std::to_string(piece));
      }
    }
  }
}

TEST(a_document_that_goes_on_changes_nothing_before) {
  for (const Isa isa : available_isas()) {
    CpuDevice device(2, longest, isa);
    for (const int64_t window : {0, 70, 350}) {
      std::vector<float> q = random_values(longest * heads * width, 1), k = random_values(longest * kv_heads * width, 2),
                         v = random_values(longest * kv_heads * width, 3);
      const AttentionShape shape{heads, kv_heads, width, 0.7f, 0.0f, window};
      Attended before;
      for (const int32_t length : {40, 257, 383, 385, 641, 900}) {
        const std::vector<int32_t> offsets = {0, length};
        const Attended now = attend(device, std::vector<float>(q.begin(), q.begin() + length * heads * width), k, v,
                                    {nullptr, nullptr, offsets.data(), 1, length, longest}, shape);
        CHECK_CASE(std::equal(before.out.begin(), before.out.end(), now.out.begin()), std::to_string(length));
        before = now;
      }
    }
  }
}
