#include "train/score_command.h"

#include <algorithm>
#include <new>
#include <ostream>
#include <span>

#include "common/interrupt.h"
#include "common/platform.h"
#include "common/request.h"
#include "model/frozen_model.h"
#include "model/transformer.h"
#include "ops/cpu/cpu_device.h"
#include "peft/load_adapter.h"
#include "train/event_log.h"
#include "train/lora_parameters.h"
#include "train/score_pairs.h"

namespace trex {
namespace {

struct ScoreRequest {
  std::string model, pairs;
  std::optional<std::string> adapter;
  double adapter_scale = 1.0;
  int threads = 0;
  bool per_token = false;
};

ScoreRequest parse(const nlohmann::json &json) {
  Request fields(json);
  ScoreRequest request;
  request.model = fields.text("model");
  request.pairs = fields.text("pairs");
  request.adapter = fields.optional_text("adapter");
  request.adapter_scale = fields.number_or("adapterScale", 1.0, -1e6, 1e6);
  request.threads = static_cast<int>(fields.integer_or("threads", 0, 0, 1024));
  request.per_token = fields.boolean_or("perToken", false);
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

// Pairs that go through the model together: as many of the next ones as fit.
size_t batch_end(const std::vector<ScorePair> &pairs, size_t begin, int64_t capacity) {
  size_t end = begin;
  for (int64_t used = 0; end < pairs.size(); ++end) {
    used += static_cast<int64_t>(pairs[end].tokens.size()) - 1;
    if (end > begin && used > capacity) break;
  }
  return end;
}

} // namespace

int run_score(const nlohmann::json &json, std::ostream &out) {
  const ScoreRequest request = parse(json);
  EventLog events(out);
  const ModelFile file = ModelFile::open(request.model);
  FrozenModel frozen = load_frozen_model(file);
  Model &model = frozen.model;
  Adapter adapter;
  if (request.adapter) adapter = load_adapter(*request.adapter, file);
  attach_adapter(model, adapter, request.adapter_scale);
  const std::vector<ScorePair> pairs = read_score_pairs(request.pairs, model.parameters.vocab);

  int64_t longest = 0, total = 0;
  for (const ScorePair &pair : pairs) {
    longest = std::max(longest, static_cast<int64_t>(pair.tokens.size()) - 1);
    total += static_cast<int64_t>(pair.tokens.size()) - 1;
  }
  PassLimits limits;
  limits.tokens = std::max(longest, std::min<int64_t>(total, 2048));
  for (const Layer &layer : model.layers) {
    ProjectionRanks &ranks = limits.ranks.emplace_back();
    for (size_t p = 0; p < projection_count; ++p) ranks[p] = layer.projections[p].lora.rank;
  }
  const int threads = request.threads > 0 ? request.threads : platform::physical_processors();
  try {
    CpuDevice device(threads, longest, best_isa());
    Transformer transformer(cpu_ops(), device, model, limits, longest);
    TokenBatch batch;
    std::vector<double> log_probabilities;
    std::vector<uint8_t> is_argmax;
    for (size_t begin = 0; begin < pairs.size();) {
      if (interrupt_requested()) return interrupted_exit_code;
      const size_t end = batch_end(pairs, begin, limits.tokens);
      batch.clear();
      for (size_t i = begin; i < end; ++i) {
        const int32_t context = pairs[i].context;
        batch.append(pairs[i].tokens, [context](int32_t position) { return position >= context; });
      }
      transformer.score(batch, log_probabilities, is_argmax);
      size_t at = 0;
      for (size_t i = begin; i < end; ++i) {
        const size_t count = pairs[i].tokens.size() - static_cast<size_t>(pairs[i].context);
        out << json_line(result_line(pairs[i], std::span(log_probabilities).subspan(at, count),
                                     std::span(is_argmax).subspan(at, count), request.per_token))
            << '\n';
        at += count;
      }
      begin = end;
    }
  } catch (const std::bad_alloc &) {
    throw oom_failure("memory.allocate",
                      "The system refused the memory to score a pair of " + std::to_string(longest) + " tokens.",
                      "Shorten the longest pair or close other programs.");
  }
  events.emit("done", {{"pairs", pairs.size()}, {"tokens", total}, {"seconds", events.elapsed_ms() / 1000.0}});
  return 0;
}

} // namespace trex
