// Names, patterns, layer ranges and overrides: which tensors they choose, with which rank and scale, and that the
// exported file means what was trained.
#include "plan/lora_choice.h"

#include <cmath>

#include "common/failure.h"
#include "common/glob.h"
#include "gguf/adapter_file.h"
#include "support/check.h"
#include "support/training_jobs.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

const HyperParameters &tiny() {
  static const HyperParameters parameters = read_hyper_parameters(ModelFile::open(tiny_model()));
  return parameters;
}

// "0q 1q" for attn_q of both layers: short enough for a table.
std::string chosen(const LoraChoice &choice) {
  std::string list;
  for (const LoraTensor &tensor : lora_tensors(choice, tiny())) {
    const std::string name = tensor.name.substr(4, tensor.name.size() - 4 - 7);
    list += (list.empty() ? "" : " ") + name;
  }
  return list;
}

std::string chosen(std::vector<std::string> targets, std::optional<LayerRange> layers = {}) {
  LoraChoice choice;
  choice.targets = std::move(targets);
  choice.layers = layers;
  return chosen(choice);
}

// The code and what the hint says.
std::string refusal(const LoraChoice &choice) {
  try {
    return "accepted " + chosen(choice);
  } catch (const Failure &failure) {
    CHECK_CASE(failure.cls == FailureClass::config && failure.message.ends_with(".") && failure.hint.ends_with("."),
               failure.message);
    return failure.code + ": " + failure.hint;
  }
}

LoraTensor tensor_named(const LoraChoice &choice, const std::string &name) {
  for (const LoraTensor &tensor : lora_tensors(choice, tiny())) {
    if (tensor.name == name + ".weight") return tensor;
  }
  CHECK_CASE(false, name);
  return {};
}

// What llama.cpp multiplies the stored B A with, over what B was multiplied by.
double served_scale(const LoraChoice &choice, const LoraTensor &tensor) {
  return stored_alpha(choice) / static_cast<double>(tensor.rank) * tensor.b_factor;
}

bool near(double x, double y) { return std::abs(x - y) <= 1e-15 * std::abs(y); }

} // namespace

