// JSON from files that others wrote. A key that appears twice, on any level, is an error: readers disagree on which of
// the two counts, and a file must not mean one thing here and another in the next program.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/failure.h"

namespace trex {

// The object in `text`, which must be UTF-8 and hold nothing else but white space. nlohmann::ordered_json keeps the
// order of the keys; its look-ups are linear, so it is for small documents. `name` is what messages call the document.
// Throws Failure CONFIG "peft.json" (not a JSON object, nested deeper than 16 levels) or "peft.duplicate_key".
template <class Json> Json parse_strict_json(std::string_view text, const std::string &name) {
  constexpr int max_depth = 16;
  const auto fail = [&](const char *code, const std::string &what) {
    return config_failure(code, name + " " + what + ".", "Export or download the adapter again.");
  };
  using Event = typename Json::parse_event_t;
  std::vector<std::set<std::string>> keys; // of every object that is open
  std::optional<std::string> repeated;
  bool too_deep = false;
  const typename Json::parser_callback_t watch = [&](int depth, Event event, Json &value) {
    too_deep = too_deep || depth > max_depth;
    if (too_deep) return false;
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const std::string key = value.template get<std::string>();
      if (!keys.back().insert(key).second) repeated = key;
    }
    return true;
  };
  Json document;
  try {
    document = Json::parse(text.begin(), text.end(), watch);
  } catch (const nlohmann::json::exception &) {
    throw fail("peft.json", "is not a JSON document");
  }
  if (too_deep) throw fail("peft.json", "is nested deeper than " + std::to_string(max_depth) + " levels");
  if (!document.is_object()) throw fail("peft.json", "is not a JSON object");
  if (repeated) throw fail("peft.duplicate_key", "has the key \"" + *repeated + "\" twice");
  return document;
}

} // namespace trex
