// The train request of native-trainer/README.md, checked field by field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "gguf/type_mix.h"
#include "model/transformer.h"
#include "plan/memory_plan.h"
#include "train/lora_request.h"
#include "train/objective_request.h"
#include "train/optimizer_request.h"

namespace trex {

struct TrainRequest {
  std::string model, data, out_dir;
  std::optional<std::string> validation;
  bool full = false;
  ObjectiveRequest objective;
  LoraRequest lora;
  OptimizerRequest optimizer;
  double neftune_alpha = 0.0; // noise on the embeddings while training, PassNoise::embedding_noise; 0: none
  int64_t tokens_per_step = 2048, max_sequence_tokens = 512;
  std::optional<Recompute> recompute; // nullopt: chosen by the memory plan
  double epochs = 1.0;
  std::optional<int64_t> steps;
  uint64_t seed = 1;
  int threads = 0;
  int64_t checkpoint_every_steps = 50; // 0: only when interrupted
  bool resume = false;
  int64_t validate_every_steps = 0; // 0: only at the end
  std::optional<double> limit_seconds;
  std::optional<uint64_t> limit_memory_bytes;
  Storage output_type;
  std::string output_name = "adapter";
};

// Throws Failure CONFIG as common/request.h says.
TrainRequest parse_train_request(const nlohmann::json &request);

// `threads` as really used. Throws what lora_tensors() throws.
TrainingShape training_shape(const TrainRequest &request, const HyperParameters &parameters, int threads);

// What is random in the pass of a step: everything but its first token. `step` counts the steps done before.
PassNoise noise_of_step(const TrainRequest &request, int64_t step);

} // namespace trex