TEST(globs_match_whole_names) {
  for (const char *pattern : {"attn_q", "attn_*", "*", "*_q", "a*_?", "attn_q*", "**", "*t*n*q", "??????"}) {
    CHECK_CASE(glob_matches(pattern, "attn_q"), pattern);
  }
  for (const char *pattern : {"attn", "attn_", "attn_k", "ttn_q", "*_k", "attn_q?", "?", "", "attn_?*?", "Attn_q"}) {
    CHECK_CASE(!glob_matches(pattern, "attn_q"), pattern);
  }
  CHECK(glob_matches("", "") && glob_matches("*", "") && !glob_matches("?", ""));
  // Many stars take time proportional to the product of the lengths, not to its power.
  CHECK(!glob_matches(std::string(40, '*') + "*a*a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

TEST(targets_choose_by_name_by_pattern_and_by_layer) {
  const std::string all = chosen(LoraChoice{});
  CHECK(std::count(all.begin(), all.end(), ' ') == 13);
  CHECK(all == chosen({"*"}) && all == chosen({"attn_*", "ffn_*"}) && all == chosen({"blk.*"}));
  CHECK(chosen({"ffn_up", "attn_q"}) == "0.attn_q 0.ffn_up 1.attn_q 1.ffn_up"); // the model's order, not the request's
  CHECK(chosen({"attn_?"}) == "0.attn_q 0.attn_k 0.attn_v 1.attn_q 1.attn_k 1.attn_v");
  CHECK(chosen({"blk.1.ffn_*"}) == "1.ffn_gate 1.ffn_up 1.ffn_down");
  CHECK(chosen({"blk.0.attn_q", "ffn_down"}) == "0.attn_q 0.ffn_down 1.ffn_down");
  CHECK(chosen({"attn_q"}, LayerRange{-1, -1}) == "1.attn_q" && chosen({"attn_q"}, LayerRange{0, 0}) == "0.attn_q");
  CHECK(chosen({"attn_q"}, LayerRange{0, -1}) == "0.attn_q 1.attn_q");
}

TEST(what_chooses_nothing_is_refused_with_what_there_is) {
  LoraChoice choice;
  for (const char *pattern : {"atn_q", "attn_qkv", "attn", "blk.2.attn_q", "blk.0.attn_q.weight", "q*", ""}) {
    choice.targets = {"attn_q", pattern};
    const std::string told = refusal(choice);
    CHECK_CASE(told.starts_with("lora.unknown_target"), told);
    CHECK_CASE(told.find("0 to 1") != std::string::npos, told);
    CHECK_CASE(told.find("attn_q, attn_k, attn_v, attn_output, ffn_gate, ffn_up, ffn_down") != std::string::npos, told);
  }
  choice.targets = {"blk.0.attn_q"};
  for (const LayerRange range :
       {LayerRange{0, 2}, LayerRange{-3, 1}, LayerRange{1, 0}, LayerRange{-1, 0}, LayerRange{1, 1}}) {
    choice.layers = range;
    CHECK_CASE(refusal(choice).starts_with("lora.layers"), std::to_string(range.first));
  }
  choice.layers.reset();
  const auto overridden = [&](const LoraOverride &one) {
    choice.overrides = {one};
    return refusal(choice);
  };
  CHECK(overridden({"attn_q", {}, 2, {}}).starts_with("accepted"));
  CHECK(overridden({"attn_k", {}, 2, {}}).starts_with("lora.unknown_target"));               // not among the targets
  CHECK(overridden({"attn_q", LayerRange{1, 1}, 2, {}}).starts_with("lora.unknown_target")); // not in those layers
  CHECK(overridden({"attn_q", LayerRange{0, 2}, 2, {}}).starts_with("lora.layers"));
}

TEST(later_overrides_win_and_single_ranks_win_over_all) {
  LoraChoice choice;
  choice.rank = 4;
  choice.alpha = 8.0;
  choice.overrides = {{"attn_*", {}, 8, 4.0}, {"*_q", LayerRange{1, 1}, {}, 24.0}, {"blk.0.ffn_up", {}, 3, {}}};
  choice.ranks = {{"blk.1.attn_q", 6}, {"blk.1.ffn_up", 2}};
  struct Expected {
    const char *name;
    int64_t rank;
    double scale;
  };
  for (const auto &[name, rank, scale] :
       {Expected{"blk.0.attn_q", 8, 0.5}, Expected{"blk.0.attn_k", 8, 0.5}, Expected{"blk.1.attn_q", 6, 3.0},
        Expected{"blk.0.ffn_up", 3, 8.0 / 3.0}, Expected{"blk.1.ffn_up", 2, 2.0}, Expected{"blk.0.ffn_down", 4, 2.0}}) {
    const LoraTensor tensor = tensor_named(choice, name);
    CHECK_CASE(tensor.rank == rank && near(tensor.scale, scale), name);
    CHECK_CASE(near(served_scale(choice, tensor), scale), name);
  }
  choice.scaling = LoraScaling::rslora;
  CHECK(near(tensor_named(choice, "blk.0.ffn_down").scale, 4.0));                 // 8 / sqrt 4
  CHECK(near(tensor_named(choice, "blk.1.attn_q").scale, 24.0 / std::sqrt(8.0))); // of the override's rank, not its own
  for (const LoraTensor &tensor : lora_tensors(choice, tiny())) {
    CHECK_CASE(near(served_scale(choice, tensor), tensor.scale), tensor.name);
  }
}

TEST(a_common_rank_needs_no_factor_whatever_the_scaling) {
  for (const LoraScaling scaling : {LoraScaling::standard, LoraScaling::rslora}) {
    for (const int64_t rank : {1, 3, 7, 16, 48}) {
      LoraChoice choice;
      choice.rank = rank;
      choice.alpha = 0.3;
      choice.scaling = scaling;
      for (const LoraTensor &tensor : lora_tensors(choice, tiny())) {
        // As llama.cpp computes it, in fp32.
        const float served = static_cast<float>(stored_alpha(choice)) / static_cast<float>(tensor.rank);
        CHECK(tensor.b_factor == 1.0 && static_cast<float>(tensor.scale) == served);
      }
    }
  }
}

TEST(an_override_for_all_is_the_same_training_as_a_common_rank) {
  json uniform = request_into("choice-uniform"), overridden = request_into("choice-overridden");
  uniform["lora"] = {{"rank", 8}, {"alpha", 4}};
  overridden["lora"] = {{"rank", 16}, {"alpha", 64}, {"overrides", {{{"match", "*"}, {"rank", 8}, {"alpha", 4}}}}};
  CHECK(course_of(train(uniform)) == course_of(train(overridden)));
}

TEST(rslora_is_the_standard_with_the_scale_it_stands_for) {
  json standard = request_into("choice-standard"), rslora = request_into("choice-rslora");
  standard["lora"] = {{"rank", 16}, {"alpha", 32}}; // 32 / 16 = 8 / sqrt 16
  rslora["lora"] = {{"rank", 16}, {"alpha", 8}, {"scaling", "rslora"}};
  CHECK(course_of(train(standard)) == course_of(train(rslora)));
  CHECK(hash_of(standard) == hash_of(rslora));
}

TEST(what_is_chosen_is_served_as_it_was_trained) {
  const json choices[] = {
      {{"rank", 3}, {"alpha", 5}, {"scaling", "rslora"}},
      {{"rank", 4}, {"alpha", 8}, {"targets", {"blk.1.ffn_*", "attn_q"}}, {"layers", {-1, -1}}},
      {{"rank", 4},
       {"alpha", 8},
       {"scaling", "rslora"},
       {"ranks", {{"blk.0.attn_q", 5}}},
       {"overrides",
        {{{"match", "ffn_*"}, {"rank", 6}, {"alpha", 1.5}}, {{"match", "*_v"}, {"layers", {0, 0}}, {"alpha", 30}}}}}};
  for (const json &lora : choices) {
    json request = request_into("choice-served");
    request["lora"] = lora;
    request["optimizer"] = {{"learningRate", 0.03}};
    request["validation"] = counting_rows();
    const Outcome outcome = train(request);
    const double trained = outcome.last("done").at("validationLoss").get<double>(), scored = scored_loss(request);
    CHECK_CASE(std::abs(trained - scored) < 2e-7 * trained,
               lora.dump() + " " + std::to_string(trained) + " against " + std::to_string(scored));
    CHECK_CASE(trained < 3.6, lora.dump()); // an adapter without effect would score like the untrained model
    CHECK(outcome.last("plan").at("bytes") == plan_of(request).at("bytes"));

    // Continuing undoes what exporting did: not a bit of the loss changes. B was rounded once on the way out.
    json still = request;
    still["outDir"] = in_scratch("choice-still");
    still["lora"]["initFrom"] = adapter_of(request);
    still["optimizer"] = {{"learningRate", 0.0}};
    still["steps"] = 1;
    const double continued = train(still).last("done").at("validationLoss").get<double>();
    CHECK_CASE(std::abs(continued - trained) < 2e-7 * trained, lora.dump());
  }
}

TEST(choices_that_cannot_be_are_refused) {
  json request = request_into("choice-refused");
  const auto code = [&](const json &lora) {
    request["lora"] = lora;
    return train(request).code;
  };
  CHECK(code({{"targets", json::array()}}) == "request.targets");
  CHECK(code({{"targets", {"atn_q"}}}) == "lora.unknown_target");
  CHECK(code({{"layers", {0, 5}}}) == "lora.layers");
  CHECK(code({{"layers", {0}}}) == "request.range" && code({{"layers", 0}}) == "request.type");
  CHECK(code({{"scaling", "sqrt"}}) == "request.range" && code({{"init", "zero"}}) == "request.range");
  CHECK(code({{"overrides", {{{"rank", 4}}}}}) == "request.missing");
  CHECK(code({{"overrides", {{{"match", "ffn_*"}, {"rnak", 4}}}}}) == "request.unknown_field");
  CHECK(code({{"overrides", {{{"match", "ffn_*"}, {"rank", 0}}}}}) == "request.range");
  CHECK(code({{"overrides", {"ffn_*"}}}) == "request.type" && code({{"overrides", json::object()}}) == "request.type");
  CHECK(code({{"overrides", {{{"match", "output"}, {"rank", 4}}}}}) == "lora.unknown_target");
  CHECK(code({{"targets", {"attn_q"}}, {"ranks", {{"blk.0.ffn_up", 2}}}}) == "lora.unknown_tensor");
}
