#include "gguf/tensor_layout.h"

#include <algorithm>
#include <array>

namespace trex {
namespace {

constexpr std::array<std::string_view, 17> projections = {
    "attn_q",  "attn_k",   "attn_v", "attn_qkv", "attn_gate",     "ssm_beta",    "ssm_alpha",     "attn_output",
    "ssm_out", "ffn_gate", "ffn_up", "ffn_down", "ffn_gate_exps", "ffn_up_exps", "ffn_down_exps", "inp_gate",
    "proj"};

// A layer's projection and what it maps to what; out 0: this family has none of that name.
struct Shape {
  int64_t in = 0, out = 0;
};

Shape projection_shape(const HyperParameters &p, const LayerShape &layer, std::string_view name) {
  const bool fused = p.traits().fused;
  const int64_t width = p.embedding, q = layer.q_width(), kv = layer.kv_width(), inner = layer.feed_forward;
  const bool delta = layer.has_delta_net(), split = !fused && !delta;
  if (name == "attn_q") return {width, split ? (p.traits().gated_attention ? 2 * q : q) : 0};
  if (name == "attn_k" || name == "attn_v") return {width, split ? kv : 0};
  if (name == "attn_qkv") return {width, delta ? layer.delta.mixed_width() : fused ? q + 2 * kv : 0};
  if (name == "attn_gate") return {width, layer.delta.value_width()};
  if (name == "ssm_beta" || name == "ssm_alpha") return {width, layer.delta.value_heads};
  if (name == "attn_output") return {q, delta ? 0 : width};
  if (name == "ssm_out") return {layer.delta.value_width(), delta ? width : 0};
  if (name.starts_with("ffn") && is_of_experts(name) != (layer.experts > 0)) return {};
  if (name == "ffn_gate_exps" || name == "ffn_up_exps") return {width, inner};
  if (name == "ffn_gate") return {width, fused ? 0 : inner};
  if (name == "ffn_up") return {width, fused ? 2 * inner : inner};
  if (name == "inp_gate") return {width, p.per_layer_embedding};
  if (name == "proj") return {p.per_layer_embedding, p.per_layer_embedding > 0 ? width : 0};
  return {inner, width}; // ffn_down, ffn_down_exps
}

// Files may hold the keys and values of layers that read those of another; nothing uses them.
bool is_read(const LayerShape &layer, std::string_view projection) {
  if (projection == "attn_k") return layer.has_own_keys();
  if (projection == "attn_v") return layer.has_own_keys() && !layer.values_are_keys;
  return true;
}

bool may_be_absent(const HyperParameters &p, const LayerShape &layer, std::string_view projection) {
  return !is_read(layer, projection) || (projection == "attn_v" && p.traits().optional_values);
}

bool may_have_bias(const HyperParameters &p, std::string_view projection) {
  if (p.traits().delta_net) return false; // llama.cpp would ignore them
  return projection == "attn_q" || projection == "attn_k" || projection == "attn_v" || projection == "attn_qkv" ||
         p.traits().more_biases;
}

} // namespace

std::vector<TensorSpec> expected_tensors(const HyperParameters &p) {
  const ArchitectureTraits &traits = p.traits();
  std::vector<TensorSpec> tensors;
  const int64_t width = p.embedding;
  tensors.push_back({"token_embd.weight", {width, p.vocab}});
  if (p.per_layer_embedding > 0) {
    const int64_t all = p.per_layer_embedding * p.layer_count();
    tensors.push_back({"per_layer_token_embd.weight", {all, p.vocab}});
    tensors.push_back({"per_layer_model_proj.weight", {width, all}});
    tensors.push_back({"per_layer_proj_norm.weight", {p.per_layer_embedding}});
  }
  for (size_t index = 0; index < p.layers.size(); ++index) {
    const LayerShape &layer = p.layers[index];
    const std::string prefix = "blk." + std::to_string(index) + ".";
    const auto norm = [&](const char *name, int64_t size) { tensors.push_back({prefix + name + ".weight", {size}}); };
    const auto project = [&](std::string_view name) {
      const Shape shape = projection_shape(p, layer, name);
      if (shape.out == 0) return;
      tensors.push_back({prefix + std::string(name) + ".weight",
                         {shape.in, shape.out},
                         !may_be_absent(p, layer, name),
                         is_read(layer, name)});
      if (is_of_experts(name)) tensors.back().shape.push_back(layer.experts);
      if (may_have_bias(p, name)) tensors.push_back({prefix + std::string(name) + ".bias", {shape.out}, false});
    };
    norm("attn_norm", width);
    for (const char *name : {"attn_q", "attn_k", "attn_v", "attn_qkv", "attn_gate", "ssm_beta", "ssm_alpha"}) project(name);
    if (traits.qk_norm && !layer.has_delta_net()) {
      const bool own = layer.has_own_keys();
      norm("attn_q_norm", layer.head_dim);
      tensors.push_back({prefix + "attn_k_norm.weight", {layer.head_dim}, own, own});
    }
    if (layer.has_delta_net()) {
      const DeltaNetShape &delta = layer.delta;
      tensors.push_back({prefix + "ssm_conv1d.weight", {delta.kernel, delta.mixed_width()}});
      tensors.push_back({prefix + "ssm_dt.bias", {delta.value_heads}});
      tensors.push_back({prefix + "ssm_a", {delta.value_heads}});
      norm("ssm_norm", delta.head_dim);
    }
    project("attn_output");
    project("ssm_out");
    if (traits.post_norms) norm("post_attention_norm", width);
    norm(traits.ffn_norm, width);
    if (layer.experts > 0) tensors.push_back({prefix + "ffn_gate_inp.weight", {width, layer.experts}});
    for (const char *name : {"ffn_gate", "ffn_up", "ffn_down", "ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"}) {
      project(name);
    }
    if (traits.post_norms) norm("post_ffw_norm", width);
    for (const char *name : {"inp_gate", "proj"}) project(name);
    if (p.per_layer_embedding > 0) norm("post_norm", width);
    if (traits.output_scales) {
      tensors.push_back({prefix + "layer_output_scale.weight", {1}, false, layer.output_scale.has_value()});
    }
  }
  tensors.push_back({"output_norm.weight", {width}});
  if (!traits.always_tied) tensors.push_back({"output.weight", {width, p.vocab}, false});
  const int64_t factors = p.ropes.front().dims / 2;
  const bool full_layers =
      std::any_of(p.layers.begin(), p.layers.end(), [](const LayerShape &layer) { return layer.window == 0; });
  if (traits.full_factors && full_layers) tensors.push_back({"rope_freqs.weight", {factors}});
  if (traits.rope_factors) tensors.push_back({"rope_freqs.weight", {factors}, false});
  if (traits.long_factors) tensors.push_back({"rope_factors_long.weight", {factors}, false});
  if (traits.long_factors) tensors.push_back({"rope_factors_short.weight", {factors}, false});
  return tensors;
}

std::vector<TensorSpec> present_tensors(const HyperParameters &p) {
  std::vector<TensorSpec> tensors = expected_tensors(p);
  std::erase_if(tensors, [&](const TensorSpec &spec) {
    if (spec.required || !spec.present) return !spec.present;
    if (spec.name == "output.weight") return p.tied_embeddings;
    if (spec.name == "rope_factors_long.weight") return p.ropes.front().long_factors.empty();
    if (is_rope_factors(spec.name)) return p.ropes.front().factors.empty();
    if (!spec.name.ends_with(".bias")) return false;                                    // a layer's own matter
    const size_t dot = spec.name.rfind('.'), start = spec.name.rfind('.', dot - 1) + 1; // "blk.0.attn_q.bias"
    return !p.has_bias(spec.name.substr(start, dot - start));
  });
  return tensors;
}

bool is_rope_factors(std::string_view name) {
  return name == "rope_freqs.weight" || name == "rope_factors_long.weight" || name == "rope_factors_short.weight";
}

bool is_of_experts(std::string_view projection) { return projection.ends_with("_exps"); }

bool is_constant(std::string_view name) {
  return is_rope_factors(name) || name.ends_with(".layer_output_scale.weight");
}

std::span<const std::string_view> projection_names() { return projections; }

std::vector<std::string> lora_target_names(const HyperParameters &p) {
  std::vector<std::string> names;
  for (const std::string_view name : projections) {
    const bool somewhere = std::any_of(p.layers.begin(), p.layers.end(), [&](const LayerShape &layer) {
      return projection_shape(p, layer, name).out > 0 && is_read(layer, name);
    });
    if (somewhere) names.emplace_back(name);
  }
  return names;
}

std::vector<TensorSpec> lora_target_tensors(const HyperParameters &parameters,
                                            const std::vector<std::string> &targets) {
  std::vector<TensorSpec> tensors = present_tensors(parameters);
  std::erase_if(tensors, [&](const TensorSpec &spec) {
    return std::none_of(targets.begin(), targets.end(),
                        [&](const std::string &target) { return spec.name.ends_with("." + target + ".weight"); });
  });
  return tensors;
}

std::string layer_weight_name(int64_t layer, std::string_view name) {
  return "blk." + std::to_string(layer) + "." + std::string(name) + ".weight";
}

} // namespace trex
