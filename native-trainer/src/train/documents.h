// Tokenised training rows, JSON lines: {"tokens": [...], "train": [[start, end), ...]}, or for preference objectives
// {"prompt": [...], "chosen": [...], "rejected": [...]}.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/transformer.h"

namespace trex {

enum class RowKind { masked, text, pair };

// What a row may be, as the objective and the model say.
struct DocumentRules {
  RowKind kind = RowKind::masked;
  int64_t vocab = 0;
  int64_t max_sequence_tokens = 0;
  bool split = false; // text: rows that are too long are cut, not dropped
};

// A row is one document, or several pieces of at most maxSequenceTokens (text), or two: a pair's prompt with what was
// chosen, and the prompt with what was rejected, at the indices 2 i and 2 i + 1.
struct Documents {
  std::vector<int32_t> tokens;
  std::vector<uint8_t> is_target;     // beside tokens: whether this token's prediction counts in the loss
  std::vector<int64_t> offsets{0};    // documents + 1
  std::vector<int64_t> target_counts; // of each document
  int64_t together = 1;               // documents that stay in one micro-batch: 2 for pairs
  int64_t rows = 0;                   // that were kept
  int64_t dropped_rows = 0;           // longer than maxSequenceTokens
  int64_t split_rows = 0;             // text: cut into pieces
  int64_t identical_rows = 0;         // pairs of the same answer twice, dropped: they prefer nothing
  int64_t target_tokens = 0;
  std::string sha256; // of the file

  int64_t count() const { return static_cast<int64_t>(offsets.size()) - 1; }
  int64_t units() const { return count() / together; } // what is shuffled: documents, or pairs
  int64_t length(int64_t document) const {
    return offsets[static_cast<size_t>(document) + 1] - offsets[static_cast<size_t>(document)];
  }
  int64_t longest() const; // tokens of the longest document
  int64_t targets(int64_t document) const { return target_counts[static_cast<size_t>(document)]; }
  std::span<const int32_t> document(int64_t index) const;
  void append_to(TokenBatch &batch, int64_t document) const;
  uint64_t memory_bytes() const;
};

// `label` names the file in messages ("training data", "validation data"). Throws Failure DATA "data.rows" that counts
// what is wrong and names the first rows, "data.empty" when nothing is left, and CONFIG "file.*".
Documents read_documents(const std::string &utf8_path, const char *label, const DocumentRules &rules);

} // namespace trex
