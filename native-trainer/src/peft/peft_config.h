// adapter_config.json of a PEFT adapter: what scale each module has, and a refusal of everything that a plain LoRA in a
// GGUF cannot express.
//
//   y = W x + s B (A x),   s = alpha / r,  or  alpha / sqrt(r) with use_rslora
//
// r and alpha of a module are "r" and "lora_alpha", unless a key of rank_pattern or alpha_pattern matches its name; the
// first key that matches wins, and the two patterns are looked up separately (peft/tuners/lora/model.py since 0.15;
// older releases took one key for both, which differs only where the two patterns name the same module by different
// keys).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "peft/module_pattern.h"

namespace trex {

class PeftConfig {
public:
  // Throws Failure CONFIG (`name` is what messages call the file):
  //   "peft.json", "peft.duplicate_key"  as parse_strict_json; "peft.config_too_large" over 1 MiB
  //   "peft.config"            a field of the wrong type or range
  //   "peft.type"              peft_type is not LORA
  //   "peft.pattern"           a pattern that ModulePattern does not understand
  //   "peft.dora"              use_dora
  //   "peft.bias"              bias is not "none", or lora_bias
  //   "peft.modules_to_save"   modules_to_save, trainable_token_indices: weights beside the low-rank product
  //   "peft.fan_in_fan_out"    transposed weights, which no supported architecture has
  //   "peft.changed_base"      init_lora_weights is PiSSA, OLoRA, LoftQ, CorDA, ...: made for changed base weights
  //   "peft.unsupported_field" any other field that changes the result (layer_replication, ...), or an
  //                            unknown one that is not null, false or empty
  static PeftConfig parse(std::string_view text, const std::string &name);

  int64_t rank_of(std::string_view module) const;
  double alpha_of(std::string_view module) const; // positive and finite
  // s times the module's rank: alpha, or alpha sqrt(r) with use_rslora. What llama.cpp divides by the rank.
  double numerator_of(std::string_view module) const;

  // Whether PEFT would give the module an adapter: target_modules (names or their ends after a dot, "all-linear", or
  // one regular expression), exclude_modules and layers_to_transform. `layer` is the module's layer, if it lies in one.
  bool targets(std::string_view module, std::optional<int64_t> layer) const;

private:
  friend class PeftConfigReader;

  struct Modules { // target_modules or exclude_modules
    std::vector<std::string> names;
    std::optional<ModulePattern> expression;
    bool all = false;
    bool contains(std::string_view module) const;
  };

  int64_t rank_ = 8; // PEFT's defaults
  double alpha_ = 8.0;
  bool rslora_ = false;
  std::vector<std::pair<ModulePattern, int64_t>> rank_pattern_;
  std::vector<std::pair<ModulePattern, double>> alpha_pattern_;
  Modules targets_, excluded_;
  std::optional<std::vector<int64_t>> layers_;
};

// What export writes: one rank and alpha for all, and full module names for those that differ.
struct PeftConfigFields {
  std::string base_model;
  int64_t rank = 0;
  double alpha = 0.0;
  std::vector<std::pair<std::string, int64_t>> ranks; // module -> rank
  std::vector<std::pair<std::string, double>> alphas; // module -> alpha
  std::vector<std::string> target_modules;
};
std::string peft_config_text(const PeftConfigFields &fields);

} // namespace trex
