// How many bytes a training job needs, by class, before it starts. The same numbers appear in the `plan` event.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "gguf/hyper_parameters.h"
#include "gguf/model_file.h"
#include "model/activations.h"
#include "ops/backend.h"
#include "plan/lora_choice.h"
#include "train/optimizer_states.h"

namespace trex {

struct MemoryPlan {
  uint64_t weights = 0;     // frozen tensors as mapped from the file (lora), or fp32 copies of all tensors (full)
  uint64_t adapter = 0;     // A and B of every pair, fp32; 0 for full training
  uint64_t gradients = 0;   // one fp32 per value of the adapter, or of the model (full)
  uint64_t optimizer = 0;   // AdamW's two moments, and the average of the values when one is kept
  uint64_t activations = 0; // kept between forward and backward
  uint64_t workspace = 0;   // logits chunks, per-thread scratch, rows, the file's metadata, the program itself

  uint64_t total() const { return weights + adapter + gradients + optimizer + activations + workspace; }
};

struct TrainingShape {
  bool full = false;            // method "full"
  std::vector<LoraTensor> lora; // method "lora"
  OptimizerStates optimizer_states = OptimizerStates::fp32;
  bool keeps_average = false;
  int64_t tokens_per_step = 0;
  int64_t max_sequence_tokens = 0;
  int64_t documents_together = 1; // that go through the model at once: 2 for preference pairs
  uint64_t data_bytes = 0;        // rows in memory, with the reference values of DPO
  Recompute recompute = Recompute::nothing;
  bool dropout = false; // of the LoRA
  int threads = 1;
  BackendKind backend = BackendKind::cpu;
  Element element = Element::f32; // activations_of(backend)
};

// Values that training changes: LoRA's A and B of every pair without its frozen part, or every tensor of the model.
uint64_t trainable_values(const HyperParameters &parameters, const TrainingShape &shape);

// Activations and workspace come from train/activation_bytes.h.
MemoryPlan plan_memory(const ModelFile &file, const HyperParameters &parameters, const TrainingShape &shape);

// What every command takes besides: the file's metadata, the program itself.
uint64_t fixed_bytes(const ModelFile &file);

nlohmann::json to_json(const MemoryPlan &plan); // {weights, adapter, gradients, optimizer, activations, workspace, total}

} // namespace trex
