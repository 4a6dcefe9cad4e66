// The rank of every tensor that an adapter changes: one for all, except those that are named.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/hyper_parameters.h"

namespace trex {

struct LoraRanks {
  int64_t rank = 16;                                 // of a tensor that is not named
  std::map<std::string, int64_t, std::less<>> named; // "blk.3.attn_q", without ".weight"

  // `weight` is the tensor's whole name, "blk.3.attn_q.weight".
  int64_t of(std::string_view weight) const;
};

// Throws Failure CONFIG: "lora.unknown_tensor" when a name is not one of `targets` (lora target names) in a layer of
// this model, "lora.rank_too_large" when a named rank is above what the tensor's shape can use: min(in, out).
void check_lora_ranks(const LoraRanks &ranks, const std::vector<std::string> &targets,
                      const HyperParameters &parameters);

} // namespace trex
