#include "train/documents.h"

#include <array>
#include <optional>
#include <string_view>

#include "common/digest.h"
#include "common/failure.h"
#include "common/mapped_file.h"
#include "train/row_reader.h"

namespace trex {
namespace {

// Counts each problem and remembers the first rows that have it.
class ProblemList {
public:
  void note(RowProblem problem, int64_t row) {
    constexpr int64_t named_rows = 5;
    Entry &entry = entries_[static_cast<size_t>(problem)];
    if (entry.count++ < named_rows) entry.rows += (entry.rows.empty() ? "" : ", ") + std::to_string(row);
  }

  std::string sentence() const {
    std::string text;
    for (size_t p = 0; p < entries_.size(); ++p) {
      if (entries_[p].count == 0) continue;
      if (!text.empty()) text += "; ";
      text += std::to_string(entries_[p].count) + (entries_[p].count == 1 ? " row " : " rows ") +
              description(static_cast<RowProblem>(p)) + " (row " + entries_[p].rows +
              (entries_[p].count > 5 ? ", ..." : "") + ")";
    }
    return text;
  }

private:
  struct Entry {
    int64_t count = 0;
    std::string rows;
  };
  std::array<Entry, static_cast<size_t>(RowProblem::count)> entries_{};
};

[[noreturn]] void nothing_left(const char *label, const Documents &documents) {
  std::string why;
  if (documents.dropped_rows > 0) why = std::to_string(documents.dropped_rows) + " longer than maxSequenceTokens";
  if (documents.identical_rows > 0) {
    why += (why.empty() ? "" : " and ") + std::to_string(documents.identical_rows) + " that prefer an answer to itself";
  }
  throw data_failure("data.empty",
                     std::string("The ") + label + " has no usable row" + (why.empty() ? "" : ": " + why) +
                         "; nothing was trained.",
                     documents.dropped_rows > 0 ? "Raise maxSequenceTokens or shorten the rows."
                                                : "Give a file with at least one usable row.");
}

} // namespace

int64_t Documents::longest() const {
  int64_t most = 0;
  for (int64_t document = 0; document < count(); ++document) most = std::max(most, length(document));
  return most;
}

std::span<const int32_t> Documents::document(int64_t index) const {
  return std::span(tokens).subspan(static_cast<size_t>(offsets[static_cast<size_t>(index)]),
                                   static_cast<size_t>(length(index)));
}

void Documents::append_to(TokenBatch &batch, int64_t index) const {
  const uint8_t *document_targets = is_target.data() + offsets[static_cast<size_t>(index)];
  batch.append(document(index), [document_targets](int32_t position) { return document_targets[position] != 0; });
}

uint64_t Documents::memory_bytes() const {
  return tokens.capacity() * sizeof(int32_t) + is_target.capacity() +
         (offsets.capacity() + target_counts.capacity()) * sizeof(int64_t);
}

Documents read_documents(const std::string &utf8_path, const char *label, const DocumentRules &rules) {
  const MappedFile file = MappedFile::open(utf8_path);
  std::string_view rest(reinterpret_cast<const char *>(file.data()), static_cast<size_t>(file.size_bytes()));
  Documents documents;
  documents.together = rules.kind == RowKind::pair ? 2 : 1;
  Sha256 hash;
  hash.update(rest.data(), rest.size());
  documents.sha256 = hash.finish();

  RowReader reader(documents, rules);
  ProblemList problems;
  bool sound = true;
  int64_t row = 0;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++row;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (const std::optional<RowProblem> problem = reader.read(line)) {
      problems.note(*problem, row);
      sound = false;
    }
  }
  if (!sound) {
    throw data_failure("data.rows",
                       std::string("The ") + label + " has " + problems.sentence() + "; nothing was trained.",
                       "Mend or remove these rows and start again.");
  }
  if (documents.count() == 0) nothing_left(label, documents);
  documents.tokens.shrink_to_fit();
  documents.is_target.shrink_to_fit();
  documents.offsets.shrink_to_fit();
  documents.target_counts.shrink_to_fit();
  return documents;
}

} // namespace trex
