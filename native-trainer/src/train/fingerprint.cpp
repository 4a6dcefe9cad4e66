#include "train/fingerprint.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "common/digest.h"
#include "gguf/decode.h"

namespace trex {

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

} // namespace trex
