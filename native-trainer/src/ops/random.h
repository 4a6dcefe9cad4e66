// Numbers from a counter: the same (seed, stream, counter) gives the same number on every machine, with no state to
// save.
#pragma once

#include <cstdint>

namespace trex {

// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
inline uint64_t random_bits(uint64_t seed, uint64_t stream, uint64_t counter) {
  const auto mix = [](uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  };
  constexpr uint64_t golden = 0x9e3779b97f4a7c15ULL;
  return mix(mix(mix(seed + golden) + stream * golden) + (counter + 1) * golden);
}

// Uniform in [0, 1).
inline double random_unit(uint64_t seed, uint64_t stream, uint64_t counter) {
  return static_cast<double>(random_bits(seed, stream, counter) >> 11) * 0x1.0p-53;
}

} // namespace trex
