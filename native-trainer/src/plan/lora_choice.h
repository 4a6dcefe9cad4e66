// Which tensors an adapter changes, each with its rank and its scale: what a request says in names, patterns and layer
// ranges, resolved against a model.
//
// A pattern (common/glob.h) with a dot in it is held against a tensor's whole name without ".weight" ("blk.3.ffn_*"),
// one without against its name inside the layer ("attn_*").
//
//   y = W x + s B A x        A [rank, in], B [out, rank]
//   s = alpha / rank         standard (Hu et al., 2021)
//   s = alpha / sqrt(rank)   rsLoRA (Kalajdzievski, 2023)
//
// rank and alpha are the request's, or those of the last override that fits the tensor. A rank given to a single tensor
// (`ranks`) wins over both and leaves s as it was: giving a tensor rank must not change the size of its steps.
//
// llama.cpp applies alpha / (B's width) with one alpha for the whole file, so every B is stored multiplied by
// s * width / stored_alpha().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/hyper_parameters.h"

namespace trex {

// Inclusive; a negative number counts from the end, -1 is the last layer.
struct LayerRange {
  int64_t first = 0, last = -1;
};

struct LoraOverride {
  std::string match; // name or pattern
  std::optional<LayerRange> layers;
  std::optional<int64_t> rank;
  std::optional<double> alpha;
};

enum class LoraScaling { standard, rslora };

struct LoraChoice {
  int64_t rank = 16;
  double alpha = 32.0;
  LoraScaling scaling = LoraScaling::standard;
  std::optional<std::vector<std::string>> targets;   // names or patterns; absent: every matrix of the layers but
                                                     // those of experts, which are asked for by name
  std::optional<LayerRange> layers;                  // absent: all
  std::vector<LoraOverride> overrides;               // later ones win
  std::map<std::string, int64_t, std::less<>> ranks; // of single tensors: "blk.3.attn_q", without ".weight"
  bool frozen_copy = false; // every pair carries its frozen start as well: see LoraTensor::frozen_rank

  // Nothing but names, for all layers alike, and ranks of single tensors.
  bool is_plain() const;
};

// One tensor of the adapter. Of a mixture of experts it holds a pair of this shape for every expert, in their order.
struct LoraTensor {
  std::string name; // "blk.3.attn_q.weight"
  int64_t in = 0, out = 0;
  int64_t rank = 0;        // width of the pair: rows of A, columns of B
  int64_t frozen_rank = 0; // how many of them, the last, keep their first values (PiSSA)
  double scale = 0.0;      // s
  double b_factor = 1.0;   // B is stored multiplied by this
  int64_t experts = 1;

  int64_t a_values() const { return experts * rank * in; }
  int64_t b_values() const { return experts * out * rank; }
};

// The alpha of the written file, as precise as the file keeps it. A tensor of the common rank and alpha has b_factor 1.
double stored_alpha(const LoraChoice &choice);

// In the order of lora_target_tensors(). Throws Failure CONFIG: "lora.unknown_target" when a name or pattern fits no
// tensor (of an override: none that the adapter changes), "lora.layers" when a range lies outside the model or leaves
// nothing, "lora.unknown_tensor" when a name in `ranks` is not one that the adapter changes, "lora.rank_too_large" when
// a single tensor's rank, or any rank that a frozen copy needs, is above the tensor's smaller side.
std::vector<LoraTensor> lora_tensors(const LoraChoice &choice, const HyperParameters &parameters);

// Width of the pair of the tensor with this whole name; 0 when the adapter does not change it.
int64_t lora_rank_of(const std::vector<LoraTensor> &tensors, std::string_view name);

} // namespace trex
