// The CPU's memory is the host's: what is held is read where it lies, and moving values is copying them.
#include <cstring>

#include "ops/cpu/cpu_ops.h"

namespace trex::cpu {

void *allocate(Device &, size_t bytes) {
  return allocate_floats((bytes + sizeof(float) - 1) / sizeof(float)).release();
}

void release(Device &, void *memory) { FreeAligned{}(static_cast<float *>(memory)); }

const void *hold(Device &, const void *host, size_t) { return host; }

void upload(Device &, void *to, const void *host, size_t bytes) {
  if (bytes > 0) std::memcpy(to, host, bytes);
}

void download(Device &, void *host, const void *from, size_t bytes) {
  if (bytes > 0) std::memcpy(host, from, bytes);
}

void copy(Device &, void *to, const void *from, size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

PackedBatch place_batch(Device &, const PackedBatch &batch) { return batch; }

} // namespace trex::cpu
