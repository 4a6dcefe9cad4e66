// Patterns for names: `*` stands for any text, also none, `?` for one character, everything else for itself.
#pragma once

#include <string_view>

namespace trex {

bool glob_matches(std::string_view pattern, std::string_view text);

} // namespace trex
