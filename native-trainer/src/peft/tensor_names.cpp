#include "peft/tensor_names.h"

#include <array>
#include <charconv>
#include <span>

namespace trex {
namespace {

struct NamePair {
  std::string_view module; // below layers.N.
  std::string_view gguf;   // between blk.N. and .weight
};

constexpr std::array plain_names = {
    NamePair{"self_attn.q_proj", "attn_q"}, NamePair{"self_attn.k_proj", "attn_k"},
    NamePair{"self_attn.v_proj", "attn_v"}, NamePair{"self_attn.o_proj", "attn_output"},
    NamePair{"mlp.gate_proj", "ffn_gate"},  NamePair{"mlp.up_proj", "ffn_up"},
    NamePair{"mlp.down_proj", "ffn_down"},
};

// Query, key and value are one matrix, gate and up another; both keep their order of rows.
constexpr std::array phi3_names = {
    NamePair{"self_attn.qkv_proj", "attn_qkv"},
    NamePair{"self_attn.o_proj", "attn_output"},
    NamePair{"mlp.gate_up_proj", "ffn_up"},
    NamePair{"mlp.down_proj", "ffn_down"},
};

// In PEFT the per-layer projections have names of their own.
constexpr std::array gemma4_names = {
    NamePair{"self_attn.q_proj", "attn_q"},        NamePair{"self_attn.k_proj", "attn_k"},
    NamePair{"self_attn.v_proj", "attn_v"},        NamePair{"self_attn.o_proj", "attn_output"},
    NamePair{"mlp.gate_proj", "ffn_gate"},         NamePair{"mlp.up_proj", "ffn_up"},
    NamePair{"mlp.down_proj", "ffn_down"},         NamePair{"per_layer_input_gate", "inp_gate"},
    NamePair{"per_layer_projection", "proj"},
};

// The experts are one three-dimensional tensor in the GGUF and separate modules in PEFT: not exchanged.
constexpr std::array qwen3moe_names = {
    NamePair{"self_attn.q_proj", "attn_q"},
    NamePair{"self_attn.k_proj", "attn_k"},
    NamePair{"self_attn.v_proj", "attn_v"},
    NamePair{"self_attn.o_proj", "attn_output"},
};

std::span<const NamePair> names_of(std::string_view architecture) {
  for (const std::string_view plain : {"llama", "mistral3", "smollm3", "qwen2", "qwen3", "gemma2", "gemma3"}) {
    if (architecture == plain) return plain_names;
  }
  if (architecture == "gemma4") return gemma4_names;
  if (architecture == "phi3") return phi3_names;
  if (architecture == "qwen3moe") return qwen3moe_names;
  return {};
}

bool take_prefix(std::string_view &text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view &text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// A whole number without leading zeros, and the dot behind it.
std::optional<int64_t> take_layer(std::string_view &text) {
  int64_t layer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), layer);
  const auto digits = static_cast<size_t>(end - text.data());
  if (error != std::errc() || layer < 0 || text.starts_with('-') || (digits > 1 && text.starts_with('0'))) {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  if (!take_prefix(text, ".")) return std::nullopt;
  return layer;
}

bool take_layers_path(std::string_view &module) {
  for (const std::string_view path : {"model.language_model.layers.", "language_model.model.layers.",
                                      "language_model.layers.", "model.layers.", "layers."}) {
    if (take_prefix(module, path)) return true;
  }
  return false;
}

constexpr std::string_view key_prefix = "base_model.model.";

} // namespace

std::optional<PeftKey> parse_peft_key(std::string_view key) {
  if (!take_prefix(key, key_prefix) || !take_suffix(key, ".weight")) return std::nullopt;
  take_suffix(key, ".default");
  const bool is_a = take_suffix(key, ".lora_A");
  if ((!is_a && !take_suffix(key, ".lora_B")) || key.empty()) return std::nullopt;
  return PeftKey{std::string(key), is_a};
}

std::string peft_key(const std::string &module, bool is_a) {
  return std::string(key_prefix) + module + (is_a ? ".lora_A.weight" : ".lora_B.weight");
}

bool has_peft_names(std::string_view architecture) { return !names_of(architecture).empty(); }

std::optional<std::string> gguf_name_of_module(std::string_view architecture, std::string_view module) {
  const std::span<const NamePair> names = names_of(architecture);
  const bool is_head = module == "lm_head" || module == "language_model.lm_head";
  if (is_head && !names.empty()) return "output.weight";
  if (!take_layers_path(module)) return std::nullopt;
  const std::optional<int64_t> layer = take_layer(module);
  if (!layer) return std::nullopt;
  for (const NamePair &pair : names) {
    if (pair.module == module) return "blk." + std::to_string(*layer) + "." + std::string(pair.gguf) + ".weight";
  }
  return std::nullopt;
}

std::optional<std::string> module_of_gguf_name(std::string_view architecture, std::string_view gguf_name,
                                               std::string_view path) {
  const std::span<const NamePair> names = names_of(architecture);
  if (gguf_name == "output.weight" && !names.empty()) {
    return path == "language_model.model" ? "language_model.lm_head" : "lm_head";
  }
  if (!take_prefix(gguf_name, "blk.")) return std::nullopt;
  const std::optional<int64_t> layer = take_layer(gguf_name);
  if (!layer || !take_suffix(gguf_name, ".weight")) return std::nullopt;
  for (const NamePair &pair : names) {
    if (pair.gguf != gguf_name) continue;
    return std::string(path) + ".layers." + std::to_string(*layer) + "." + std::string(pair.module);
  }
  return std::nullopt;
}

std::optional<int64_t> layer_of_gguf_name(std::string_view gguf_name) {
  return take_prefix(gguf_name, "blk.") ? take_layer(gguf_name) : std::nullopt;
}

} // namespace trex
