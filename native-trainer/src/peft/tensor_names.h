// Names of the same matrix in three places:
//   PEFT key      base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight
//   module        model.layers.3.self_attn.q_proj          (what rank_pattern and target_modules are matched against)
//   GGUF tensor   blk.3.attn_q.weight
// The pairs are those of llama.cpp's gguf-py/gguf/tensor_mapping.py for the architectures listed in tensor_names.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trex {

struct PeftKey {
  std::string module;
  bool is_a = false; // lora_A, else lora_B
};

// "….lora_A.weight", "….lora_B.weight", or with ".default" (the adapter's name inside PEFT) before ".weight".
// nullopt for any other key.
std::optional<PeftKey> parse_peft_key(std::string_view key);
std::string peft_key(const std::string &module, bool is_a);

// Whether names of this general.architecture are known here.
bool has_peft_names(std::string_view architecture);

// "blk.3.attn_q.weight" for "model.layers.3.self_attn.q_proj"; "output.weight" for "lm_head". The layers may lie under
// "model.", "" (a model without its head), or one of the paths of a text model inside a multimodal one:
// "model.language_model.", "language_model.model.", "language_model.". nullopt for modules without a GGUF counterpart.
std::optional<std::string> gguf_name_of_module(std::string_view architecture, std::string_view module);

// The other way; `path` is where the layers lie: "model", "model.language_model" or "language_model.model".
std::optional<std::string> module_of_gguf_name(std::string_view architecture, std::string_view gguf_name,
                                               std::string_view path);

// 3 for "blk.3.attn_q.weight"; nullopt when it lies in no layer.
std::optional<int64_t> layer_of_gguf_name(std::string_view gguf_name);

} // namespace trex
