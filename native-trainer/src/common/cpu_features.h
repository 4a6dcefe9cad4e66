// What this processor can run, seen once at start. Kernel files for newer instructions are entered only if so.
#pragma once

#include <string>
#include <vector>

namespace trex {

enum class Isa { baseline, neon, avx2, avx512 };

const char *isa_name(Isa isa); // "baseline", "neon", "avx2", "avx512"

// Instruction sets the kernels may use here, slowest first; "baseline" is always present.
// The environment variable TREX_ISA, when it names one of them, removes the faster ones (for tests and bug hunts).
const std::vector<Isa> &available_isas();

// The fastest of available_isas().
Isa best_isa();

} // namespace trex
