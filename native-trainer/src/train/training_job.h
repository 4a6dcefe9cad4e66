// One training job from a checked request to its last event.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gguf/model_file.h"
#include "model/frozen_model.h"
#include "model/transformer.h"
#include "ops/backend.h"
#include "train/checkpoint.h"
#include "train/event_log.h"
#include "train/full_parameters.h"
#include "train/lora_parameters.h"
#include "train/objective_pass.h"
#include "train/packing.h"
#include "train/reference.h"
#include "train/train_request.h"
#include "train/training_data.h"

namespace trex {

class TrainingJob {
public:
  // Reads and checks everything, and reports `start` and `plan`. Throws Failure before anything large is allocated. Works
  // on the back end that `open` gives.
  TrainingJob(TrainRequest request, EventLog &events, OpenBackend open = open_backend);

  // Trains to the end. Returns the exit code: 0, or 130 when interrupted. Throws Failure TIMEOUT and DIVERGED, after
  // writing the last good weights.
  int run();

private:
  void report_start();
  void check_memory();
  void allocate();
  bool find_references();
  bool resume();
  std::optional<ObjectiveLoss> train_step(const StepDocuments &step);
  void apply_update(double gradient_norm);
  void report_step(const StepDocuments &step, const ObjectiveLoss &loss, double gradient_norm, double step_ms);
  double validate();
  void save_checkpoint();
  WrittenFile write_result();
  [[noreturn]] void stop_diverged(double loss, double gradient_norm);
  [[noreturn]] void stop_timeout();
  int finish(double validation_loss);
  void prepare_folder() const;
  std::string out_path(const char *name) const;
  const char *result_name() const;

  TrainRequest request_;
  EventLog &events_;
  ModelFile file_;
  HyperParameters parameters_;
  TrainingData data_;
  int threads_;
  TrainingShape shape_;
  MemoryPlan plan_;
  int64_t micro_tokens_;
  int64_t last_unit_; // of the stream of shuffled epochs
  int64_t steps_;
  std::string fingerprint_;
  TrainingProgress progress_;
  bool has_checkpoint_ = false;

  OpenBackend open_;
  Backend backend_;
  std::unique_ptr<ParameterSet> set_;
  FrozenModel frozen_; // method lora
  std::vector<LoraTarget> lora_targets_;
  Model full_; // method full
  std::vector<TrainedTensor> trained_;
  std::unique_ptr<Transformer> transformer_;
  std::unique_ptr<ObjectivePass> pass_;
  References references_; // dpo
};

} // namespace trex
