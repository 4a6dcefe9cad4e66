#include "train/score_command.h"

#include <algorithm>
#include <memory>
#include <new>
#include <ostream>
#include <span>

#include "common/atomic_file.h"
#include "common/interrupt.h"
#include "common/platform.h"
#include "common/request.h"
#include "model/frozen_model.h"
#include "model/transformer.h"
#include "ops/backend.h"
#include "peft/load_adapter.h"
#include "train/event_log.h"
#include "train/lora_parameters.h"
#include "train/prefix_tree.h"
#include "train/score_memory.h"
#include "train/score_pairs.h"

namespace trex {
namespace {

struct ScoreRequest {
  std::string model, pairs;
  std::optional<std::string> adapter, logits;
  double adapter_scale = 1.0;
  int threads = 0;
  bool per_token = false;
  std::optional<int64_t> batch_tokens;
  std::optional<uint64_t> limit_memory_bytes;
};

ScoreRequest parse(const nlohmann::json &json) {
  Request fields(json);
  ScoreRequest request;
  request.model = fields.text("model");
  request.pairs = fields.text("pairs");
  request.adapter = fields.optional_text("adapter");
  request.logits = fields.optional_text("logits");
  request.adapter_scale = fields.number_or("adapterScale", 1.0, -1e6, 1e6);
  request.threads = static_cast<int>(fields.integer_or("threads", 0, 0, 1024));
  request.per_token = fields.boolean_or("perToken", false);
  request.batch_tokens = fields.optional_integer("batchTokens", 1, 1 << 20);
  Request limits = fields.object_or_empty("limits");
  if (const auto bytes = limits.optional_integer("memoryBytes", 1, int64_t{1} << 53)) {
    request.limit_memory_bytes = static_cast<uint64_t>(*bytes);
  }
  limits.finish();
  fields.finish();
  return request;
}

nlohmann::json result_line(const ScorePair &pair, std::span<const double> log_probabilities,
                           std::span<const uint8_t> is_argmax, bool per_token) {
  double sum = 0.0;
  for (const double value : log_probabilities) sum += value;
  nlohmann::json line = {
      {"id", pair.id},
      {"logLikelihood", sum},
      {"tokens", log_probabilities.size()},
      {"isGreedy", std::all_of(is_argmax.begin(), is_argmax.end(), [](uint8_t x) { return x != 0; })}};
  if (per_token) line["perToken"] = log_probabilities;
  return line;
}

// Where the request's "logits" file is written: one row [V] of little-endian fp32 for every continuation token of every
// pair, in order, from which that token was predicted. Null without the field.
std::unique_ptr<AtomicFile> open_logits(const ScoreRequest &request) {
  return request.logits ? std::make_unique<AtomicFile>(*request.logits) : nullptr;
}

LogitsSink sink_into(AtomicFile *file) {
  if (file == nullptr) return {};
  return [file](const float *logits, int64_t rows, int64_t vocab) {
    file->write(logits, static_cast<size_t>(rows * vocab) * sizeof(float));
  };
}

// Writes each pair's line as soon as it and those before it are scored.
class ResultWriter {
public:
  ResultWriter(const std::vector<ScorePair> &pairs, const PrefixTree &tree, bool per_token, std::ostream &out)
      : pairs_(pairs), tree_(tree), per_token_(per_token), out_(out),
        log_probabilities_(static_cast<size_t>(tree.target_count())), is_argmax_(log_probabilities_.size()) {}

  // Of the next targets.
  void take(const std::vector<double> &log_probabilities, const std::vector<uint8_t> &is_argmax) {
    std::copy(log_probabilities.begin(), log_probabilities.end(), log_probabilities_.begin() + taken_);
    std::copy(is_argmax.begin(), is_argmax.end(), is_argmax_.begin() + taken_);
    taken_ += static_cast<int64_t>(log_probabilities.size());
    while (next_ < pairs_.size() && is_scored(next_)) write(next_++);
  }

private:
  bool is_scored(size_t pair) const {
    const std::span<const int32_t> targets = tree_.targets_of(pair);
    return *std::max_element(targets.begin(), targets.end()) < taken_;
  }

  void write(size_t pair) {
    std::vector<double> log_probabilities;
    std::vector<uint8_t> is_argmax;
    for (const int32_t target : tree_.targets_of(pair)) {
      log_probabilities.push_back(log_probabilities_[static_cast<size_t>(target)]);
      is_argmax.push_back(is_argmax_[static_cast<size_t>(target)]);
    }
    out_ << json_line(result_line(pairs_[pair], log_probabilities, is_argmax, per_token_)) << '\n';
  }

