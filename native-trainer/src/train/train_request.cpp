#include "train/train_request.h"

#include <algorithm>

#include "common/failure.h"
#include "common/request.h"
#include "gguf/decode.h"
#include "gguf/tensor_layout.h"

namespace trex {
namespace {

constexpr int64_t largest_exact_integer = 9007199254740991; // what a JSON number holds exactly
constexpr int64_t most_tokens = 16 * 1024 * 1024;
constexpr int64_t most_steps = 1'000'000'000;

// In the order of the layer, whatever the order in the request; all seven when the field is absent.
std::vector<std::string> parse_targets(Request &fields) {
  const auto names = lora_target_names();
  const std::optional<std::vector<std::string>> asked = fields.optional_text_list("targets");
  if (!asked) return {names.begin(), names.end()};
  std::vector<std::string> targets;
  for (const std::string_view name : names) {
    if (std::find(asked->begin(), asked->end(), name) != asked->end()) targets.emplace_back(name);
  }
  const bool all_known = std::all_of(asked->begin(), asked->end(), [&](const std::string &name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  });
  if (targets.empty() || !all_known) {
    throw config_failure("request.targets", "lora.targets names a projection that does not exist, or none at all.",
                         "Choose from attn_q, attn_k, attn_v, attn_output, ffn_gate, ffn_up and ffn_down.");
  }
  return targets;
}

// Which names exist is only known with the model: check_lora_ranks.
std::map<std::string, int64_t, std::less<>> parse_named_ranks(Request fields) {
  constexpr int64_t largest_named_rank = 256;
  std::map<std::string, int64_t, std::less<>> named;
  for (const std::string &tensor : fields.keys()) named[tensor] = fields.integer(tensor, 1, largest_named_rank);
  return named;
}

LoraRequest parse_lora(Request fields) {
  LoraRequest lora;
  lora.ranks.rank = fields.integer_or("rank", lora.ranks.rank, 1, 4096);
  lora.ranks.named = parse_named_ranks(fields.object_or_empty("ranks"));
  lora.alpha = fields.number_or("alpha", lora.alpha, 1e-6, 1e6);
  lora.targets = parse_targets(fields);
  lora.dropout = fields.number_or("dropout", lora.dropout, 0.0, 0.95);
  lora.init_from = fields.optional_text("initFrom");
  fields.finish();
  return lora;
}

OptimizerRequest parse_optimizer(Request fields) {
  OptimizerRequest optimizer;
  optimizer.learning_rate = fields.number_or("learningRate", optimizer.learning_rate, 0.0, 1e6);
  optimizer.beta1 = fields.number_or("beta1", optimizer.beta1, 0.0, 0.999999);
  optimizer.beta2 = fields.number_or("beta2", optimizer.beta2, 0.0, 0.999999);
  optimizer.epsilon = fields.number_or("epsilon", optimizer.epsilon, 1e-15, 1.0);
  optimizer.weight_decay = fields.number_or("weightDecay", optimizer.weight_decay, 0.0, 10.0);
  optimizer.clip_norm = fields.number_or("clipNorm", optimizer.clip_norm, 0.0, 1e9);
  optimizer.warmup_fraction = fields.number_or("warmupFraction", optimizer.warmup_fraction, 0.0, 1.0);
  optimizer.final_fraction = fields.number_or("finalFraction", optimizer.final_fraction, 0.0, 1.0);
  const std::string schedule = fields.choice_or("schedule", "cosine", {"cosine", "linear", "constant"});
  optimizer.schedule = schedule == "cosine"   ? Schedule::cosine
                       : schedule == "linear" ? Schedule::linear
                                              : Schedule::constant;
  fields.finish();
  return optimizer;
}

ggml_type parse_output_type(Request &fields, bool full) {
  const std::vector<std::string> adapter_types = {"F32", "F16"};
  const std::vector<std::string> model_types = {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"};
  const std::string name = fields.choice_or("type", "F32", full ? model_types : adapter_types);
  return writable_type_from_name(name).value_or(GGML_TYPE_F32);
}

} // namespace

TrainRequest parse_train_request(const nlohmann::json &json) {
  Request fields(json);
  TrainRequest request;
  request.model = fields.text("model");
  request.data = fields.text("data");
  request.validation = fields.optional_text("validation");
  request.out_dir = fields.text("outDir");
  request.full = fields.choice_or("method", "lora", {"lora", "full"}) == "full";
  request.objective = parse_objective(fields.object_or_empty("objective"), request.full);
  request.lora = parse_lora(fields.object_or_empty("lora"));
  request.optimizer = parse_optimizer(fields.object_or_empty("optimizer"));

  Request batch = fields.object_or_empty("batch");
  request.tokens_per_step = batch.integer_or("tokensPerStep", request.tokens_per_step, 1, most_tokens);
  request.max_sequence_tokens = batch.integer_or("maxSequenceTokens", request.max_sequence_tokens, 2, most_tokens);
  batch.finish();

  request.epochs = fields.number_or("epochs", request.epochs, 1e-9, 1e6);
  request.steps = fields.optional_integer("steps", 1, most_steps);
  request.seed = static_cast<uint64_t>(fields.integer_or("seed", 1, 0, largest_exact_integer));
  request.threads = static_cast<int>(fields.integer_or("threads", 0, 0, 1024));
  request.checkpoint_every_steps =
      fields.integer_or("checkpointEverySteps", request.checkpoint_every_steps, 0, most_steps);
  request.resume = fields.boolean_or("resume", false);
  request.validate_every_steps = fields.integer_or("validateEverySteps", 0, 0, most_steps);

  Request limits = fields.object_or_empty("limits");
  request.limit_seconds = limits.optional_number("seconds", 0.0, 1e9);
  if (const auto bytes = limits.optional_integer("memoryBytes", 1, largest_exact_integer)) {
    request.limit_memory_bytes = static_cast<uint64_t>(*bytes);
  }
  limits.finish();

  Request output = fields.object_or_empty("output");
  request.output_type = parse_output_type(output, request.full);
  request.output_name = output.text_or("name", request.full ? "model" : "adapter");
  output.finish();
  fields.finish();
  return request;
}

TrainingShape training_shape(const TrainRequest &request, int threads) {
  TrainingShape shape;
  shape.full = request.full;
  if (!request.full) {
    shape.ranks = request.lora.ranks;
    shape.targets = request.lora.targets;
  }
  shape.tokens_per_step = request.tokens_per_step;
  shape.max_sequence_tokens = request.max_sequence_tokens;
  shape.documents_together = request.objective.reads_pairs() ? 2 : 1;
  shape.threads = threads;
  return shape;
}

} // namespace trex
