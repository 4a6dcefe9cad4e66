// A checkpoint from anywhere. Its digest stops every accident, so the fuzzer also plays the attacker who can compute it:
// when the first byte is odd, the rest gets the digest that belongs to it.
#include <array>
#include <string>

#include "common/digest.h"
#include "fuzz/input_file.h"
#include "ops/cpu/cpu_device.h"
#include "train/checkpoint.h"
#include "train/parameter_set.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace trex;
  constexpr int64_t values = 4;
  static CpuDevice device(1, 8, best_isa());
  static ParameterSet set(cpu_ops(), device, std::array{TrainedPiece{values}});
  if (size == 0) return 0;
  std::string bytes(reinterpret_cast<const char *>(data) + 1, size - 1);
  if (data[0] % 2 == 1) {
    Sha256 hash;
    hash.update(bytes.data(), bytes.size());
    bytes += hash.finish();
  }
  const std::string path = fuzz::file_with("checkpoint.trex", bytes.data(), bytes.size());
  fuzz::only_fails_as({FailureClass::config}, [&] {
    const auto progress = read_checkpoint(path, "fuzz", set);
    if (progress && progress->step < 0) std::abort();
  });
  return 0;
}
