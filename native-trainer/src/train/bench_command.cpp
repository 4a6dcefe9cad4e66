#include "train/bench_command.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <ostream>
#include <string>

#include "common/interrupt.h"
#include "common/platform.h"
#include "common/request.h"
#include "gguf/tensor_layout.h"
#include "ops/backend.h"
#include "ops/cpu/gemm.h"
#include "ops/random.h"
#include "plan/memory_plan.h"
#include "train/activation_bytes.h"
#include "train/bench_model.h"
#include "train/lora_parameters.h"
#include "train/training_flops.h"

namespace trex {
namespace {

constexpr int64_t document_tokens = 64;
constexpr int64_t bench_tokens = 2048;
constexpr int64_t bench_rank = 16;

struct Timing {
  double seconds_per_run;
  int64_t runs;
};

// Runs once to warm up, then until `seconds` have passed; the fastest run counts, because anything slower measures the
// neighbours.
template <class Work> Timing fastest(double seconds, const Work &work) {
  using Clock = std::chrono::steady_clock;
  work();
  const Clock::time_point start = Clock::now();
  Timing timing{1e30, 0};
  do {
    const Clock::time_point before = Clock::now();
    work();
    timing.seconds_per_run =
        std::min(timing.seconds_per_run, std::chrono::duration<double>(Clock::now() - before).count());
    ++timing.runs;
  } while (std::chrono::duration<double>(Clock::now() - start).count() < seconds && !interrupt_requested());
  return timing;
}

// A plain product of the size caches like best: what this trainer's own kernels reach at most.
nlohmann::json bench_sgemm(CpuDevice &device, double seconds) {
  constexpr int64_t size = 1024;
  const FloatBuffer memory = allocate_floats(3 * size * size);
  if (!memory) throw std::bad_alloc();
  float *a = memory.get(), *b = a + size * size, *c = b + size * size;
  for (int64_t i = 0; i < 2 * size * size; ++i)
    a[i] = static_cast<float>(random_unit(1, 0, static_cast<uint64_t>(i)) - 0.5);
  const Gemm product{size, size, c, size, false, nullptr, {{{a, size, false}, right_floats(b, size, false), size}, {}},
                     1};
  const Timing timing = fastest(seconds, [&] { gemm(device, product); });
  const double flops = 2.0 * static_cast<double>(size) * static_cast<double>(size) * static_cast<double>(size);
  return {{"gflops", flops / timing.seconds_per_run / 1e9}, {"shape", "1024x1024x1024"}};
}

// What was planned for a class of memory, and by how much the process grew when it was first used.
nlohmann::json growth(const char *what, uint64_t planned, uint64_t before) {
  const uint64_t now = platform::resident_bytes();
  return {{"what", what}, {"plannedBytes", planned}, {"residentBytes", now > before ? now - before : 0}};
}

// A LoRA step of rank 16 on every projection: forward, backward, gradient norm and update.
// `mapped_bytes` of the model's weights are first read here.
nlohmann::json bench_train(const Backend &backend, Model &model, uint64_t mapped_bytes, const std::string &name,
                           double seconds) {
  const Ops &ops = *backend.ops;
  Device &device = *backend.device;
  LoraRequest lora;
  lora.choice.rank = bench_rank;
  TrainingShape shape;
  shape.lora = lora_tensors(lora.choice, model.parameters);
  shape.tokens_per_step = bench_tokens;
  shape.max_sequence_tokens = document_tokens;
  shape.backend = backend.kind;
  shape.element = ops.activations;
  const int64_t tokens = micro_batch_tokens(model.parameters, shape) / document_tokens * document_tokens;

  nlohmann::json memory = nlohmann::json::array();
  uint64_t before = platform::resident_bytes();
  const std::vector<LoraTarget> targets = lora_targets(model, shape.lora);
  ParameterSet set(ops, device, lora_pieces(shape.lora));
  attach_lora(model, set, targets);
  start_fresh(ops, device, model, set, targets, lora, 1);
  memory.push_back(growth("adapter, gradients, optimizer",
                          2 * sizeof(float) * static_cast<uint64_t>(set.count()) + set.states().size(), before));
  before = platform::resident_bytes();
  const PassLimits limits = training_limits(model.parameters, shape, tokens);
  const PassMemory room = lay_out(model.parameters, limits, nullptr);
  Transformer transformer(ops, device, model, limits, document_tokens);
  TokenBatch batch;
  std::vector<int32_t> document(document_tokens + 1);
  for (int64_t first = 0; first < tokens; first += document_tokens) {
    for (size_t i = 0; i < document.size(); ++i) {
      document[i] = static_cast<int32_t>(random_bits(1, static_cast<uint64_t>(first), i) %
                                         static_cast<uint64_t>(model.parameters.vocab));
    }
    batch.append(document, [](int32_t) { return true; });
  }
  AdamW adamw{1e-4f, 0.9f, 0.999f, 1e-8f, 0.0f, 0, 1.0f};
  const auto step = [&] {
    set.clear_gradients();
    transformer.loss_and_gradients(batch, 1.0f / static_cast<float>(batch.target_count()), {});
    transformer.take_loss();
    set.gradient_norm();
    ++adamw.step;
    set.update(adamw);
  };
  step();
  memory.push_back(growth(mapped_bytes > 0 ? "weights, activations, workspace" : "activations, workspace",
                          room.activation_bytes + room.workspace_bytes + mapped_bytes, before));
  const Timing timing = fastest(seconds, step);
  const double gflops = training_flops(model, batch) / timing.seconds_per_run / 1e9;
  const HyperParameters &p = model.parameters;
  return {{"tokensPerSecond", static_cast<double>(batch.token_count()) / timing.seconds_per_run},
          {"gflops", gflops},
          {"memory", memory},
          {"shape", name + ": " + std::to_string(p.layer_count()) + " layers of width " + std::to_string(p.embedding) +
                        ", vocabulary " + std::to_string(p.vocab) + ", LoRA rank " + std::to_string(bench_rank) + ", " +
                        std::to_string(batch.token_count()) + " tokens in documents of " +
                        std::to_string(document_tokens)}};
}

} // namespace

int run_bench(const nlohmann::json &json, std::ostream &out) {
  Request fields(json);
  const std::optional<std::string> path = fields.optional_text("model");
  const double seconds = fields.number_or("seconds", 5.0, 0.1, 3600.0);
  const auto asked_threads = static_cast<int>(fields.integer_or("threads", 0, 0, 1024));
  fields.finish();

  const int threads = asked_threads > 0 ? asked_threads : platform::physical_processors();
  BackendNeeds needs;
  needs.threads = threads;
  needs.longest = document_tokens;
  const Backend backend = open_backend(needs);
  const Hold hold = hold_by(*backend.ops, *backend.device);
  nlohmann::json answer = {{"threads", threads}, {"isa", isa_name(best_isa())}}, train;
  if (backend.kind == BackendKind::cpu) {
    answer["sgemm"] = bench_sgemm(static_cast<CpuDevice &>(*backend.device), seconds / 2);
  }
  if (path) {
    const ModelFile file = ModelFile::open(*path);
    FrozenModel frozen = load_frozen_model(file, hold);
    uint64_t bytes = 0;
    for (const TensorView &tensor : file.tensors()) bytes += tensor.bytes;
    train = bench_train(backend, frozen.model, bytes, file.architecture(), seconds / 2);
  } else {
    BenchModel bench = make_bench_model(hold);
    train = bench_train(backend, bench.frozen.model, 0, "built-in", seconds / 2);
  }
  if (answer.contains("sgemm")) {
    train["shareOfSgemm"] = train.at("gflops").get<double>() / answer.at("sgemm").at("gflops").get<double>();
  }
  answer["train"] = std::move(train);
  out << json_line(answer) << '\n';
  return 0;
}

} // namespace trex
