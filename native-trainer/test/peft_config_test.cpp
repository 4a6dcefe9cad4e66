// adapter_config.json: scales by PEFT's rules, and a code for everything that is no plain LoRA.
#include "peft/peft_config.h"

#include <chrono>
#include <cmath>

#include <nlohmann/json.hpp>

#include "common/failure.h"
#include "support/check.h"

namespace {

using namespace trex;
using nlohmann::json;

json plain() {
  return {{"peft_type", "LORA"}, {"r", 8}, {"lora_alpha", 16}, {"target_modules", {"q_proj", "mlp.down_proj"}}};
}

json changed(const std::string &field, const json &value) {
  json document = plain();
  document[field] = value;
  return document;
}

template <class Action> std::string code_of(const Action &action) {
  try {
    action();
    return "accepted";
  } catch (const Failure &failure) {
    return failure.cls == FailureClass::config && failure.message.ends_with(".") ? failure.code : "bad failure";
  }
}

std::string verdict(const std::string &text) {
  return code_of([&] { PeftConfig::parse(text, "config"); });
}

PeftConfig parsed(const json &document) { return PeftConfig::parse(document.dump(), "config"); }

bool ends(const std::string &pattern, const std::string &module) { return ModulePattern(pattern).matches_end(module); }
bool whole(const std::string &pattern, const std::string &module) {
  return ModulePattern(pattern).matches_whole(module);
}

const std::string q3 = "model.layers.3.self_attn.q_proj";

} // namespace

TEST(what_is_no_plain_lora_has_its_code) {
  CHECK(verdict(plain().dump()) == "accepted");
  struct Case {
    const char *code, *field;
    json value;
  };
  const Case cases[] = {
      {"peft.type", "peft_type", "LOHA"},
      {"peft.type", "peft_type", nullptr},
      {"peft.config", "r", 0},
      {"peft.config", "r", -8},
      {"peft.config", "r", 8.5},
      {"peft.config", "r", "8"},
      {"peft.config", "r", 4097},
      {"peft.config", "lora_alpha", 0},
      {"peft.config", "lora_alpha", -16},
      {"peft.config", "lora_alpha", "16"},
      {"peft.config", "use_rslora", "yes"},
      {"peft.config", "use_rslora", 1},
      {"peft.config", "rank_pattern", json::array({1})},
      {"peft.config", "rank_pattern", {{"q_proj", 0}}},
      {"peft.config", "alpha_pattern", {{"q_proj", 0}}},
      {"peft.config", "target_modules", 3},
      {"peft.config", "target_modules", {"q_proj", 3}},
      {"peft.config", "layers_to_transform", {"1"}},
      {"peft.config", "layers_to_transform", -1},
      {"peft.dora", "use_dora", true},
      {"peft.bias", "bias", "all"},
      {"peft.bias", "bias", "lora_only"},
      {"peft.bias", "lora_bias", true},
      {"peft.modules_to_save", "modules_to_save", {"lm_head"}},
      {"peft.modules_to_save", "trainable_token_indices", {1, 2}},
      {"peft.fan_in_fan_out", "fan_in_fan_out", true},
      {"peft.changed_base", "init_lora_weights", "pissa"},
      {"peft.changed_base", "init_lora_weights", "pissa_niter_16"},
      {"peft.changed_base", "init_lora_weights", "olora"},
      {"peft.changed_base", "init_lora_weights", "loftq"},
      {"peft.unsupported_field", "layer_replication", json::array({{0, 4}, {2, 5}})},
      {"peft.unsupported_field", "target_parameters", {"mlp.experts.gate_up_proj"}},
      {"peft.unsupported_field", "alora_invocation_tokens", {1, 2}},
      {"peft.unsupported_field", "use_qalora", true},
      {"peft.unsupported_field", "a_field_of_next_year", 0.5},
      {"peft.pattern", "rank_pattern", {{"(?<=self_attn\\.)q_proj", 4}}},
      {"peft.pattern", "alpha_pattern", {{"(q)\\1", 4}}},
      {"peft.pattern", "target_modules", "(?!x).*"},
  };
  for (const Case &refused : cases) {
    const json document = changed(refused.field, refused.value);
    CHECK_CASE(verdict(document.dump()) == refused.code, document.dump() + " -> " + verdict(document.dump()));
  }
  CHECK(verdict("{\"peft_type\":\"LORA\",\"lora_alpha\":1e999}").starts_with("peft."));
  CHECK(verdict("{\"peft_type\":\"LORA\",\"r\":8,\"r\":16}") == "peft.duplicate_key");
  CHECK(verdict("{\"peft_type\":\"LORA\",\"rank_pattern\":{\"\":8,\"\":16}}") == "peft.duplicate_key");
  CHECK(verdict("[]") == "peft.json" && verdict("") == "peft.json" && verdict("{\"r\":") == "peft.json");
  CHECK(verdict("{\"x\":\"" + std::string(1 << 20, 'x') + "\"}") == "peft.config_too_large");
}

