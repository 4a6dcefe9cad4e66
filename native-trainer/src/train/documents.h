// Tokenised training rows: JSON lines of {"tokens": [...], "train": [[start, end), ...]}.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/transformer.h"

namespace trex {

struct Documents {
  std::vector<int32_t> tokens;
  std::vector<uint8_t> is_target; // beside tokens: whether this token's prediction counts in the loss
  std::vector<int64_t> offsets{0};
  int64_t dropped_rows = 0; // longer than maxSequenceTokens
  int64_t target_tokens = 0;
  std::string sha256; // of the file

  int64_t count() const { return static_cast<int64_t>(offsets.size()) - 1; }
  int64_t length(int64_t document) const {
    return offsets[static_cast<size_t>(document) + 1] - offsets[static_cast<size_t>(document)];
  }
  std::span<const int32_t> document(int64_t index) const;
  void append_to(TokenBatch &batch, int64_t document) const;
};

// `label` names the file in messages ("training data", "validation data"). Throws Failure DATA "data.rows" that counts
// what is wrong and names the first rows, "data.empty" when nothing is left, and CONFIG "file.*".
Documents read_documents(const std::string &utf8_path, const char *label, int64_t vocab, int64_t max_sequence_tokens);

} // namespace trex
