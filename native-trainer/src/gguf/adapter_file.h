// LoRA adapters as llama.cpp loads them: y = W x + scale * (alpha / rank) * B (A x). alpha is one number for the whole
// file, rank is each target's own: the width of its B.
//
// Per target `<base>` (e.g. "blk.0.attn_q.weight" with ne {in, out}): `<base>.lora_a` with ne {in, rank} and
// `<base>.lora_b` with ne {rank, out}. So A is `rank` rows of `in` values and B is `out` rows of `rank` values.
// Where the base holds experts, ne {in, out, experts}, both have its third dimension too: a pair for every expert.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/atomic_file.h"
#include "gguf/model_file.h"

namespace trex {

struct AdapterTensor {
  std::string base;     // full base tensor name, ending in ".weight"
  int64_t in = 0;       // values
  int64_t out = 0;      // values
  int64_t rank = 0;     // may differ between targets when read; llama.cpp uses each target's own
  std::vector<float> a; // rank x in, row-major, of every expert in turn
  std::vector<float> b; // out x rank, row-major, likewise
  int64_t experts = 1;
};

struct Adapter {
  std::string name;
  double alpha = 0.0; // scale of a target is alpha / rank; 0 means scale 1, as in llama.cpp
  std::vector<AdapterTensor> tensors;
};

// What the product B A of one of the adapter's tensors is multiplied by.
double scale_of(const Adapter &adapter, const AdapterTensor &tensor);

// The same for writing, without copying the trained values. Only valid while they live.
struct AdapterTensorView {
  std::string base;
  int64_t in = 0, out = 0, rank = 0;
  const float *a = nullptr; // rank x in, row-major
  const float *b = nullptr; // out x rank, row-major
  double b_factor = 1.0;    // B is stored multiplied by this, rounded once to fp32
  int64_t experts = 1;
};

// Writes atomically: the file appears whole or not at all. type is GGML_TYPE_F32 or GGML_TYPE_F16.
// Throws Failure ENV "file.write" (disk full, permissions), CONFIG "adapter.type".
WrittenFile write_adapter(const std::string &utf8_path, const ModelFile &base, const std::string &name, double alpha,
                          const std::vector<AdapterTensorView> &tensors, ggml_type type);

// Reads and checks every tensor against the base. Throws Failure CONFIG: "adapter.not_adapter",
// "adapter.architecture", "adapter.type", "adapter.alpha", "adapter.unpaired_tensor", "adapter.unknown_target",
// "adapter.bad_shape", "adapter.unsupported_tensor", "adapter.not_finite", besides everything ModelFile::open throws.
Adapter read_adapter(const std::string &utf8_path, const ModelFile &base);

} // namespace trex
