#include "train/training_job.h"

#include <cmath>
#include <limits>
#include <new>

#include "common/atomic_file.h"
#include "common/interrupt.h"
#include "common/platform.h"
#include "common/version.h"
#include "peft/load_adapter.h"
#include "train/activation_bytes.h"
#include "train/divergence.h"
#include "train/fingerprint.h"
#include "train/schedule.h"
#include "train/spectra.h"

namespace trex {
namespace {

std::string mebibytes(uint64_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; }

int64_t parameter_count(const ModelFile &file) {
  int64_t count = 0;
  for (const TensorView &tensor : file.tensors()) count += tensor.elements();
  return count;
}

nlohmann::json number_or_null(double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(); }

} // namespace

TrainingJob::TrainingJob(TrainRequest request, EventLog &events, OpenBackend open)
    : request_(std::move(request)), events_(events), file_(ModelFile::open(request_.model)),
      parameters_(read_hyper_parameters(file_)), data_(read_training_data(request_, parameters_.vocab)),
      threads_(request_.threads > 0 ? request_.threads : platform::physical_processors()),
      open_(std::move(open)) {
  const uint64_t limit = std::min(request_.limit_memory_bytes.value_or(platform::free_memory_bytes()),
                                  platform::total_memory_bytes());
  shape_ = training_shape(request_, file_, parameters_, data_, threads_, limit);
  plan_ = plan_memory(file_, parameters_, shape_);
  micro_tokens_ = micro_batch_tokens(parameters_, shape_);
  if (request_.steps) {
    last_unit_ = std::numeric_limits<int64_t>::max();
    steps_ = *request_.steps;
  } else {
    last_unit_ = units_of_epochs(data_.training, request_.epochs);
    steps_ = count_steps(data_.training, request_.tokens_per_step, request_.seed, last_unit_);
  }
  fingerprint_ = job_fingerprint(request_, file_, parameters_, data_.training);
  report_start();
  check_memory();
}

std::string TrainingJob::out_path(const char *name) const { return request_.out_dir + "/" + name; }

const char *TrainingJob::result_name() const { return request_.full ? "model.gguf" : "adapter.gguf"; }

void TrainingJob::report_start() {
  const Documents &rows = data_.training;
  events_.emit("start", {{"version", version},
                         {"arch", file_.architecture()},
                         {"parameters", parameter_count(file_)},
                         {"trainableParameters", trainable_values(parameters_, shape_)},
                         {"objective", objective_name(request_.objective.type)},
                         {"rows", rows.rows},
                         {"droppedRows", rows.dropped_rows},
                         {"splitRows", rows.split_rows},
                         {"identicalRows", rows.identical_rows},
                         {"tokens", rows.tokens.size()},
                         {"targetTokens", rows.target_tokens},
                         {"steps", steps_},
                         {"threads", threads_},
                         {"isa", isa_name(best_isa())},
                         {"seed", request_.seed}});
  events_.emit("plan", {{"bytes", to_json(plan_)}, {"recompute", recompute_name(shape_.recompute)}});
}

void TrainingJob::check_memory() {
  const uint64_t physical = platform::total_memory_bytes();
  const uint64_t limit = std::min(request_.limit_memory_bytes.value_or(physical), physical);
  if (plan_.total() <= limit) return;
  throw oom_failure("memory.plan",
                    "This job needs " + mebibytes(plan_.total()) + " but the limit is " + mebibytes(limit) +
                        "; nothing was trained.",
                    "Lower batch.maxSequenceTokens, batch.tokensPerStep or the ranks in lora, or use a smaller model.");
}

void TrainingJob::allocate() {
  try {
    backend_ = open_({shape_.backend, threads_, shape_.max_sequence_tokens, micro_tokens_});
    const Ops &ops = *backend_.ops;
    Device &device = *backend_.device;
    const auto make_set = [&](std::span<const TrainedPiece> pieces) {
      return std::make_unique<ParameterSet>(ops, device, pieces, shape_.optimizer_states, shape_.keeps_average);
    };
    if (request_.full) {
      trained_ = trained_tensors(file_);
      set_ = make_set(full_pieces(trained_));
      full_ = attach_full(file_, *set_, trained_);
    } else {
      frozen_ = load_frozen_model(file_, hold_by(ops, device));
      lora_targets_ = lora_targets(frozen_.model, shape_.lora);
      set_ = make_set(lora_pieces(shape_.lora, static_cast<float>(request_.optimizer.lora_plus_ratio)));
      attach_lora(frozen_.model, *set_, lora_targets_);
      start_fresh(ops, device, frozen_.model, *set_, lora_targets_, request_.lora, request_.seed);
      if (request_.lora.init_from) {
        start_from_adapter(*set_, lora_targets_, request_.lora.choice, load_adapter(*request_.lora.init_from, file_));
      }
    }
    set_->start_average();
    const PassLimits limits = training_limits(parameters_, shape_, micro_tokens_);
    transformer_ = std::make_unique<Transformer>(ops, device, request_.full ? full_ : frozen_.model, limits,
                                                 shape_.max_sequence_tokens);
    pass_ = std::make_unique<ObjectivePass>(request_.objective, *transformer_, micro_tokens_);
  } catch (const std::bad_alloc &) {
    throw oom_failure("memory.allocate",
                      "The system refused " + mebibytes(plan_.total()) + " of memory; nothing was trained.",
                      "Close other programs, or lower batch.maxSequenceTokens or batch.tokensPerStep.");
  }
}

// The reference's log-probabilities, from an earlier attempt or from one pass over the pairs; false when interrupted on
// the way. Comes before resume(), because the adapter must still be the one that training begins with.
bool TrainingJob::find_references() {
  if (request_.objective.type != ObjectiveType::dpo) return true;
  constexpr double ms_between_reports = 5000.0;
  const double start_ms = events_.elapsed_ms();
  const StepDocuments seen = documents_of_steps(data_.training, request_.tokens_per_step, request_.seed, steps_);
  const int64_t pairs = static_cast<int64_t>(seen.documents.size()) / 2 + data_.validation_pairs();
  double reported_ms = start_ms;
  const auto report_done = [&](int64_t done, bool saved) {
    reported_ms = events_.elapsed_ms();
    events_.emit("reference",
                 {{"pairs", done}, {"of", pairs}, {"saved", saved}, {"seconds", (reported_ms - start_ms) / 1000.0}});
  };
  const std::string path = out_path("reference.trex");
  const std::string key = reference_fingerprint(request_, file_, data_, seen);
  std::optional<References> known = read_references(path, key, data_.training.units(), data_.validation_pairs());
  const bool saved = known.has_value();
  if (!known) {
    known = compute_references(request_.objective.reference, data_, seen, frozen_.model, *pass_, [&](int64_t done) {
      if (events_.elapsed_ms() - reported_ms > ms_between_reports && done < pairs) report_done(done, false);
    });
    if (!known) return false;
    write_references(path, key, *known);
  }
  references_ = std::move(*known);
  report_done(pairs, saved);
  return true;
}

bool TrainingJob::resume() {
  if (!request_.resume) return false;
  const std::optional<TrainingProgress> saved = read_checkpoint(out_path("checkpoint.trex"), fingerprint_, *set_);
  if (!saved) return false;
  progress_ = *saved;
  has_checkpoint_ = true;
  return true;
}

void TrainingJob::save_checkpoint() {
  const std::string path = out_path("checkpoint.trex");
  write_checkpoint(path, fingerprint_, progress_, *set_);
  has_checkpoint_ = true;
  events_.emit("checkpoint", {{"step", progress_.step}, {"path", path}});
}

WrittenFile TrainingJob::write_result() {
  const AveragedValues averaged(*set_);
  if (request_.full) {
    ThreadPool threads(threads_);
    return write_full_model(out_path(result_name()), file_, *set_, trained_, request_.output_type, threads);
  }
  return write_adapter(out_path(result_name()), file_, request_.output_name, stored_alpha(request_.lora.choice),
                       adapter_views(*set_, lora_targets_), request_.output_type.type);
}

// With its gradient in the parameter set; nullopt when interrupted on the way.
std::optional<ObjectiveLoss> TrainingJob::train_step(const StepDocuments &step) {
  set_->clear_gradients();
  const std::optional<ObjectiveLoss> loss =
      pass_->step(data_.training, references_.training, step, noise_of_step(request_, progress_.step));
  clear_frozen_gradients(*backend_.ops, *backend_.device, frozen_.model, lora_targets_);
  return loss;
}

void TrainingJob::apply_update(double gradient_norm) {
  const OptimizerRequest &o = request_.optimizer;
  const bool clip = o.clip_norm > 0.0 && gradient_norm > o.clip_norm;
  AdamW options{};
  options.learning_rate = static_cast<float>(learning_rate_at(o, progress_.step + 1, steps_));
  options.beta1 = static_cast<float>(o.beta1);
  options.beta2 = static_cast<float>(o.beta2);
  options.epsilon = static_cast<float>(o.epsilon);
  options.weight_decay = static_cast<float>(o.weight_decay);
  options.step = progress_.step + 1;
  options.grad_scale = clip ? static_cast<float>(o.clip_norm / gradient_norm) : 1.0f;
  set_->update(options);
  set_->update_average(o.ema_decay, options.step);
}

void TrainingJob::report_step(const StepDocuments &step, const ObjectiveLoss &loss, double gradient_norm,
                              double step_ms) {
  nlohmann::json event = {{"step", progress_.step},
                          {"steps", steps_},
                          {"epoch", step.epoch},
                          {"loss", loss.loss},
                          {"gradNorm", gradient_norm},
                          {"learningRate", learning_rate_at(request_.optimizer, progress_.step, steps_)},
                          {"tokens", step.tokens},
                          {"targetTokens", step.targets},
                          {"tokensPerSecond", static_cast<double>(step.tokens) / (step_ms / 1000.0)},
                          {"stepMs", step_ms},
                          {"rssBytes", platform::resident_bytes()}};
  if (loss.preference) report(*loss.preference, event);
  events_.emit("step", std::move(event));
}

// Mean loss over the validation data, without dropout; not a number when interrupted.
double TrainingJob::validate() {
  const AveragedValues averaged(*set_);
  const std::optional<ObjectiveLoss> result = pass_->evaluate(*data_.validation, references_.validation);
  if (!result) return std::numeric_limits<double>::quiet_NaN();
  nlohmann::json event = {{"step", progress_.step},
                          {"loss", number_or_null(result->loss)},
                          {"targetTokens", data_.validation->target_tokens}};
  if (result->preference) report(*result->preference, event);
  events_.emit("validation", std::move(event));
  return result->loss;
}

// The weights before the bad update are still here, but they may already have begun to come apart; the last checkpoint
// is the safer choice when there is one.
void TrainingJob::stop_diverged(double loss, double gradient_norm) {
  const int64_t bad_step = progress_.step + 1;
  if (has_checkpoint_) {
    if (const auto saved = read_checkpoint(out_path("checkpoint.trex"), fingerprint_, *set_)) progress_ = *saved;
  }
  std::string kept = "; the weights of step " + std::to_string(progress_.step);
  try {
    kept += " were kept in " + write_result().path;
  } catch (const Failure &failure) { // the class stays: another attempt would come apart again
    kept += " could not be kept (" + failure.code + ")";
  }
  const bool finite = std::isfinite(loss) && std::isfinite(gradient_norm);
  throw Failure{FailureClass::diverged, "train.diverged",
                std::string("Training came apart at step ") + std::to_string(bad_step) +
                    (finite ? ": the loss rose far above its best" : ": the loss or gradient is not a number") +
                    kept + ".",
                "Lower optimizer.learningRate, or clip the gradient with optimizer.clipNorm."};
}

void TrainingJob::stop_timeout() {
  save_checkpoint();
  const WrittenFile kept = write_result();
  throw Failure{FailureClass::timeout, "train.timeout",
                "The time limit ran out after step " + std::to_string(progress_.step) + " of " +
                    std::to_string(steps_) + "; the weights so far were kept in " + kept.path + ".",
                "Raise limits.seconds and start again with \"resume\": true to go on from here."};
}

int TrainingJob::finish(double validation_loss) {
  const WrittenFile result = write_result();
  pass_.reset();
  transformer_.reset(); // makes room for the spectra, so that the plan need not count them
  const AveragedValues averaged(*set_);
  const std::vector<TensorSpectrum> spectra =
      request_.full ? std::vector<TensorSpectrum>{} : adapter_spectra(*set_, lora_targets_);
  const double seconds = events_.elapsed_ms() / 1000.0;
  events_.emit("done", {{"step", progress_.step},
                        {"loss", progress_.last_loss},
                        {"validationLoss", number_or_null(validation_loss)},
                        {request_.full ? "model" : "adapter", result.path},
                        {"sha256", result.sha256},
                        {"seconds", seconds},
                        {"tokens", progress_.tokens},
                        {"tokensPerSecond", static_cast<double>(progress_.tokens) / seconds},
                        {"peakRssBytes", platform::peak_resident_bytes()},
                        {"plannedBytes", plan_.total()},
                        {"spectra", to_json(spectra)}});
  return 0;
}

// A folder that cannot be written to is found before the first hours, and what a killed run left half-written is gone.
void TrainingJob::prepare_folder() const {
  for (const char *name : {"checkpoint.trex", result_name()}) AtomicFile trial(out_path(name));
}

int TrainingJob::run() {
  prepare_folder();
  allocate();
  if (!find_references()) return interrupted_exit_code; // nothing was trained yet that a checkpoint could hold
  const bool resumed = resume();
  double validation_loss = std::numeric_limits<double>::quiet_NaN();
  if (data_.validation && !resumed && request_.validate_every_steps > 0) validation_loss = validate();

  StepStream stream(data_.training, request_.tokens_per_step, request_.seed);
  for (int64_t skipped = 0; skipped < progress_.step; ++skipped) stream.next(last_unit_);
  while (progress_.step < steps_) {
    const double start_ms = events_.elapsed_ms();
    const std::optional<StepDocuments> step = stream.next(last_unit_);
    if (!step) break;
    const std::optional<ObjectiveLoss> result = train_step(*step);
    if (!result || interrupt_requested()) {
      save_checkpoint();
      return interrupted_exit_code;
    }
    const double norm = set_->gradient_norm();
    if (has_diverged(progress_, result->loss, norm)) stop_diverged(result->loss, norm);
    apply_update(norm);
    ++progress_.step;
    progress_.last_loss = result->loss;
    progress_.tokens += step->tokens;
    report_step(*step, *result, norm, events_.elapsed_ms() - start_ms);

    const bool last = progress_.step == steps_;
    if (!last && request_.checkpoint_every_steps > 0 && progress_.step % request_.checkpoint_every_steps == 0) {
      save_checkpoint();
    }
    if (data_.validation && !last && request_.validate_every_steps > 0 &&
        progress_.step % request_.validate_every_steps == 0) {
      validation_loss = validate();
    }
    if (!last && request_.limit_seconds && events_.elapsed_ms() / 1000.0 > *request_.limit_seconds) stop_timeout();
  }
  if (data_.validation) validation_loss = validate();
  return finish(validation_loss);
}

} // namespace trex
