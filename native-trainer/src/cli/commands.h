// The commands that are not training itself. Each takes its request, writes one JSON document and returns the exit code.
// All throw Failure for what can be expected to go wrong.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace trex {

int run_devices(std::ostream &out);
int run_export_adapter(const nlohmann::json &request, std::ostream &out);
int run_import_adapter(const nlohmann::json &request, std::ostream &out);
int run_info(const std::string &model_path, std::ostream &out);
int run_make_model(const nlohmann::json &request, std::ostream &out);
int run_merge(const nlohmann::json &request, std::ostream &out);
int run_plan(const nlohmann::json &request, std::ostream &out);

// Runs the program with its arguments and returns its exit code; whatever is thrown becomes one error object on `out`.
int run_program(const std::vector<std::string> &arguments, std::ostream &out);

} // namespace trex
