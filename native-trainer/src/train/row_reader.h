// One row of a data file, checked and appended to the documents.
#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "train/documents.h"

namespace trex {

// What can be wrong with a row.
enum class RowProblem {
  torn,
  shape,
  other_kind,
  empty,
  no_prompt,
  no_answer,
  vocabulary,
  ranges,
  text_with_ranges,
  masked,
  count
};

const char *description(RowProblem problem); // ends a sentence that begins with "3 rows"

class RowReader {
public:
  RowReader(Documents &documents, const DocumentRules &rules) : documents_(documents), rules_(rules) {}

  // Appends the row's documents, or counts it as dropped, or says what is wrong and appends nothing.
  std::optional<RowProblem> read(std::string_view line);

private:
  using Result = std::optional<RowProblem>;
  Result read_tokens(const nlohmann::json &row);
  Result read_pair(const nlohmann::json &row);
  Result append_tokens(const nlohmann::json &tokens);
  Result append_masked(const nlohmann::json &tokens, const nlohmann::json *train);
  Result append_text(const nlohmann::json &tokens);
  Result append_answer(const nlohmann::json &prompt, const nlohmann::json &answer);
  bool mark(const nlohmann::json &ranges, size_t begin);
  void finish_document();
  void truncate(size_t documents);
  bool is_too_long(size_t tokens) const { return static_cast<int64_t>(tokens) > rules_.max_sequence_tokens; }

  Documents &documents_;
  DocumentRules rules_;
};

} // namespace trex
