// Pairs to score: JSON lines of {"id", "context": [...], "continuation": [...]}.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace trex {

struct ScorePair {
  nlohmann::json id;           // given back as it came
  std::vector<int32_t> tokens; // context, then continuation
  int32_t context = 0;         // tokens of it
};

// Throws Failure DATA "pairs.row" naming the first bad row, "pairs.empty", and CONFIG "file.*".
std::vector<ScorePair> read_score_pairs(const std::string &utf8_path, int64_t vocab);

} // namespace trex
