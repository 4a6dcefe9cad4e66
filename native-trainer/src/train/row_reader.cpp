#include "train/row_reader.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace trex {
namespace {

using nlohmann::json;

// Null when absent; a field that is null counts as absent, as in requests.
const json *field(const json &row, const char *name) {
  const auto found = row.find(name);
  return found == row.end() || found->is_null() ? nullptr : &*found;
}

} // namespace

const char *description(RowProblem problem) {
  switch (problem) {
  case RowProblem::torn: return "not a whole JSON object (torn line?)";
  case RowProblem::shape: return "without a list of whole numbers where the tokens should be";
  case RowProblem::other_kind:
    return "of another kind than the objective reads (\"tokens\" for sft and text; \"prompt\", \"chosen\" and "
           "\"rejected\" for dpo and orpo)";
  case RowProblem::empty: return "with fewer than two tokens";
  case RowProblem::no_prompt: return "with an empty \"prompt\"";
  case RowProblem::no_answer: return "with an empty \"chosen\" or \"rejected\"";
  case RowProblem::vocabulary: return "with a token outside the vocabulary";
  case RowProblem::ranges: return "with a \"train\" range that is not [start, end] inside the row";
  case RowProblem::text_with_ranges: return "with \"train\" ranges, although objective \"text\" learns every token";
  case RowProblem::masked: return "with no token to learn from (everything masked)";
  case RowProblem::count: break;
  }
  return "";
}

std::optional<RowProblem> RowReader::read(std::string_view line) {
  const json row = json::parse(line.begin(), line.end(), nullptr, false);
  if (row.is_discarded() || !row.is_object()) return RowProblem::torn;
  const bool has_tokens = row.contains("tokens");
  const bool has_pair = row.contains("prompt") || row.contains("chosen") || row.contains("rejected");
  const bool wants_pair = rules_.kind == RowKind::pair;
  if (has_tokens != has_pair && has_pair != wants_pair) return RowProblem::other_kind;

  const auto before = documents_.target_counts.size();
  const Result problem = wants_pair ? read_pair(row) : read_tokens(row);
  if (problem) {
    truncate(before);
  } else if (documents_.target_counts.size() > before) {
    ++documents_.rows;
  }
  return problem;
}

RowReader::Result RowReader::read_tokens(const json &row) {
  const json *tokens = field(row, "tokens"), *train = field(row, "train");
  if (tokens == nullptr || !tokens->is_array()) return RowProblem::shape;
  const bool is_text = rules_.kind == RowKind::text;
  if (is_text && train != nullptr) return RowProblem::text_with_ranges;
  if (tokens->size() < 2) return RowProblem::empty;
  if (is_too_long(tokens->size()) && !(is_text && rules_.split)) {
    ++documents_.dropped_rows;
    return std::nullopt;
  }
  return is_text ? append_text(*tokens) : append_masked(*tokens, train);
}

RowReader::Result RowReader::read_pair(const json &row) {
  const json *prompt = field(row, "prompt"), *chosen = field(row, "chosen"), *rejected = field(row, "rejected");
  for (const json *tokens : {prompt, chosen, rejected}) {
    if (tokens == nullptr || !tokens->is_array()) return RowProblem::shape;
  }
  if (prompt->empty()) return RowProblem::no_prompt;
  if (chosen->empty() || rejected->empty()) return RowProblem::no_answer;
  if (is_too_long(prompt->size() + std::max(chosen->size(), rejected->size()))) {
    ++documents_.dropped_rows;
    return std::nullopt;
  }
  const size_t before = documents_.target_counts.size();
  if (const Result problem = append_answer(*prompt, *chosen)) return problem;
  if (*chosen == *rejected) { // after its tokens were checked
    truncate(before);
    ++documents_.identical_rows;
    return std::nullopt;
  }
  return append_answer(*prompt, *rejected);
}

