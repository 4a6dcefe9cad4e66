#include "train/score_pairs.h"

#include <string_view>

#include "common/failure.h"
#include "common/mapped_file.h"

namespace trex {
namespace {

[[noreturn]] void bad_row(int64_t row, const std::string &what) {
  throw data_failure("pairs.row", "Row " + std::to_string(row) + " of the pairs file " + what + "; nothing was scored.",
                     "Mend this row and start again.");
}

void append_tokens(const nlohmann::json &object, const char *name, int64_t vocab, int64_t row,
                   std::vector<int32_t> &tokens) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array() || found->empty()) {
    bad_row(row, std::string("has no tokens in \"") + name + "\"");
  }
  for (const nlohmann::json &token : *found) {
    if (!token.is_number_unsigned() || token.get<uint64_t>() >= static_cast<uint64_t>(vocab)) {
      bad_row(row, std::string("has a token outside the vocabulary in \"") + name + "\"");
    }
    tokens.push_back(token.get<int32_t>());
  }
}

} // namespace

std::vector<ScorePair> read_score_pairs(const std::string &utf8_path, int64_t vocab) {
  const MappedFile file = MappedFile::open(utf8_path);
  std::string_view rest(reinterpret_cast<const char *>(file.data()), static_cast<size_t>(file.size_bytes()));
  std::vector<ScorePair> pairs;
  for (int64_t row = 1; !rest.empty(); ++row) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const nlohmann::json object = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
    if (!object.is_object()) bad_row(row, "is not a whole JSON object (torn line?)");
    ScorePair &pair = pairs.emplace_back();
    if (const auto id = object.find("id"); id != object.end()) {
      // Copying and printing recurse into lists, and a hostile one is deeper than the stack.
      if (id->is_structured()) bad_row(row, "has an \"id\" that is neither a text nor a number");
      pair.id = *id;
    }
    append_tokens(object, "context", vocab, row, pair.tokens);
    pair.context = static_cast<int32_t>(pair.tokens.size());
    append_tokens(object, "continuation", vocab, row, pair.tokens);
  }
  if (pairs.empty()) {
    throw data_failure("pairs.empty", "The pairs file has no row; nothing was scored.", "Give at least one pair.");
  }
  return pairs;
}

} // namespace trex
