#include "train/lora_request.h"

#include "common/failure.h"

namespace trex {
namespace {

constexpr int64_t largest_rank = 4096;
constexpr double smallest_alpha = 1e-6, largest_alpha = 1e6;

// Whether they exist is only known with the model: lora_tensors().
std::optional<std::vector<std::string>> parse_targets(Request &fields) {
  std::optional<std::vector<std::string>> targets = fields.optional_text_list("targets");
  if (targets && targets->empty()) {
    throw config_failure("request.targets", "lora.targets names no tensor at all.",
                         "Leave it out to train every matrix of the layers, or name some, such as attn_q or ffn_*.");
  }
  return targets;
}

std::optional<LayerRange> parse_layers(Request &fields) {
  constexpr int32_t most_layers = 100'000;
  if (!fields.has("layers")) return std::nullopt;
  const std::vector<int32_t> ends = fields.integer_list("layers", -most_layers, most_layers);
  if (ends.size() != 2) {
    throw config_failure("request.range", "A layer range in lora has " + std::to_string(ends.size()) + " numbers.",
                         "Give two: the first and the last layer, such as [0, 7] or [-4, -1].");
  }
  return LayerRange{ends[0], ends[1]};
}

std::map<std::string, int64_t, std::less<>> parse_ranks(Request fields) {
  constexpr int64_t largest_named_rank = 256;
  std::map<std::string, int64_t, std::less<>> ranks;
  for (const std::string &tensor : fields.keys()) ranks[tensor] = fields.integer(tensor, 1, largest_named_rank);
  return ranks;
}

LoraOverride parse_override(Request fields) {
  LoraOverride one;
  one.match = fields.text("match");
  one.layers = parse_layers(fields);
  one.rank = fields.optional_integer("rank", 1, largest_rank);
  one.alpha = fields.optional_number("alpha", smallest_alpha, largest_alpha);
  fields.finish();
  return one;
}

LoraInit parse_init(Request &fields) {
  const std::string init = fields.choice_or("init", "kaiming", {"kaiming", "gaussian", "pissa"});
  return init == "pissa" ? LoraInit::pissa : init == "gaussian" ? LoraInit::gaussian : LoraInit::kaiming;
}

} // namespace

LoraRequest parse_lora(Request fields) {
  LoraRequest lora;
  LoraChoice &choice = lora.choice;
  choice.rank = fields.integer_or("rank", choice.rank, 1, largest_rank);
  choice.alpha = fields.number_or("alpha", choice.alpha, smallest_alpha, largest_alpha);
  const std::string scaling = fields.choice_or("scaling", "standard", {"standard", "rslora"});
  choice.scaling = scaling == "rslora" ? LoraScaling::rslora : LoraScaling::standard;
  choice.targets = parse_targets(fields);
  choice.layers = parse_layers(fields);
  for (Request &one : fields.optional_objects("overrides")) choice.overrides.push_back(parse_override(one));
  choice.ranks = parse_ranks(fields.object_or_empty("ranks"));
  lora.init = parse_init(fields);
  choice.frozen_copy = lora.init == LoraInit::pissa;
  lora.dropout = fields.number_or("dropout", lora.dropout, 0.0, 0.95);
  lora.init_from = fields.optional_text("initFrom");
  if (lora.init == LoraInit::pissa && lora.init_from) {
    throw config_failure("request.conflict", "lora.init pissa and lora.initFrom both say where training starts.",
                         "Leave one of them out. An adapter that started with pissa is continued with initFrom alone, "
                         "at twice the rank.");
  }
  fields.finish();
  return lora;
}

} // namespace trex