TEST(harmless_fields_are_accepted) {
  for (const auto &[field, value] :
       std::vector<std::pair<std::string, json>>{{"lora_dropout", 0.1},
                                                 {"base_model_name_or_path", "../../etc/passwd"},
                                                 {"init_lora_weights", "gaussian"},
                                                 {"init_lora_weights", false},
                                                 {"layer_replication", nullptr},
                                                 {"use_qalora", false},
                                                 {"qalora_group_size", 16},
                                                 {"loftq_config", json::object()},
                                                 {"a_field_of_next_year", nullptr},
                                                 {"bias", nullptr},
                                                 {"exclude_modules", nullptr}}) {
    CHECK_CASE(verdict(changed(field, value).dump()) == "accepted", field);
  }
}

TEST(patterns_match_as_in_python) {
  CHECK(ends("q_proj", q3) && ends("self_attn.q_proj", q3) && ends(q3, q3));
  CHECK(!ends("proj", q3) && !ends("attn.q_proj", q3) && !ends("q_pro", q3) && !ends("k_proj", q3)); // only after a dot
  CHECK(ends("layers\\.[0-3]\\.self_attn\\.(q|k)_proj", q3) && !ends("layers\\.[0-2]\\..*", q3));
  CHECK(ends("^model.*q_proj", q3) && !ends("^layers.*q_proj", q3)); // an anchor is the beginning of the whole name
  CHECK(ends("q_proj$", q3) && ends("q_proj|k_proj", q3) && ends("k_proj|q_proj", q3));
  CHECK(ends("layers.1.q", "layers.1.q") && !ends("layers.1.q", "layers.11.q"));
  CHECK(whole("model.*", q3) && !whole("q_proj", q3) && whole(".*\\.q_proj", q3));
  CHECK(whole(".*?(?:self_attn|mlp).*?(?:q_proj|k_proj).*?", q3) && !whole(".*?(?:mlp).*?(?:q_proj)", q3));
  CHECK(whole("\\bmodel\\.layers\\.[\\d]{1,}\\.(?:self_attn)\\.(?:(?:q_proj|v_proj))", q3));
  CHECK(whole("[^.]+\\.layers\\.\\d{1,2}\\.\\w+\\.q_proj", q3) && !whole("[^.]+\\.layers\\.\\d{2}\\..*", q3));
  CHECK(whole("a{2}b{0,2}c?", "aab") && whole("a{2}b{0,2}c?", "aabbc") && !whole("a{2}b{0,2}c?", "aabbbc"));
  CHECK(whole("[]a-]+", "a-]") && whole("(a|)b", "b") && whole("()", "") && whole("(a*)*", "aaa"));
  for (const char *unknown :
       {"(",  ")",   "a)",  "(a",    "*a",       "a**",   "a*+",   "a{,2}", "a{2",     "[a",
        "\\", "\\1", "\\p", "(?i)a", "(?P<n>a)", "(?=a)", "[b-a]", "^*",    "a{2000}", "a{3,2}"}) {
    CHECK_CASE(code_of([&] { ModulePattern{unknown}; }) == "peft.pattern", unknown);
  }
  CHECK(code_of([] { ModulePattern(std::string(5000, 'a')); }) == "peft.pattern");
  CHECK(code_of([] { ModulePattern(std::string(1000, '(') + std::string(1000, ')')); }) == "peft.pattern");
}

