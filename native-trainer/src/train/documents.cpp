#include "train/documents.h"

#include <array>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "common/digest.h"
#include "common/failure.h"
#include "common/mapped_file.h"

namespace trex {
namespace {

enum Problem { torn, shape, empty, vocabulary, ranges, masked, problem_count };

constexpr std::array<const char *, problem_count> descriptions = {
    "not a whole JSON object (torn line?)",
    "without a list of whole numbers in \"tokens\"",
    "with fewer than two tokens",
    "with a token outside the vocabulary",
    "with a \"train\" range that is not [start, end] inside the row",
    "with no token to learn from (everything masked)",
};

// Counts each problem and remembers the first rows that have it.
class ProblemList {
public:
  void note(Problem problem, int64_t row) {
    constexpr int64_t named_rows = 5;
    Entry &entry = entries_[problem];
    if (entry.count++ < named_rows) entry.rows += (entry.rows.empty() ? "" : ", ") + std::to_string(row);
  }

  std::string sentence() const {
    std::string text;
    for (size_t p = 0; p < problem_count; ++p) {
      if (entries_[p].count == 0) continue;
      if (!text.empty()) text += "; ";
      text += std::to_string(entries_[p].count) + (entries_[p].count == 1 ? " row " : " rows ") + descriptions[p] +
              " (row " + entries_[p].rows + (entries_[p].count > 5 ? ", ..." : "") + ")";
    }
    return text;
  }

private:
  struct Entry {
    int64_t count = 0;
    std::string rows;
  };
  std::array<Entry, problem_count> entries_{};
};

// One row, appended to `documents`, or what is wrong with it.
class RowReader {
public:
  RowReader(Documents &documents, int64_t vocab, int64_t max_sequence_tokens)
      : documents_(documents), vocab_(vocab), max_sequence_tokens_(max_sequence_tokens) {}

  std::optional<Problem> read(std::string_view line) {
    const nlohmann::json row = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
    if (row.is_discarded() || !row.is_object()) return torn;
    const auto tokens = row.find("tokens");
    if (tokens == row.end() || !tokens->is_array()) return shape;
    if (tokens->size() < 2) return empty;
    if (static_cast<int64_t>(tokens->size()) > max_sequence_tokens_) {
      ++documents_.dropped_rows;
      return std::nullopt;
    }
    const size_t begin = documents_.tokens.size();
    const std::optional<Problem> problem = append(*tokens, row, begin);
    if (problem) {
      documents_.tokens.resize(begin);
      documents_.is_target.resize(begin);
      return problem;
    }
    for (size_t i = begin; i < documents_.is_target.size(); ++i) documents_.target_tokens += documents_.is_target[i];
    documents_.offsets.push_back(static_cast<int64_t>(documents_.tokens.size()));
    return std::nullopt;
  }

private:
  std::optional<Problem> append(const nlohmann::json &tokens, const nlohmann::json &row, size_t begin) {
    for (const nlohmann::json &token : tokens) {
      if (!token.is_number_integer()) return shape;
      if (token.is_number_unsigned() ? token.get<uint64_t>() >= static_cast<uint64_t>(vocab_) : true) return vocabulary;
      documents_.tokens.push_back(token.get<int32_t>());
    }
    const auto train = row.find("train");
    if (train == row.end() || train->is_null()) {
      documents_.is_target.resize(documents_.tokens.size(), 1);
    } else {
      documents_.is_target.resize(documents_.tokens.size(), 0);
      if (!mark(*train, begin)) return ranges;
    }
    documents_.is_target[begin] = 0; // nothing comes before the first token to predict it from
    for (size_t i = begin; i < documents_.is_target.size(); ++i) {
      if (documents_.is_target[i] != 0) return std::nullopt;
    }
    return masked;
  }

  bool mark(const nlohmann::json &train, size_t begin) {
    if (!train.is_array()) return false;
    const size_t length = documents_.tokens.size() - begin;
    for (const nlohmann::json &range : train) {
      if (!range.is_array() || range.size() != 2 || !range[0].is_number_unsigned() || !range[1].is_number_unsigned()) {
        return false;
      }
      const auto from = range[0].get<uint64_t>(), to = range[1].get<uint64_t>();
      if (from > to || to > length) return false;
      for (uint64_t i = from; i < to; ++i) documents_.is_target[begin + i] = 1;
    }
    return true;
  }

  Documents &documents_;
  int64_t vocab_, max_sequence_tokens_;
};

} // namespace

std::span<const int32_t> Documents::document(int64_t index) const {
  return std::span(tokens).subspan(static_cast<size_t>(offsets[static_cast<size_t>(index)]),
                                   static_cast<size_t>(length(index)));
}

void Documents::append_to(TokenBatch &batch, int64_t index) const {
  const uint8_t *targets = is_target.data() + offsets[static_cast<size_t>(index)];
  batch.append(document(index), [targets](int32_t position) { return targets[position] != 0; });
}

Documents read_documents(const std::string &utf8_path, const char *label, int64_t vocab, int64_t max_sequence_tokens) {
  const MappedFile file = MappedFile::open(utf8_path);
  std::string_view rest(reinterpret_cast<const char *>(file.data()), static_cast<size_t>(file.size_bytes()));
  Documents documents;
  Sha256 hash;
  hash.update(rest.data(), rest.size());
  documents.sha256 = hash.finish();

  RowReader reader(documents, vocab, max_sequence_tokens);
  ProblemList problems;
  bool sound = true;
  int64_t row = 0;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++row;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (const std::optional<Problem> problem = reader.read(line)) {
      problems.note(*problem, row);
      sound = false;
    }
  }
  if (!sound) {
    throw data_failure("data.rows",
                       std::string("The ") + label + " has " + problems.sentence() + "; nothing was trained.",
                       "Mend or remove these rows and start again.");
  }
  if (documents.count() == 0) {
    throw data_failure("data.empty",
                       std::string("The ") + label + " has no usable row" +
                           (documents.dropped_rows > 0 ? ": all " + std::to_string(documents.dropped_rows) +
                                                             " are longer than maxSequenceTokens; nothing was trained."
                                                       : "; nothing was trained."),
                       documents.dropped_rows > 0 ? "Raise maxSequenceTokens or shorten the rows."
                                                  : "Give a file with at least one row.");
  }
  return documents;
}

} // namespace trex
