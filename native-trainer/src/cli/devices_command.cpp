#include <ostream>

#include "cli/commands.h"
#include "common/cpu_features.h"
#include "common/platform.h"
#include "common/request.h"
#include "common/version.h"

namespace trex {
namespace {

using json = nlohmann::ordered_json; // fields in the order the README lists them

#ifdef _WIN32
constexpr const char *cuda_driver_library = "nvcuda.dll";
#else
constexpr const char *cuda_driver_library = "libcuda.so.1";
#endif

json describe_cuda() {
  const platform::LibraryProbe driver = platform::probe_library(cuda_driver_library);
  const std::string reason =
      driver.loadable
          ? "An NVIDIA driver is installed, but this build of trex-train has no CUDA kernels, so the processor is used."
          : "No NVIDIA driver could be loaded (" + driver.reason + "), and this build of trex-train has no CUDA kernels.";
  return {{"compiled", false}, {"available", false}, {"reason", reason}, {"devices", json::array()}};
}

} // namespace

int run_devices(std::ostream &out) {
  json available = json::array();
  for (const Isa isa : available_isas()) available.push_back(isa_name(isa));
  const json answer = {
      {"version", version},
      {"isa", {{"used", isa_name(best_isa())}, {"available", available}}},
      {"threads", {{"physical", platform::physical_processors()}, {"logical", platform::logical_processors()}}},
      {"memory", {{"totalBytes", platform::total_memory_bytes()}, {"freeBytes", platform::free_memory_bytes()}}},
      {"cuda", describe_cuda()}};
  out << json_line(answer) << std::endl;
  return 0;
}

} // namespace trex
