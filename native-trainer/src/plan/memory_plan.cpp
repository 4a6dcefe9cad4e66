#include "plan/memory_plan.h"

#include <functional>
#include <numeric>

#include <nlohmann/json.hpp>

#include "gguf/tensor_layout.h"
#include "train/activation_bytes.h"
#include "train/lora_parameters.h"

namespace trex {
namespace {

// The program itself, its threads' stacks and the allocator's reserve.
constexpr uint64_t program_bytes = 4'000'000;

// ggml keeps a file's metadata in memory, short texts in 32 bytes each and twice while it reads them.
uint64_t metadata_bytes(const ModelFile &file) { return 3 * gguf_get_data_offset(file.context()); }

// Values of every tensor that training holds, in tensors of their own.
std::vector<int64_t> held_tensors(const HyperParameters &parameters, const TrainingShape &shape) {
  std::vector<int64_t> counts;
  if (!shape.full) {
    for (const TrainedPiece &piece : lora_pieces(shape.lora)) counts.push_back(piece.count);
    return counts;
  }
  for (const TensorSpec &spec : present_tensors(parameters)) {
    if (is_constant(spec.name)) continue;
    counts.push_back(std::accumulate(spec.shape.begin(), spec.shape.end(), int64_t{1}, std::multiplies<>()));
  }
  return counts;
}

} // namespace

uint64_t trainable_values(const HyperParameters &parameters, const TrainingShape &shape) {
  uint64_t values = 0;
  for (const int64_t count : held_tensors(parameters, shape)) values += static_cast<uint64_t>(count);
  for (const LoraTensor &tensor : shape.lora) {
    values -= static_cast<uint64_t>(tensor.experts * tensor.frozen_rank * (tensor.in + tensor.out));
  }
  return values;
}

uint64_t fixed_bytes(const ModelFile &file) { return metadata_bytes(file) + program_bytes; }

MemoryPlan plan_memory(const ModelFile &file, const HyperParameters &parameters, const TrainingShape &shape) {
  uint64_t held_bytes = 0;
  StateLayout states;
  for (const int64_t count : held_tensors(parameters, shape)) {
    held_bytes += static_cast<uint64_t>(count) * sizeof(float);
    states.add(shape.optimizer_states, count);
  }
  MemoryPlan plan;
  if (shape.full) {
    plan.weights = held_bytes;
  } else {
    for (const TensorView &tensor : file.tensors()) plan.weights += tensor.bytes;
    plan.adapter = held_bytes;
  }
  plan.gradients = held_bytes;
  plan.optimizer = states.bytes() + (shape.keeps_average ? held_bytes : 0);
  plan.activations = activation_bytes(parameters, shape);
  plan.workspace = workspace_bytes(parameters, shape) + shape.data_bytes + fixed_bytes(file);
  return plan;
}

nlohmann::json to_json(const MemoryPlan &plan) {
  return {{"weights", plan.weights},         {"adapter", plan.adapter},         {"gradients", plan.gradients},
          {"optimizer", plan.optimizer},     {"activations", plan.activations}, {"workspace", plan.workspace},
          {"total", plan.total()}};
}

} // namespace trex
