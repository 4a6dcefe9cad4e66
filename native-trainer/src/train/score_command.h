#pragma once
#include <iosfwd>

#include <nlohmann/json.hpp>

#include "ops/backend.h"

namespace trex {

// Writes the log-likelihood of each continuation in the request's pairs file to `out`, and the logits behind them to the
// file "logits" names, if any.
// Returns the process exit code of native-trainer/README.md (0, or 130 after an interrupt). Throws Failure for what can
// be expected to go wrong; its caller writes the error document.
int run_score(const nlohmann::json &request, std::ostream &out);

// The same on a back end that `open` gives.
int run_score_on(const OpenBackend &open, const nlohmann::json &request, std::ostream &out);

} // namespace trex
