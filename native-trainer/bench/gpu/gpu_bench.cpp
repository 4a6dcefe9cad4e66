// Every operation of a training step at one model's shapes: how long it takes, and how much of this card's own measured
// limits that is. The limit of a case is the longer of its bytes over the copy rate and its operations over the rate of
// the tensor cores; `share` is that limit over the time taken.
//
//   gpu_bench [--shapes llama-3.1-8b] [--tokens 4096] [--document 2048] [--runs 20] [--json FILE]
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "cases.h"
#include "timing.h"

namespace trex::bench {
namespace {

struct Options {
  std::string shapes = "llama-3.1-8b";
  std::optional<std::string> json_path;
  int64_t tokens = 4096, document = 2048;
  int runs = 20;
};

Options parse(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (i + 1 == argc) throw std::invalid_argument(name + " needs a value.");
    const char *value = argv[++i];
    if (name == "--shapes")
      options.shapes = value;
    else if (name == "--tokens")
      options.tokens = std::atoll(value);
    else if (name == "--document")
      options.document = std::atoll(value);
    else if (name == "--runs")
      options.runs = std::atoi(value);
    else if (name == "--json")
      options.json_path = value;
    else
      throw std::invalid_argument("There is no option " + name + ".");
  }
  if (options.tokens < 1 || options.document < 1 || options.runs < 1)
    throw std::invalid_argument("Numbers start at 1.");
  return options;
}

double rate_of(const Peaks &peaks, Unit unit) {
  switch (unit) {
  case Unit::memory: return 0.0;
  case Unit::bf16: return peaks.bf16_operations_per_second;
  case Unit::s8: return peaks.s8_operations_per_second;
  case Unit::e4m3: return peaks.e4m3_operations_per_second;
  }
  return 0.0;
}

double limit_seconds(const Peaks &peaks, const Case &one) {
  const double moving = one.bytes / peaks.copy_bytes_per_second, rate = rate_of(peaks, one.unit);
  return rate > 0.0 ? std::max(moving, one.operations / rate) : moving;
}

int run(const Options &options) {
  constexpr size_t scratch_bytes = size_t{512} << 20, flush_bytes = size_t{256} << 20;
  const Shapes shapes = shapes_named(options.shapes);
  const bool tiny = shapes.name == "tiny"; // for a machine without a card
  CudaDevice device(tiny ? size_t{32} << 20 : scratch_bytes);
  BenchMemory memory(device);
  const size_t flushed = tiny ? size_t{1} << 16 : flush_bytes;
  void *flush = memory.zeros(flushed);
  const Peaks peaks = measure_peaks(device, flush, flushed, tiny ? 2 : 4096);
  std::printf("measured limits: copy %.0f GB/s, bf16 %.1f TFLOPS, int8 %.1f TOPS, fp8 %.1f TFLOPS\n\n",
              peaks.copy_bytes_per_second / 1e9, peaks.bf16_operations_per_second / 1e12,
              peaks.s8_operations_per_second / 1e12, peaks.e4m3_operations_per_second / 1e12);
  std::printf("%-28s %10s %10s %10s %8s\n", "operation", "ms", "GB/s", "TFLOPS", "share");
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  double step_seconds = 0.0, step_limit = 0.0;
  for (const Case &one : cases_of(device, memory, shapes, options.tokens, options.document)) {
    const double seconds = median_seconds(device, options.runs, flush, flushed, one.run);
    const double share = limit_seconds(peaks, one) / seconds;
    step_seconds += one.per_step * seconds;
    step_limit += one.per_step * limit_seconds(peaks, one);
    std::printf("%-28s %10.3f %10.0f %10.1f %7.1f%%\n", one.name.c_str(), seconds * 1e3, one.bytes / seconds / 1e9,
                one.operations / seconds / 1e12, share * 100.0);
    rows.push_back({{"name", one.name},
                    {"seconds", seconds},
                    {"bytes", one.bytes},
                    {"operations", one.operations},
                    {"shareOfLimit", share},
                    {"timesPerStep", one.per_step}});
  }
  std::printf("\na step of %lld tokens without recomputing: %.1f ms (%.0f tokens/s), limit %.1f ms\n",
              static_cast<long long>(options.tokens), step_seconds * 1e3,
              static_cast<double>(options.tokens) / step_seconds, step_limit * 1e3);
  if (!options.json_path) return 0;
  const nlohmann::ordered_json answer = {{"shapes", shapes.name},
                                         {"tokens", options.tokens},
                                         {"document", options.document},
                                         {"peaks",
                                          {{"copyBytesPerSecond", peaks.copy_bytes_per_second},
                                           {"bf16OperationsPerSecond", peaks.bf16_operations_per_second},
                                           {"int8OperationsPerSecond", peaks.s8_operations_per_second},
                                           {"fp8OperationsPerSecond", peaks.e4m3_operations_per_second}}},
                                         {"step", {{"seconds", step_seconds}, {"limitSeconds", step_limit}}},
                                         {"operations", rows}};
  std::ofstream file(*options.json_path);
  file << answer.dump(1) << '\n';
  if (!file.flush()) throw std::runtime_error("Could not write " + *options.json_path + ".");
  return 0;
}

} // namespace
} // namespace trex::bench

int main(int argc, char **argv) {
  try {
    return trex::bench::run(trex::bench::parse(argc, argv));
  } catch (const std::invalid_argument &error) {
    std::cerr << error.what() << '\n';
    return 2;
  } catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
