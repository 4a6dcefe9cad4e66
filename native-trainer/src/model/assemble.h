// Puts a model together from wherever its tensors are: a mapped file, a ParameterSet, a test's memory.
#pragma once

#include <string>
#include <utility>

#include "gguf/tensor_layout.h"
#include "model/model.h"

namespace trex {

// linear_named("blk.0.attn_q") gives a matrix with its bias and gradients, or one without data when there is none;
// norm_named("blk.0.attn_norm.weight") likewise, by the tensor's whole name.
template <class LinearNamed, class NormNamed>
Model assemble_model(HyperParameters parameters, const LinearNamed &linear_named, const NormNamed &norm_named) {
  Model model;
  const Linear embedding = linear_named("token_embd");
  model.embedding = embedding.weight;
  model.dembedding = embedding.dweight;
  const Linear table = linear_named("per_layer_token_embd");
  model.per_layer = {table.weight, table.dweight, linear_named("per_layer_model_proj"),
                     norm_named("per_layer_proj_norm.weight")};
  for (size_t index = 0; index < parameters.layers.size(); ++index) {
    const bool own_keys = parameters.layers[index].has_own_keys(); // what a file holds of others is not used
    const std::string prefix = "blk." + std::to_string(index) + ".";
    Layer &layer = model.layers.emplace_back();
    layer.attention_norm = norm_named(prefix + "attn_norm.weight");
    layer.ffn_norm = norm_named(prefix + parameters.traits().ffn_norm + ".weight");
    if (parameters.traits().post_norms) {
      layer.post_attention_norm = norm_named(prefix + "post_attention_norm.weight");
      layer.post_ffn_norm = norm_named(prefix + "post_ffw_norm.weight");
    }
    layer.q_norm = norm_named(prefix + "attn_q_norm.weight");
    if (own_keys) layer.k_norm = norm_named(prefix + "attn_k_norm.weight");
    layer.conv = norm_named(prefix + "ssm_conv1d.weight");
    layer.decay_rate = norm_named(prefix + "ssm_a");
    layer.decay_bias = norm_named(prefix + "ssm_dt.bias");
    layer.delta_norm = norm_named(prefix + "ssm_norm.weight");
    layer.router = linear_named(prefix + "ffn_gate_inp");
    layer.per_layer_norm = norm_named(prefix + "post_norm.weight");
    for (size_t p = 0; p < projection_count; ++p) {
      if (!own_keys && (p == attn_k || p == attn_v)) continue;
      layer.projections[p] = linear_named(prefix + std::string(projection_names()[p]));
    }
  }
  model.output_norm = norm_named("output_norm.weight");
  model.head = parameters.tied_embeddings ? embedding : linear_named("output");
  model.parameters = std::move(parameters);
  return model;
}

} // namespace trex
