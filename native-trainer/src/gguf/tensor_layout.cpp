#include "gguf/tensor_layout.h"

#include <algorithm>
#include <array>

namespace trex {

std::vector<TensorSpec> expected_tensors(const HyperParameters &p) {
  std::vector<TensorSpec> tensors;
  const int64_t width = p.embedding;
  tensors.push_back({"token_embd.weight", {width, p.vocab}});
  for (int64_t layer = 0; layer < p.layers; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    const auto add = [&](const char *name, std::vector<int64_t> shape, bool required = true) {
      tensors.push_back({prefix + name, std::move(shape), required});
    };
    add("attn_norm.weight", {width});
    add("attn_q.weight", {width, p.q_width()});
    add("attn_k.weight", {width, p.kv_width()});
    add("attn_v.weight", {width, p.kv_width()});
    add("attn_q.bias", {p.q_width()}, false);
    add("attn_k.bias", {p.kv_width()}, false);
    add("attn_v.bias", {p.kv_width()}, false);
    if (p.architecture == Architecture::qwen3) {
      add("attn_q_norm.weight", {p.head_dim});
      add("attn_k_norm.weight", {p.head_dim});
    }
    add("attn_output.weight", {p.q_width(), width});
    add("ffn_norm.weight", {width});
    add("ffn_gate.weight", {width, p.feed_forward});
    add("ffn_up.weight", {width, p.feed_forward});
    add("ffn_down.weight", {p.feed_forward, width});
  }
  tensors.push_back({"output_norm.weight", {width}});
  tensors.push_back({"output.weight", {width, p.vocab}, false});
  if (p.architecture == Architecture::llama) tensors.push_back({"rope_freqs.weight", {p.head_dim / 2}, false});
  return tensors;
}

std::span<const std::string_view> lora_target_names() {
  static constexpr std::array<std::string_view, 7> names = {"attn_q",   "attn_k", "attn_v",  "attn_output",
                                                            "ffn_gate", "ffn_up", "ffn_down"};
  return names;
}

std::vector<TensorSpec> lora_target_tensors(const HyperParameters &parameters,
                                            const std::vector<std::string> &targets) {
  std::vector<TensorSpec> tensors = expected_tensors(parameters);
  std::erase_if(tensors, [&](const TensorSpec &spec) {
    return std::none_of(targets.begin(), targets.end(), [&](const std::string &target) {
      return spec.name.ends_with("." + target + ".weight");
    });
  });
  return tensors;
}

std::string layer_weight_name(int64_t layer, std::string_view name) {
  return "blk." + std::to_string(layer) + "." + std::string(name) + ".weight";
}

} // namespace trex
