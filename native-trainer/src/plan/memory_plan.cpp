#include "plan/memory_plan.h"

#include <nlohmann/json.hpp>

#include "gguf/tensor_layout.h"
#include "train/activation_bytes.h"

namespace trex {
namespace {

// The program itself, its threads' stacks and the allocator's reserve.
constexpr uint64_t program_bytes = 4'000'000;

// ggml keeps a file's metadata in memory, short texts in 32 bytes each and twice while it reads them.
uint64_t metadata_bytes(const ModelFile &file) { return 3 * gguf_get_data_offset(file.context()); }

} // namespace

uint64_t trainable_values(const HyperParameters &parameters, const TrainingShape &shape) {
  uint64_t values = 0;
  if (!shape.full) {
    for (const TensorSpec &spec : lora_target_tensors(parameters, shape.targets)) {
      values += static_cast<uint64_t>(shape.ranks.of(spec.name) * (spec.shape[0] + spec.shape[1]));
    }
    return values;
  }
  for (const TensorSpec &spec : expected_tensors(parameters)) {
    const bool absent = (spec.name == "output.weight" && parameters.tied_embeddings) ||
                        (spec.name.ends_with(".bias") && !parameters.qkv_bias);
    if (absent || spec.name == "rope_freqs.weight") continue; // frequencies are not trained
    uint64_t elements = 1;
    for (const int64_t length : spec.shape) elements *= static_cast<uint64_t>(length);
    values += elements;
  }
  return values;
}

MemoryPlan plan_memory(const ModelFile &file, const HyperParameters &parameters, const TrainingShape &shape) {
  const uint64_t trainable_bytes = trainable_values(parameters, shape) * sizeof(float);
  MemoryPlan plan;
  if (shape.full) {
    plan.weights = trainable_bytes;
  } else {
    for (const TensorView &tensor : file.tensors()) plan.weights += tensor.bytes;
    plan.adapter = trainable_bytes;
  }
  plan.gradients = trainable_bytes;
  plan.optimizer = 2 * trainable_bytes;
  plan.activations = activation_bytes(parameters, shape);
  plan.workspace = workspace_bytes(parameters, shape) + metadata_bytes(file) + shape.data_bytes + program_bytes;
  return plan;
}

nlohmann::json to_json(const MemoryPlan &plan) {
  return {{"weights", plan.weights},         {"adapter", plan.adapter},         {"gradients", plan.gradients},
          {"optimizer", plan.optimizer},     {"activations", plan.activations}, {"workspace", plan.workspace},
          {"total", plan.total()}};
}

} // namespace trex
