#include "gguf/architecture.h"

#include <array>

namespace trex {
namespace {

using enum Architecture;

// Facts from each family's graph in llama.cpp (src/models at the pinned tag).
constexpr std::array<ArchitectureTraits, 11> table = {{
    {.architecture = llama,
     .name = "llama",
     .models = "Llama 2 and 3, Mistral, SmolLM2, TinyLlama",
     .rope_style = RopeStyle::norm,
     .activation = Activation::silu,
     .rope_factors = true,
     .more_biases = true},
    {.architecture = mistral3,
     .name = "mistral3",
     .models = "Ministral 3, Mistral Small 3",
     .rope_style = RopeStyle::norm,
     .activation = Activation::silu,
     .rope_factors = true,
     .more_biases = true},
    {.architecture = smollm3,
     .name = "smollm3",
     .models = "SmolLM3",
     .rope_style = RopeStyle::norm,
     .activation = Activation::silu},
    {.architecture = qwen2,
     .name = "qwen2",
     .models = "Qwen2, Qwen2.5",
     .rope_style = RopeStyle::neox,
     .activation = Activation::silu,
     .wide_heads = false},
    {.architecture = qwen3,
     .name = "qwen3",
     .models = "Qwen3",
     .rope_style = RopeStyle::neox,
     .activation = Activation::silu,
     .qk_norm = true},
    {.architecture = gemma2,
     .name = "gemma2",
     .models = "Gemma 2",
     .rope_style = RopeStyle::neox,
     .activation = Activation::gelu,
     .post_norms = true,
     .scaled_embedding = true,
     .always_tied = true},
    {.architecture = gemma3,
     .name = "gemma3",
     .models = "Gemma 3",
     .rope_style = RopeStyle::neox,
     .activation = Activation::gelu,
     .qk_norm = true,
     .post_norms = true,
     .scaled_embedding = true},
    {.architecture = gemma4,
     .name = "gemma4",
     .models = "Gemma 4 without experts",
     .rope_style = RopeStyle::neox,
     .activation = Activation::gelu,
     .qk_norm = true,
     .value_norm = true,
     .post_norms = true,
     .scaled_embedding = true,
     .full_factors = true,
     .optional_values = true,
     .output_scales = true},
    {.architecture = phi3,
     .name = "phi3",
     .models = "Phi-3, Phi-3.5, Phi-4",
     .rope_style = RopeStyle::neox,
     .activation = Activation::silu,
     .fused = true,
     .wide_heads = false,
     .partial_rope = true,
     .long_factors = true},
    {.architecture = qwen3moe,
     .name = "qwen3moe",
     .models = "Qwen3 with experts (30B-A3B, 235B-A22B)",
     .rope_style = RopeStyle::neox,
     .activation = Activation::silu,
     .qk_norm = true,
     .experts = true},
    {.architecture = qwen35,
     .name = "qwen35",
     .models = "Qwen3.5, Qwen3.6",
     .rope_style = RopeStyle::neox,
     .activation = Activation::silu,
     .qk_norm = true,
     .partial_rope = true,
     .gated_attention = true,
     .delta_net = true,
     .ffn_norm = "post_attention_norm"},
}};

} // namespace

std::span<const ArchitectureTraits> known_architectures() { return table; }

const ArchitectureTraits &traits_of(Architecture architecture) {
  for (const ArchitectureTraits &traits : table) {
    if (traits.architecture == architecture) return traits;
  }
  return table.front(); // every enumerator has its line
}

std::optional<Architecture> architecture_named(std::string_view name) {
  for (const ArchitectureTraits &traits : table) {
    if (name == traits.name) return traits.architecture;
  }
  return std::nullopt;
}

const char *architecture_name(Architecture architecture) { return traits_of(architecture).name; }

} // namespace trex
