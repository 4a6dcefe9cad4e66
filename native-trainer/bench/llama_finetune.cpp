// One full-parameter training run through llama.cpp's own optimiser (llama_opt_init, llama_opt_epoch), linked with the
// very library that the application ships. Every row is one step.
//
//   llama-finetune MODEL ROWS THREADS EPOCHS     LLAMA_LIBRARY_FOLDER: where its CPU back ends lie
//
// ROWS is a text file: tokens separated by spaces, one row a line, all rows of one length. Row of n + 1 tokens: n inputs.
// Prints one JSON line like compare_pytorch.py. llama.cpp trains neither the embedding nor its duplicate, so the model
// must have an output.weight of its own.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "ggml-backend.h"
#include "ggml-opt.h"
#include "llama.h"

namespace {

using Clock = std::chrono::steady_clock;

std::vector<double> step_ms, losses;
double first_step_seconds = 0.0;
Clock::time_point step_begin;
double loss_sum_before = 0.0;

double seconds_since_start() {
  std::ifstream stat("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string field;
  for (int i = 0; i < 20; ++i) fields >> field; // starttime, the 22nd of the line
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) -
         std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void after_step(bool, ggml_opt_context_t, ggml_opt_dataset_t, ggml_opt_result_t result, int64_t index, int64_t, int64_t) {
  const Clock::time_point now = Clock::now();
  step_ms.push_back(std::chrono::duration<double, std::milli>(now - step_begin).count());
  double mean = 0.0, uncertainty = 0.0;
  ggml_opt_result_loss(result, &mean, &uncertainty);
  losses.push_back(mean * static_cast<double>(index) - loss_sum_before);
  loss_sum_before = mean * static_cast<double>(index);
  if (first_step_seconds == 0.0) first_step_seconds = seconds_since_start();
  step_begin = Clock::now();
}

std::vector<std::vector<llama_token>> read_rows(const char *path) {
  std::ifstream file(path);
  std::vector<std::vector<llama_token>> rows;
  for (std::string line; std::getline(file, line);) {
    std::istringstream tokens(line);
    rows.emplace_back();
    for (llama_token token; tokens >> token;) rows.back().push_back(token);
  }
  return rows;
}

std::string list(const std::vector<double> &values) {
  std::string text = "[";
  for (const double value : values) text += (text.size() > 1 ? "," : "") + std::to_string(value);
  return text + "]";
}

int fail(const char *what) {
  std::fprintf(stderr, "llama-finetune: %s\n", what);
  return 1;
}

} // namespace

int main(int count, char **arguments) {
  if (count != 5) return fail("MODEL ROWS THREADS EPOCHS");
  const int threads = std::atoi(arguments[3]), epochs = std::atoi(arguments[4]);
  const std::vector<std::vector<llama_token>> rows = read_rows(arguments[2]);
  if (rows.empty()) return fail("no rows");
  const auto length = static_cast<int64_t>(rows.front().size()) - 1;

  llama_log_set([](ggml_log_level level, const char *text, void *) {
    if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
  }, nullptr);
  if (const char *folder = std::getenv("LLAMA_LIBRARY_FOLDER")) ggml_backend_load_all_from_path(folder);
  llama_backend_init();
  llama_model_params model_parameters = llama_model_default_params();
  model_parameters.load_mode = LLAMA_LOAD_MODE_NONE; // weights must be writable
  llama_model *model = llama_model_load_from_file(arguments[1], model_parameters);
  if (model == nullptr) return fail("cannot load the model");
  llama_context_params parameters = llama_context_default_params();
  parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = static_cast<uint32_t>(length);
  parameters.type_k = parameters.type_v = GGML_TYPE_F32; // out_prod has no F16
  parameters.n_threads = parameters.n_threads_batch = threads;
  parameters.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED; // it has no backward pass
  llama_context *context = llama_init_from_model(model, parameters);
  if (context == nullptr || llama_n_ctx(context) != static_cast<uint32_t>(length)) return fail("the context is padded");

  ggml_opt_dataset_t data = ggml_opt_dataset_init(GGML_TYPE_I32, GGML_TYPE_I32, length, length,
                                                  static_cast<int64_t>(rows.size()), 1);
  auto *inputs = static_cast<int32_t *>(ggml_opt_dataset_data(data)->data);
  auto *labels = static_cast<int32_t *>(ggml_opt_dataset_labels(data)->data);
  for (size_t row = 0; row < rows.size(); ++row) {
    std::copy(rows[row].begin(), rows[row].end() - 1, inputs + static_cast<int64_t>(row) * length);
    std::copy(rows[row].begin() + 1, rows[row].end(), labels + static_cast<int64_t>(row) * length);
  }
  llama_opt_params training{};
  training.param_filter = llama_opt_param_filter_all;
  training.get_opt_pars = [](void *) {
    ggml_opt_optimizer_params adam = ggml_opt_get_default_optimizer_params(nullptr);
    adam.adamw.alpha = 1e-4f;
    adam.adamw.wd = 0.0f;
    return adam;
  };
  training.optimizer_type = GGML_OPT_OPTIMIZER_TYPE_ADAMW;
  llama_opt_init(context, model, training);
  step_begin = Clock::now();
  for (int epoch = 0; epoch < epochs; ++epoch) {
    ggml_opt_result_t result = ggml_opt_result_init();
    loss_sum_before = 0.0;
    llama_opt_epoch(context, data, result, nullptr, static_cast<int64_t>(rows.size()), after_step, nullptr);
    ggml_opt_result_free(result);
  }

  std::vector<double> sorted(step_ms.begin() + (step_ms.size() > 1 ? 1 : 0), step_ms.end());
  std::sort(sorted.begin(), sorted.end());
  const double median = 0.5 * (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"losses\":%s,\"stepMs\":%s,\"firstStepSeconds\":%f,\"tokensPerSecond\":%f,\"peakRssBytes\":%ld,"
              "\"version\":\"llama.cpp %s\"}\n",
              list(losses).c_str(), list(step_ms).c_str(), first_step_seconds,
              static_cast<double>(length) / median * 1000.0, usage.ru_maxrss * 1024L, LLAMA_TAG);
  return 0;
}