TEST(hostile_patterns_end_soon) {
  const auto start = std::chrono::steady_clock::now();
  const std::string text(200, 'a');
  CHECK(!whole("(a+)+b", text) && !whole("(a|a)*b", text) &&
        !whole("(.*.*.*.*)*b", text)); // exponential when backtracking
  const std::string nested = "((((((a{900}){900}){900}){900}){900}){900})b";
  CHECK(code_of([&] { whole(nested, text); }) == "peft.pattern");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST(the_first_pattern_that_matches_wins) {
  // ordered_json, because the order in the file is the order of the look-up.
  const PeftConfig config = PeftConfig::parse(
      R"({"peft_type":"LORA","r":8,"lora_alpha":16,"rank_pattern":{"zeta.q_proj":64,"layers.3.self_attn.q_proj":2,"q_proj":4},
          "alpha_pattern":{"q_proj":10.5}})",
      "config");
  CHECK(config.rank_of(q3) == 2 && config.rank_of("model.layers.4.self_attn.q_proj") == 4);
  CHECK(config.rank_of("model.layers.3.self_attn.k_proj") == 8);
  CHECK(config.alpha_of(q3) == 10.5 && config.alpha_of("model.layers.3.self_attn.k_proj") == 16.0);
  CHECK(config.numerator_of(q3) == 10.5);
  const PeftConfig stable = parsed(changed("use_rslora", true));
  CHECK(stable.numerator_of(q3) == 16.0 * std::sqrt(8.0)); // alpha / sqrt(r) = numerator / r
}

TEST(targets_are_those_peft_would_adapt) {
  const PeftConfig listed = parsed(plain());
  CHECK(listed.targets(q3, 3) && listed.targets("model.layers.0.mlp.down_proj", 0));
  CHECK(!listed.targets("model.layers.0.self_attn.k_proj", 0) &&
        !listed.targets("model.layers.0.self_attn.xq_proj", 0));
  CHECK(parsed(changed("target_modules", "all-linear")).targets(q3, 3));
  CHECK(parsed(changed("target_modules", nullptr)).targets(q3, 3));
  CHECK(parsed(changed("target_modules", ".*q_proj")).targets(q3, 3));
  CHECK(!parsed(changed("target_modules", "q_proj")).targets(q3, 3)); // one text is matched in full
  CHECK(!parsed(changed("exclude_modules", {"q_proj"})).targets(q3, 3));
  CHECK(!parsed(changed("exclude_modules", ".*layers.3.*")).targets(q3, 3));
  CHECK(parsed(changed("layers_to_transform", {1, 3})).targets(q3, 3) &&
        parsed(changed("layers_to_transform", 3)).targets(q3, 3));
  CHECK(!parsed(changed("layers_to_transform", {1, 2})).targets(q3, 3));
  CHECK(!parsed(changed("layers_to_transform", {1, 2})).targets("lm_head.q_proj", std::nullopt));
}

TEST(what_is_written_is_read_back) {
  PeftConfigFields fields;
  fields.base_model = "name with \"quotes\"";
  fields.rank = 4;
  fields.alpha = static_cast<double>(0.1f);
  fields.ranks = {{q3, 9}};
  fields.alphas = {{q3, 2.5}};
  fields.target_modules = {"q_proj", "k_proj"};
  const PeftConfig config = PeftConfig::parse(peft_config_text(fields), "config");
  const std::string k = "model.layers.0.self_attn.k_proj";
  CHECK(config.rank_of(k) == 4 && config.alpha_of(k) == static_cast<double>(0.1f) && config.targets(k, 0));
  CHECK(config.rank_of(q3) == 9 && config.alpha_of(q3) == 2.5);
  fields.alpha = 32.0;
  CHECK(json::parse(peft_config_text(fields))["lora_alpha"].is_number_integer());
}
