// Data files for tests, and documents read from them as a job reads them.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ops/random.h"
#include "support/training_jobs.h"
#include "train/documents.h"

namespace trex::test {

using Tokens = std::vector<int32_t>;

inline Tokens random_tokens(int64_t count, uint64_t stream, int64_t vocabulary) {
  Tokens tokens;
  for (int64_t i = 0; i < count; ++i) {
    tokens.push_back(
        static_cast<int32_t>(random_bits(1, stream, static_cast<uint64_t>(i)) % static_cast<uint64_t>(vocabulary)));
  }
  return tokens;
}

inline std::string pair_line(const Tokens &prompt, const Tokens &chosen, const Tokens &rejected) {
  return nlohmann::json{{"prompt", prompt}, {"chosen", chosen}, {"rejected", rejected}}.dump() + "\n";
}

inline std::string row_line(const Tokens &tokens) { return nlohmann::json{{"tokens", tokens}}.dump() + "\n"; }

// Through a file of that name in the scratch folder.
inline Documents documents_of(const std::string &name, const std::string &text, const DocumentRules &rules) {
  write_text(name, text);
  return read_documents(in_scratch(name), "training data", rules);
}

} // namespace trex::test
