#include "train/fingerprint.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "common/digest.h"
#include "gguf/decode.h"

namespace trex {
namespace {

// Of the description and of what tells one model from another: every tensor's name, type, shape and both ends.
std::string digest_with_model(const nlohmann::json &described, const ModelFile &file) {
  const std::string text = described.dump();
  Sha256 hash;
  hash.update(text.data(), text.size());
  for (const TensorView &tensor : file.tensors()) {
    hash.update(tensor.name.data(), tensor.name.size());
    hash.update(type_label(tensor.type), std::string(type_label(tensor.type)).size());
    hash.update(tensor.ne.data(), sizeof tensor.ne);
    const size_t sample = std::min<size_t>(4096, static_cast<size_t>(tensor.bytes));
    hash.update(tensor.data, sample);
    hash.update(tensor.data + tensor.bytes - sample, sample);
  }
  return hash.finish();
}

} // namespace

std::string job_fingerprint(const TrainRequest &request, const ModelFile &file, const Documents &documents) {
  const OptimizerRequest &o = request.optimizer;
  nlohmann::json described = {
      {"full", request.full},
      {"lora", {request.lora.ranks.rank, request.lora.alpha, request.lora.targets, request.lora.dropout}},
      {"initFrom", request.lora.init_from.value_or("")},
      {"optimizer",
       {o.learning_rate, o.beta1, o.beta2, o.epsilon, o.weight_decay, o.clip_norm, static_cast<int>(o.schedule),
        o.warmup_fraction, o.final_fraction}},
      {"batch", {request.tokens_per_step, request.max_sequence_tokens}},
      {"length", {request.epochs, request.steps.value_or(0)}},
      {"seed", request.seed},
      {"data", documents.sha256},
      {"modelBytes", file.size_bytes()},
  };
  // Left out when empty, so that checkpoints from before there were such ranks can still be continued.
  if (!request.lora.ranks.named.empty()) described["ranks"] = request.lora.ranks.named;
  const nlohmann::json objective = description(request.objective);
  if (!objective.is_null()) described["objective"] = objective;
  return digest_with_model(described, file);
}

std::string reference_fingerprint(const TrainRequest &request, const ModelFile &file, const TrainingData &data,
                                  const StepDocuments &seen) {
  nlohmann::json described = {{"data", data.training.sha256},
                              {"validation", data.validation ? data.validation->sha256 : ""},
                              {"tokens", request.max_sequence_tokens},
                              {"seen", seen.documents}};
  if (request.objective.reference == Reference::start && request.lora.init_from) {
    described["adapter"] = sha256_of_file(*request.lora.init_from);
  }
  return digest_with_model(described, file);
}

} // namespace trex
