// The train request of native-trainer/README.md, checked field by field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ggml.h"
#include "plan/lora_ranks.h"
#include "plan/memory_plan.h"
#include "train/objective_request.h"

namespace trex {

enum class Schedule { cosine, linear, constant };

struct LoraRequest {
  LoraRanks ranks;
  double alpha = 32.0;              // alpha / ranks.rank scales every tensor, whatever its own rank
  std::vector<std::string> targets; // in the order of lora_target_names()
  double dropout = 0.0;             // probability that an input value of A is dropped
  std::optional<std::string> init_from;
};

struct OptimizerRequest {
  double learning_rate = 2e-4;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0.0;
  double clip_norm = 1.0; // 0 switches clipping off
  Schedule schedule = Schedule::cosine;
  double warmup_fraction = 0.05; // of all steps
  double final_fraction = 0.1;   // of the learning rate, at the last step
};

struct TrainRequest {
  std::string model, data, out_dir;
  std::optional<std::string> validation;
  bool full = false;
  ObjectiveRequest objective;
  LoraRequest lora;
  OptimizerRequest optimizer;
  int64_t tokens_per_step = 2048, max_sequence_tokens = 512;
  double epochs = 1.0;
  std::optional<int64_t> steps;
  uint64_t seed = 1;
  int threads = 0;
  int64_t checkpoint_every_steps = 50; // 0: only when interrupted
  bool resume = false;
  int64_t validate_every_steps = 0; // 0: only at the end
  std::optional<double> limit_seconds;
  std::optional<uint64_t> limit_memory_bytes;
  ggml_type output_type = GGML_TYPE_F32;
  std::string output_name = "adapter";
};

// Throws Failure CONFIG as common/request.h says.
TrainRequest parse_train_request(const nlohmann::json &request);

// `threads` as really used.
TrainingShape training_shape(const TrainRequest &request, int threads);

} // namespace trex
