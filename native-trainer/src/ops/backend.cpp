#include "ops/backend.h"

#include "common/failure.h"

namespace trex {
namespace {

[[noreturn]] void unsupported() {
  throw config_failure("device.unsupported", "This build of trex-train works on the processor alone.",
                       "Leave the device out of the request, or install a build for this graphics card.");
}

} // namespace

Backend open_cpu_backend(int threads, int64_t longest, int64_t tokens) {
  return {BackendKind::cpu, "CPU", &cpu_ops(), std::make_unique<CpuDevice>(threads, longest, best_isa(), tokens)};
}

Backend open_backend(const BackendNeeds &needs) {
  switch (needs.kind) {
  case BackendKind::cpu: return open_cpu_backend(needs.threads, needs.longest, needs.tokens);
  case BackendKind::cuda: break;
  }
  unsupported();
}

Element activations_of(BackendKind kind) { return kind == BackendKind::cpu ? Element::f32 : Element::bf16; }

uint64_t backend_scratch_bytes(const BackendNeeds &needs) {
  if (needs.kind != BackendKind::cpu) unsupported();
  return cpu_scratch_bytes(needs.threads, needs.longest, needs.tokens);
}

} // namespace trex
