#include "train/train_request.h"

#include "common/failure.h"
#include "common/request.h"

namespace trex {
namespace {

constexpr int64_t largest_exact_integer = 9007199254740991; // what a JSON number holds exactly
constexpr int64_t most_tokens = 16 * 1024 * 1024;
constexpr int64_t most_steps = 1'000'000'000;

Storage parse_output_type(Request &fields, bool full) {
  const std::string name = full ? fields.text_or("type", "F32") : fields.choice_or("type", "F32", {"F32", "F16"});
  return read_storage(name, "output.type");
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
  if (request.full && request.optimizer.lora_plus_ratio != 1.0) {
    throw config_failure("request.conflict", "optimizer.loraPlusRatio belongs to the method lora.",
                         "Leave it out when all weights are trained.");
  }
  if (!request.full && request.lora.init == LoraInit::pissa && request.optimizer.weight_decay > 0.0) {
    throw config_failure("request.conflict", "optimizer.weightDecay would make lora.init pissa forget the base model.",
                         "Set optimizer.weightDecay to 0, or choose another lora.init.");
  }
  request.neftune_alpha = fields.number_or("neftuneAlpha", request.neftune_alpha, 0.0, 1e6);

  Request batch = fields.object_or_empty("batch");
  request.tokens_per_step = batch.integer_or("tokensPerStep", request.tokens_per_step, 1, most_tokens);
  request.max_sequence_tokens = batch.integer_or("maxSequenceTokens", request.max_sequence_tokens, 2, most_tokens);
  request.recompute = recompute_named(batch.choice_or("recompute", "auto", {"auto", "nothing", "feed_forward", "layer"}));
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

TrainingShape training_shape(const TrainRequest &request, const HyperParameters &parameters, int threads) {
  TrainingShape shape;
  shape.full = request.full;
  if (!request.full) shape.lora = lora_tensors(request.lora.choice, parameters);
  shape.dropout = !request.full && request.lora.dropout > 0.0;
  shape.optimizer_states = request.optimizer.states;
  shape.keeps_average = request.optimizer.ema_decay > 0.0;
  shape.tokens_per_step = request.tokens_per_step;
  shape.max_sequence_tokens = request.max_sequence_tokens;
  shape.documents_together = request.objective.reads_pairs() ? 2 : 1;
  shape.threads = threads;
  return shape;
}

PassNoise noise_of_step(const TrainRequest &request, int64_t step) {
  PassNoise noise;
  noise.dropout = static_cast<float>(request.lora.dropout);
  noise.embedding_noise = static_cast<float>(request.neftune_alpha);
  noise.seed = request.seed;
  noise.step = static_cast<uint64_t>(step);
  return noise;
}

} // namespace trex
