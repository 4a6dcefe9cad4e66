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

// "attn_q" of "blk.3.attn_q.weight", each once, in the order of the layer.
std::vector<std::string> projections_of(const std::vector<LoraTensor> &tensors) {
  std::vector<std::string> names;
  for (const LoraTensor &tensor : tensors) {
    const size_t begin = tensor.name.find('.', tensor.name.find('.') + 1) + 1;
    const std::string name = tensor.name.substr(begin, tensor.name.rfind('.') - begin);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

// What a request of an earlier version could not say is left out while it has its default, so that checkpoints from
// then can still be continued.
void add_lora_choice(nlohmann::json &described, const LoraRequest &lora, const std::vector<LoraTensor> &tensors) {
  if (!lora.choice.ranks.empty()) described["ranks"] = lora.choice.ranks;
  if (lora.init != LoraInit::kaiming) described["init"] = static_cast<int>(lora.init);
  if (lora.choice.is_plain()) return;
  for (const LoraTensor &tensor : tensors) {
    described["tensors"].push_back({tensor.name, tensor.rank, tensor.scale, tensor.b_factor});
  }
}

void add_newer_optimizer(nlohmann::json &described, const OptimizerRequest &o) {
  if (o.lora_plus_ratio != 1.0) described["loraPlusRatio"] = o.lora_plus_ratio;
  if (o.states != OptimizerStates::fp32) described["states"] = static_cast<int>(o.states);
  if (o.ema_decay != 0.0) described["emaDecay"] = o.ema_decay;
  if (o.warmup_steps) described["warmupSteps"] = *o.warmup_steps;
  if (o.schedule == Schedule::wsd) described["decay"] = {o.decay_fraction, static_cast<int>(o.decay_shape)};
}

} // namespace

std::string job_fingerprint(const TrainRequest &request, const ModelFile &file, const HyperParameters &parameters,
                            const Documents &documents) {
  const OptimizerRequest &o = request.optimizer;
  const LoraChoice &choice = request.lora.choice;
  // Full training has always been described with all of them.
  const std::vector<LoraTensor> tensors = lora_tensors(request.full ? LoraChoice{} : choice, parameters);
  nlohmann::json described = {
      {"full", request.full},
      {"lora", {choice.rank, choice.alpha, projections_of(tensors), request.lora.dropout}},
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
  if (!request.full) add_lora_choice(described, request.lora, tensors);
  add_newer_optimizer(described, o);
  if (request.neftune_alpha != 0.0) described["neftuneAlpha"] = request.neftune_alpha;
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
