#include "common/cpu_features.h"

#include <cstdlib>
#include <string_view>

#if defined(_M_X64)
#include <intrin.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#endif

namespace trex {
namespace {

#if defined(__x86_64__)
void detect(bool &avx2, bool &avx512) {
  __builtin_cpu_init();
  // These also ask the operating system whether it saves the wide registers.
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool f16c = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0; // Clang 14 has no name for it above
  avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && f16c;
  avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#elif defined(_M_X64)
void detect(bool &avx2, bool &avx512) {
  int leaf[4];
  __cpuid(leaf, 1);
  const bool fma = (leaf[2] >> 12) & 1;
  const bool f16c = (leaf[2] >> 29) & 1;
  const bool os_saves = (leaf[2] >> 27) & 1;
  const unsigned long long saved = os_saves ? _xgetbv(0) : 0;
  __cpuidex(leaf, 7, 0);
  const unsigned features = static_cast<unsigned>(leaf[1]);
  avx2 = fma && f16c && (saved & 0x6) == 0x6 && ((features >> 5) & 1);
  const unsigned needed = 1U << 16 | 1U << 17 | 1U << 30 | 1U << 31; // F, DQ, BW, VL
  avx512 = avx2 && (saved & 0xe6) == 0xe6 && (features & needed) == needed;
}
#endif

std::vector<Isa> detect_isas() {
  std::vector<Isa> found = {Isa::baseline};
#if defined(__x86_64__) || defined(_M_X64)
  bool avx2 = false;
  bool avx512 = false;
  detect(avx2, avx512);
  if (avx2) found.push_back(Isa::avx2);
  if (avx512) found.push_back(Isa::avx512);
#elif defined(__aarch64__) || defined(_M_ARM64)
  found.push_back(Isa::neon);
#endif
  if (const char *wanted = std::getenv("TREX_ISA")) {
    for (size_t index = 0; index < found.size(); ++index) {
      if (std::string_view(isa_name(found[index])) == wanted) found.resize(index + 1);
    }
  }
  return found;
}

} // namespace

const char *isa_name(Isa isa) {
  switch (isa) {
  case Isa::baseline: return "baseline";
  case Isa::neon: return "neon";
  case Isa::avx2: return "avx2";
  case Isa::avx512: return "avx512";
  }
  return "baseline";
}

const std::vector<Isa> &available_isas() {
  static const std::vector<Isa> found = detect_isas();
  return found;
}

Isa best_isa() { return available_isas().back(); }

} // namespace trex
