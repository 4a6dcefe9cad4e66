#pragma once
#include <iosfwd>

#include <nlohmann/json.hpp>

#include "ops/backend.h"

namespace trex {

// Fine-tunes or trains a model as the request says; writes JSON-line events to `out`.
// Returns the process exit code of native-trainer/README.md (0, or 130 after an interrupt). Throws Failure for what can
// be expected to go wrong; its caller writes the error document.
int run_train(const nlohmann::json &request, std::ostream &out);

// The same on a back end that `open` gives.
int run_train_on(const OpenBackend &open, const nlohmann::json &request, std::ostream &out);

} // namespace trex
