// Field names: peft/config.py and peft/tuners/lora/config.py of Hugging Face PEFT.
#include "peft/peft_config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "common/failure.h"
#include "peft/strict_json.h"

namespace trex {

using nlohmann::ordered_json;

namespace {

constexpr size_t max_config_bytes = size_t{1} << 20;
constexpr int64_t max_rank = 4096;
constexpr const char *plain_lora = "Train a plain LoRA, or merge it into the model with PEFT first.";

// Say where an adapter came from or how it was trained, not what it computes.
constexpr std::array<std::string_view, 20> harmless_fields = {
    "auto_mapping",   "base_model_name_or_path", "revision",        "task_type",         "inference_mode",
    "lora_dropout",   "megatron_core",           "megatron_config", "loftq_config",      "eva_config",
    "corda_config",   "lora_ga_config",          "peft_version",    "qalora_group_size", "runtime_config",
    "layers_pattern", "ensure_weight_tying",     "_custom_modules", "_commit_hash",      "peft_type"};

bool is_nothing(const ordered_json &value) {
  return value.is_null() || value == false || ((value.is_structured() || value.is_string()) && value.empty());
}

bool ends_with_name(std::string_view module, std::string_view name) {
  return module == name ||
         (module.size() > name.size() && module.ends_with(name) && module[module.size() - name.size() - 1] == '.');
}

} // namespace

class PeftConfigReader {
public:
  PeftConfigReader(std::string_view text, const std::string &name) : name_(name) {
    if (text.size() > max_config_bytes) fail("peft.config_too_large", "is larger than 1 MiB", "Choose another adapter.");
    document_ = parse_strict_json<ordered_json>(text, name);
  }

  PeftConfig read() {
    const ordered_json *type = take("peft_type");
    if (type == nullptr || *type != "LORA") fail("peft.type", "is not of peft_type LORA", "Choose a LoRA adapter.");
    PeftConfig config;
    if (const ordered_json *rank = take("r")) config.rank_ = rank_from(*rank, "r");
    if (const ordered_json *alpha = take("lora_alpha")) config.alpha_ = alpha_from(*alpha, "lora_alpha");
    config.rslora_ = flag("use_rslora");
    for (const auto &[key, value] : pattern("rank_pattern")) {
      config.rank_pattern_.emplace_back(ModulePattern(key), rank_from(value, "rank_pattern." + key));
    }
    for (const auto &[key, value] : pattern("alpha_pattern")) {
      config.alpha_pattern_.emplace_back(ModulePattern(key), alpha_from(value, "alpha_pattern." + key));
    }
    config.targets_ = modules("target_modules");
    if (config.targets_.names.empty() && !config.targets_.expression) config.targets_.all = true; // PEFT's own choice
    config.excluded_ = modules("exclude_modules");
    config.layers_ = layers();
    refuse_what_is_no_plain_lora();
    return config;
  }

private:
  [[noreturn]] void fail(const char *code, const std::string &what, const char *hint) const {
    throw config_failure(code, name_ + " " + what + ".", hint);
  }

  [[noreturn]] void wrong(const std::string &field, const char *expected) const {
    fail("peft.config", "has a \"" + field + "\" that is not " + expected, "Export the adapter again.");
  }

  // Null when absent or null.
  const ordered_json *take(const char *field) {
    read_.insert(field);
    const auto found = document_.find(field);
    return found == document_.end() || found->is_null() ? nullptr : &*found;
  }

  bool flag(const char *field) {
    const ordered_json *value = take(field);
    if (value == nullptr) return false;
    if (!value->is_boolean()) wrong(field, "true or false");
    return value->get<bool>();
  }

  bool is_set(const char *field) {
    const ordered_json *value = take(field);
    return value != nullptr && !is_nothing(*value);
  }

  int64_t rank_from(const ordered_json &value, const std::string &field) const {
    const uint64_t rank = value.is_number_unsigned() ? value.get<uint64_t>() : 0;
    if (rank < 1 || rank > max_rank) wrong(field, "a whole number from 1 to 4096");
    return static_cast<int64_t>(rank);
  }

  // A scale of zero would be read as a scale of one in a GGUF, and a negative one is refused there.
  double alpha_from(const ordered_json &value, const std::string &field) const {
    const double alpha = value.is_number() ? value.get<double>() : 0.0;
    if (!(alpha > 0.0) || !std::isfinite(alpha)) wrong(field, "a positive number");
    return alpha;
  }

  ordered_json::object_t pattern(const char *field) {
    const ordered_json *value = take(field);
    if (value == nullptr) return {};
    if (!value->is_object()) wrong(field, "a map from module names to numbers");
    return value->get_ref<const ordered_json::object_t &>();
  }

  PeftConfig::Modules modules(const char *field) {
    PeftConfig::Modules result;
    const ordered_json *value = take(field);
    if (value == nullptr) return result;
    if (value->is_string()) {
      const auto text = value->get<std::string>();
      if (text == "all-linear") {
        result.all = true;
      } else {
        result.expression.emplace(text);
      }
      return result;
    }
    if (!value->is_array()) wrong(field, "a text or a list of texts");
    for (const ordered_json &element : *value) {
      if (!element.is_string()) wrong(field, "a text or a list of texts");
      result.names.push_back(element.get<std::string>());
    }
    return result;
  }

