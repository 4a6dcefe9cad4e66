// The regular expressions of adapter_config.json: keys of rank_pattern and alpha_pattern, and target_modules when it is
// one text. They come from strangers, so they are matched by sets of positions (Thompson, Regular Expression Search
// Algorithm, CACM 1968): no backtracking, and an expression that asks for too much work is refused instead of run.
//
// Understood as in Python's re: literals, ".", "[a-z]" and "[^...]", "\d \w \s \b" and escaped punctuation, "( )",
// "(?: )", "|", "* + ? {m} {m,} {m,n}" each with a lazy "?", "^", "$". Whether a text matches does not depend on
// greediness, so lazy and greedy mean the same here. Look-around, back references, flags and named groups are refused.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace trex {

class ModulePattern {
public:
  // Throws Failure CONFIG "peft.pattern" when the expression is not understood or is longer than 4096 characters.
  explicit ModulePattern(std::string_view expression);

  // re.fullmatch(expression, module). Throws "peft.pattern" when it would take too many steps; module names are short,
  // so no expression of ordinary size does.
  bool matches_whole(std::string_view module) const;

  // re.match("(.*\.)?(expression)$", module): the whole name or its end after a dot. PEFT looks up rank_pattern and
  // alpha_pattern so (get_pattern_key in peft/utils/other.py); the first key in the order of the file wins.
  bool matches_end(std::string_view module) const;

  struct Node;

private:
  std::string expression_;
  std::shared_ptr<const Node> root_;
};

} // namespace trex
