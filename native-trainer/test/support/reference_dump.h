// The dumps of test/reference: a tiny model described by a rule, and what PyTorch in fp64 computed with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "gguf/adapter_file.h"

namespace trex::test {

nlohmann::json read_reference_dump(const std::string &name); // dumps/<name>.json

// Element `index` of the tensor `name` under the rule of reference/rule.py.
float rule_value(uint64_t seed, const std::string &name, uint64_t index, double centre, double spread);
double rule_sign(uint64_t seed, const std::string &name, uint64_t index); // +1 or -1

// Writes the dump's model as a GGUF file, all tensors F32, into the scratch folder; returns its path.
std::string write_reference_model(const nlohmann::json &dump, const std::string &name);

// The adapter that the reference starts from; neither A nor B is zero.
Adapter reference_adapter(const nlohmann::json &dump);

} // namespace trex::test