  std::optional<std::vector<int64_t>> layers() {
    const ordered_json *value = take("layers_to_transform");
    if (value == nullptr) return std::nullopt;
    std::vector<int64_t> result;
    const ordered_json list = value->is_array() ? *value : ordered_json::array({*value});
    for (const ordered_json &element : list) {
      if (!element.is_number_unsigned() || element.get<uint64_t>() > 1'000'000) {
        wrong("layers_to_transform", "a layer number or a list of them");
      }
      result.push_back(element.get<int64_t>());
    }
    if (result.empty()) return std::nullopt; // PEFT takes an empty list for all layers
    return result;
  }

  void refuse_what_is_no_plain_lora() {
    if (flag("use_dora")) fail("peft.dora", "uses DoRA, whose magnitudes no GGUF adapter can hold", plain_lora);
    const ordered_json *bias = take("bias");
    if ((bias != nullptr && *bias != "none") || flag("lora_bias")) {
      fail("peft.bias", "trains biases, which no GGUF adapter can hold", plain_lora);
    }
    if (is_set("modules_to_save") || is_set("trainable_token_indices")) {
      fail("peft.modules_to_save", "replaces whole modules or tokens beside the LoRA, which no GGUF adapter can hold",
           plain_lora);
    }
    if (flag("fan_in_fan_out")) {
      fail("peft.fan_in_fan_out", "was made for transposed weights, which no supported model has",
           "Use the adapter with the model it was trained on.");
    }
    check_initialisation();
    for (const auto &[field, value] : document_.items()) {
      const bool harmless = std::find(harmless_fields.begin(), harmless_fields.end(), field) != harmless_fields.end();
      if (read_.contains(field) || harmless || is_nothing(value)) continue;
      fail("peft.unsupported_field", "sets \"" + field + "\", which a plain LoRA has not", plain_lora);
    }
  }

  // PiSSA and its like subtract the start from the base weights; unless converted, the adapter belongs to those.
  void check_initialisation() {
    const ordered_json *start = take("init_lora_weights");
    if (start == nullptr || start->is_boolean()) return;
    for (const char *unchanged : {"gaussian", "eva", "orthogonal"}) {
      if (*start == unchanged) return;
    }
    fail("peft.changed_base",
         "starts from changed base weights (init_lora_weights), so it does not fit the original model",
         "Save it from PEFT with path_initial_model_for_weight_conversion, which makes it a plain LoRA.");
  }

  const std::string &name_;
  ordered_json document_;
  std::set<std::string> read_;
};

PeftConfig PeftConfig::parse(std::string_view text, const std::string &name) {
  return PeftConfigReader(text, name).read();
}

int64_t PeftConfig::rank_of(std::string_view module) const {
  for (const auto &[pattern, rank] : rank_pattern_) {
    if (pattern.matches_end(module)) return rank;
  }
  return rank_;
}

double PeftConfig::alpha_of(std::string_view module) const {
  for (const auto &[pattern, alpha] : alpha_pattern_) {
    if (pattern.matches_end(module)) return alpha;
  }
  return alpha_;
}

double PeftConfig::numerator_of(std::string_view module) const {
  return rslora_ ? alpha_of(module) * std::sqrt(static_cast<double>(rank_of(module))) : alpha_of(module);
}

bool PeftConfig::Modules::contains(std::string_view module) const {
  return all || (expression && expression->matches_whole(module)) ||
         std::any_of(names.begin(), names.end(), [&](const std::string &name) { return ends_with_name(module, name); });
}

bool PeftConfig::targets(std::string_view module, std::optional<int64_t> layer) const {
  if (excluded_.contains(module) || !targets_.contains(module)) return false;
  return !layers_ || (layer && std::find(layers_->begin(), layers_->end(), *layer) != layers_->end());
}

std::string peft_config_text(const PeftConfigFields &fields) {
  // alpha 32.0 is written as 32, the way PEFT writes it.
  const auto number = [](double value) {
    const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
    return whole ? ordered_json(static_cast<int64_t>(value)) : ordered_json(value);
  };
  ordered_json ranks = ordered_json::object(), alphas = ordered_json::object();
  for (const auto &[module, rank] : fields.ranks) ranks[module] = rank;
  for (const auto &[module, alpha] : fields.alphas) alphas[module] = number(alpha);
  const ordered_json document = {{"peft_type", "LORA"},
                                 {"task_type", "CAUSAL_LM"},
                                 {"base_model_name_or_path", fields.base_model},
                                 {"inference_mode", true},
                                 {"r", fields.rank},
                                 {"lora_alpha", number(fields.alpha)},
                                 {"lora_dropout", 0.0},
                                 {"rank_pattern", ranks},
                                 {"alpha_pattern", alphas},
                                 {"target_modules", fields.target_modules},
                                 {"modules_to_save", nullptr},
                                 {"bias", "none"},
                                 {"fan_in_fan_out", false},
                                 {"init_lora_weights", true},
                                 {"use_rslora", false},
                                 {"use_dora", false}};
  return document.dump(2) + "\n";
}

} // namespace trex
