#include <algorithm>
#include <ostream>

#include "cli/commands.h"
#include "common/platform.h"
#include "common/request.h"
#include "gguf/hyper_parameters.h"
#include "plan/memory_plan.h"
#include "plan/time_estimate.h"
#include "train/packing.h"
#include "train/train_request.h"
#include "train/training_data.h"

namespace trex {
namespace {

// Training also normalises, activates, packs and updates; this share of the plain product's speed is what remains for
// the counted operations. `trex-train bench` prints the share a machine really reaches (shareOfSgemm).
constexpr double assumed_share_of_product = 0.6;

struct Work {
  int64_t steps = 0;
  double tokens = 0.0;
};

// The steps the request asks for, and the tokens that go through the model in them. A very long run is counted for its
// first steps and scaled, so that planning stays quick.
Work count_work(const TrainRequest &request, const Documents &documents) {
  constexpr int64_t most_counted_steps = 20000;
  const int64_t last_unit = request.steps ? INT64_MAX : units_of_epochs(documents, request.epochs);
  const int64_t wanted_steps = request.steps ? *request.steps
                                             : count_steps(documents, request.tokens_per_step, request.seed, last_unit);
  StepStream stream(documents, request.tokens_per_step, request.seed);
  const int64_t counted_steps = std::min(wanted_steps, most_counted_steps);
  double tokens = 0.0;
  for (int64_t index = 0; index < counted_steps; ++index) {
    const std::optional<StepDocuments> step = stream.next(last_unit);
    if (step) tokens += static_cast<double>(step->tokens);
  }
  const double scale = static_cast<double>(wanted_steps) / static_cast<double>(std::max<int64_t>(1, counted_steps));
  return {wanted_steps, tokens * scale};
}

// Operations of all steps, and of DPO's pass for the reference. A weighted loss (dpo, orpo) knows its weights only after
// the head's first pass, so the head is computed forward twice.
double count_operations(const TrainRequest &request, const TrainingData &data, const HyperParameters &parameters,
                        const TrainingShape &shape, const Work &work) {
  const Documents &documents = data.training;
  const auto all_tokens = static_cast<double>(documents.tokens.size());
  const double mean_document_tokens = all_tokens / static_cast<double>(documents.count());
  const double target_share = static_cast<double>(documents.target_tokens) / all_tokens;
  double per_token = training_operations_per_token(parameters, shape, mean_document_tokens, target_share);
  if (request.objective.reads_pairs()) {
    per_token += 2.0 * target_share * static_cast<double>(parameters.embedding * parameters.vocab);
  }
  double operations = work.tokens * per_token;
  if (request.objective.type == ObjectiveType::dpo) {
    const StepDocuments seen = documents_of_steps(documents, request.tokens_per_step, request.seed, work.steps);
    const double reference_tokens = static_cast<double>(seen.tokens) +
                                    (data.validation ? static_cast<double>(data.validation->tokens.size()) : 0.0);
    operations += reference_tokens * scoring_operations_per_token(parameters, mean_document_tokens, target_share);
  }
  return operations;
}

std::string megabytes(uint64_t bytes) { return std::to_string((bytes + 999'999) / 1'000'000) + " MB"; }

// Changes that make the job smaller, each with what it would then need.
std::vector<std::string> advise(const ModelFile &file, const HyperParameters &parameters, const TrainingShape &shape,
                                const LoraChoice &choice, int64_t longest_document, uint64_t limit) {
  std::vector<std::string> advice;
  const auto try_shape = [&](const TrainingShape &smaller, const std::string &what) {
    const uint64_t total = plan_memory(file, parameters, smaller).total();
    if (total <= limit) advice.push_back(what + " would need " + megabytes(total) + ".");
    return total <= limit;
  };
  TrainingShape smaller = shape;
  while (smaller.tokens_per_step > 64) {
    smaller.tokens_per_step /= 2;
    smaller.max_sequence_tokens = std::min(smaller.max_sequence_tokens, smaller.tokens_per_step);
    const bool drops_rows = smaller.max_sequence_tokens < longest_document;
    const std::string what = "batch.tokensPerStep " + std::to_string(smaller.tokens_per_step) +
                             (smaller.max_sequence_tokens < shape.max_sequence_tokens
                                  ? " and batch.maxSequenceTokens " + std::to_string(smaller.max_sequence_tokens)
                                  : std::string()) +
                             (drops_rows ? " (which drops longer rows)" : "");
    if (try_shape(smaller, what)) break;
  }
  constexpr int64_t low_rank = 4;
  const bool has_other_ranks = !choice.ranks.empty() || !choice.overrides.empty();
  if (!shape.full && (choice.rank > low_rank || has_other_ranks)) {
    LoraChoice lower = choice;
    lower.rank = low_rank;
    lower.ranks.clear();
    lower.overrides.clear();
    TrainingShape lower_rank = shape;
    lower_rank.lora = lora_tensors(lower, parameters);
    try_shape(lower_rank, has_other_ranks ? "lora.rank 4 without lora.ranks and lora.overrides" : "lora.rank 4");
  }
  if (shape.recompute != Recompute::layer) {
    TrainingShape again = shape;
    again.recompute = Recompute::layer;
    try_shape(again, "batch.recompute layer");
  }
  if (shape.optimizer_states == OptimizerStates::fp32) {
    TrainingShape coded = shape;
    coded.optimizer_states = OptimizerStates::eight_bit;
    try_shape(coded, "optimizer.states 8bit");
  }
  if (advice.empty()) {
    advice.push_back(shape.full ? "Training all weights of this model does not fit; use method \"lora\"."
                                : "This model does not fit; choose a smaller one or a smaller quantisation.");
  }
  return advice;
}

} // namespace

int run_plan(const nlohmann::json &document, std::ostream &out) {
  const TrainRequest request = parse_train_request(document);
  const ModelFile file = ModelFile::open(request.model);
  const HyperParameters parameters = read_hyper_parameters(file);
  const TrainingData data = read_training_data(request, parameters.vocab);
  const Documents &documents = data.training;
  const int threads = request.threads > 0 ? request.threads : platform::physical_processors();
  const uint64_t limit = request.limit_memory_bytes.value_or(platform::free_memory_bytes());
  const TrainingShape shape = training_shape(request, file, parameters, data, threads, limit);
  const MemoryPlan plan = plan_memory(file, parameters, shape);
  const bool fits = plan.total() <= limit;
  const Work work = count_work(request, documents);
  const bool cuts_rows = request.objective.type == ObjectiveType::text && request.objective.split;
  const int64_t longest_document = cuts_rows ? 0 : documents.longest(); // 0 when nothing is ever dropped for its length
  const double operations = count_operations(request, data, parameters, shape, work);
  const double seconds = operations / (assumed_share_of_product * measure_operations_per_second(threads));

  const nlohmann::ordered_json answer = {
      {"bytes", to_json(plan)},
      {"recompute", recompute_name(shape.recompute)},
      {"total", plan.total()},
      {"limit", limit},
      {"fits", fits},
      {"steps", work.steps},
      {"tokens", static_cast<int64_t>(work.tokens)},
      {"estimatedSeconds", seconds},
      {"advice", fits ? std::vector<std::string>{} : advise(file, parameters, shape, request.lora.choice,
                                                              longest_document, limit)}};
  out << json_line(answer) << std::endl;
  return 0;
}

} // namespace trex
