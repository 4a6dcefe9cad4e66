#pragma once
#include <iosfwd>

#include <nlohmann/json.hpp>

namespace trex {

// Measures SGEMM and training speed on this machine; writes one JSON document to `out`.
// Returns the process exit code of native-trainer/README.md (0, or 130 after an interrupt). Throws Failure for what can
// be expected to go wrong; its caller writes the error document.
int run_bench(const nlohmann::json &request, std::ostream &out);

} // namespace trex