RowReader::Result RowReader::append_tokens(const json &tokens) {
  for (const json &token : tokens) {
    if (!token.is_number_integer()) return RowProblem::shape;
    if (!token.is_number_unsigned() || token.get<uint64_t>() >= static_cast<uint64_t>(rules_.vocab)) {
      return RowProblem::vocabulary;
    }
    documents_.tokens.push_back(token.get<int32_t>());
  }
  return std::nullopt;
}

RowReader::Result RowReader::append_masked(const json &tokens, const json *train) {
  const size_t begin = documents_.tokens.size();
  if (const Result problem = append_tokens(tokens)) return problem;
  documents_.is_target.resize(documents_.tokens.size(), train == nullptr ? 1 : 0);
  if (train != nullptr && !mark(*train, begin)) return RowProblem::ranges;
  documents_.is_target[begin] = 0; // nothing comes before the first token to predict it from
  finish_document();
  return documents_.target_counts.back() == 0 ? Result(RowProblem::masked) : std::nullopt;
}

// A piece begins with the token that the piece before only predicted: every token but the row's first is predicted
// once, and none goes through the model twice.
RowReader::Result RowReader::append_text(const json &tokens) {
  const size_t begin = documents_.tokens.size();
  if (const Result problem = append_tokens(tokens)) return problem;
  if (!is_too_long(tokens.size())) {
    documents_.is_target.resize(documents_.tokens.size(), 1);
    documents_.is_target[begin] = 0;
    finish_document();
    return std::nullopt;
  }
  const std::vector<int32_t> row(documents_.tokens.begin() + static_cast<int64_t>(begin), documents_.tokens.end());
  documents_.tokens.resize(begin);
  const auto piece = static_cast<size_t>(rules_.max_sequence_tokens);
  for (size_t from = 0; from + 1 < row.size(); from += piece - 1) {
    const size_t to = std::min(row.size(), from + piece);
    documents_.is_target.push_back(0);
    documents_.is_target.resize(documents_.is_target.size() + to - from - 1, 1);
    documents_.tokens.insert(documents_.tokens.end(), row.begin() + static_cast<int64_t>(from),
                             row.begin() + static_cast<int64_t>(to));
    finish_document();
  }
  ++documents_.split_rows;
  return std::nullopt;
}

RowReader::Result RowReader::append_answer(const json &prompt, const json &answer) {
  if (const Result problem = append_tokens(prompt)) return problem;
  documents_.is_target.resize(documents_.tokens.size(), 0);
  if (const Result problem = append_tokens(answer)) return problem;
  documents_.is_target.resize(documents_.tokens.size(), 1);
  finish_document();
  return std::nullopt;
}

bool RowReader::mark(const json &ranges, size_t begin) {
  if (!ranges.is_array()) return false;
  const size_t length = documents_.tokens.size() - begin;
  for (const json &range : ranges) {
    if (!range.is_array() || range.size() != 2 || !range[0].is_number_unsigned() || !range[1].is_number_unsigned()) {
      return false;
    }
    const auto from = range[0].get<uint64_t>(), to = range[1].get<uint64_t>();
    if (from > to || to > length) return false;
    for (uint64_t i = from; i < to; ++i) documents_.is_target[begin + i] = 1;
  }
  return true;
}

// Ends a document at the last token so far.
void RowReader::finish_document() {
  const auto begin = documents_.is_target.begin() + documents_.offsets.back();
  const int64_t targets = std::count(begin, documents_.is_target.end(), uint8_t{1});
  documents_.offsets.push_back(static_cast<int64_t>(documents_.tokens.size()));
  documents_.target_counts.push_back(targets);
  documents_.target_tokens += targets;
}

// Takes back everything after the first `documents` documents, half-read ones too.
void RowReader::truncate(size_t documents) {
  for (size_t i = documents; i < documents_.target_counts.size(); ++i) {
    documents_.target_tokens -= documents_.target_counts[i];
  }
  documents_.target_counts.resize(documents);
  documents_.offsets.resize(documents + 1);
  documents_.tokens.resize(static_cast<size_t>(documents_.offsets.back()));
  documents_.is_target.resize(documents_.tokens.size());
}

} // namespace trex