  const std::vector<ScorePair> &pairs_;
  const PrefixTree &tree_;
  bool per_token_;
  std::ostream &out_;
  std::vector<double> log_probabilities_; // of each target of the tree
  std::vector<uint8_t> is_argmax_;
  int64_t taken_ = 0;
  size_t next_ = 0; // pair to be written
};

std::string mebibytes(uint64_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; }

ScorePlan plan_within_limit(const ScoreRequest &request, const ScoreShape &shape) {
  const uint64_t physical = platform::total_memory_bytes();
  const uint64_t limit = std::min(request.limit_memory_bytes.value_or(physical), physical);
  ScorePlan plan = plan_score(shape, request.batch_tokens, std::min(limit, platform::free_memory_bytes()));
  if (plan.bytes <= limit) return plan;
  throw oom_failure("memory.plan",
                    "Scoring pairs of up to " + std::to_string(shape.tree.longest()) + " tokens needs " +
                        mebibytes(plan.bytes) + " but the limit is " + mebibytes(limit) + "; nothing was scored.",
                    "Shorten the longest pair, score fewer pairs at once, or use a smaller model.");
}

// False after an interrupt.
bool score_tree(Transformer &transformer, const PrefixTree &tree, int64_t capacity, ResultWriter &results,
                const LogitsSink &sink) {
  TokenBatch batch;
  std::vector<double> log_probabilities;
  std::vector<uint8_t> is_argmax;
  for (int64_t begin = 0; begin < tree.rows();) {
    if (interrupt_requested()) return false;
    const int64_t end = tree.batch_end(begin, capacity);
    tree.fill_batch(begin, end, batch);
    transformer.score(batch, log_probabilities, is_argmax, sink);
    results.take(log_probabilities, is_argmax);
    begin = end;
  }
  return true;
}

} // namespace

int run_score(const nlohmann::json &json, std::ostream &out) { return run_score_on(open_backend, json, out); }

int run_score_on(const OpenBackend &open, const nlohmann::json &json, std::ostream &out) {
  const ScoreRequest request = parse(json);
  EventLog events(out);
  const ModelFile file = ModelFile::open(request.model);
  FrozenModel planned = load_frozen_model(file); // where it lies, until the back end is open
  Model &model = planned.model;
  Adapter adapter;
  if (request.adapter) adapter = load_adapter(*request.adapter, file);
  attach_adapter(model, adapter, request.adapter_scale);
  const std::vector<ScorePair> pairs = read_score_pairs(request.pairs, model.parameters.vocab);
  int64_t total = 0;
  uint64_t pair_bytes = 0;
  for (const ScorePair &pair : pairs) {
    total += static_cast<int64_t>(pair.tokens.size()) - 1;
    pair_bytes += sizeof pair + pair.tokens.capacity() * sizeof(int32_t);
  }
  // Logits are written in the order of the file, so nothing is moved when they are asked for.
  const Sharing usual = request.logits ? Sharing::nothing : Sharing::prefixes;
  const PrefixTree tree(pairs, model.parameters.keys_carry_everything() ? usual : Sharing::whole_pairs);
  const int threads = request.threads > 0 ? request.threads : platform::physical_processors();
  const ScorePlan plan = plan_within_limit(request, {file, model, tree, pair_bytes, threads});
  const std::unique_ptr<AtomicFile> logits = open_logits(request);
  try {
    BackendNeeds needs;
    needs.threads = threads;
    needs.longest = tree.longest();
    const Backend backend = open(needs);
    const Hold hold = hold_by(*backend.ops, *backend.device);
    FrozenModel frozen = load_frozen_model(file, hold);
    attach_adapter(frozen.model, adapter, request.adapter_scale, hold);
    Transformer transformer(*backend.ops, *backend.device, frozen.model, plan.limits, tree.longest());
    ResultWriter results(pairs, tree, request.per_token, out);
    if (!score_tree(transformer, tree, plan.limits.tokens, results, sink_into(logits.get()))) {
      return interrupted_exit_code;
    }
  } catch (const std::bad_alloc &) {
    throw oom_failure("memory.allocate", "The system refused " + mebibytes(plan.bytes) + " of memory to score.",
                      "Close other programs, or shorten the longest pair.");
  }
  if (logits) logits->commit();
  events.emit("done", {{"pairs", pairs.size()},
                       {"tokens", total},
                       {"computedTokens", tree.rows()},
                       {"sharedTokens", total - tree.rows()},
                       {"plannedBytes", plan.bytes},
                       {"peakRssBytes", platform::peak_resident_bytes()},
                       {"seconds", events.elapsed_ms() / 1000.0}});
  return 0;
}

} // namespace trex
