// A tiny model in memory whose every weight has a gradient, of any supported architecture.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "model/model.h"
#include "support/numbers.h"

namespace trex::test {

struct Trained {
  std::string name;
  std::vector<float> values, gradient;
};

class TinyModel {
public:
  explicit TinyModel(Architecture architecture, int64_t lora_rank = 0) {
    HyperParameters &p = model.parameters;
    p.architecture = architecture;
    p.layers = 2;
    p.embedding = 24;
    p.feed_forward = 40;
    p.heads = 4;
    p.kv_heads = 2;
    p.head_dim = p.rope_dims = architecture == Architecture::qwen3 ? 12 : 6;
    p.vocab = 31;
    p.context_length = 128;
    p.rms_epsilon = 1e-5;
    p.attention_scale = 0.4;
    p.rope_style = architecture == Architecture::llama ? RopeStyle::norm : RopeStyle::neox;
    if (architecture == Architecture::llama)
      p.rope_factors = std::vector<float>(static_cast<size_t>(p.head_dim / 2), 1.5f);
    p.tied_embeddings = architecture == Architecture::qwen2;
    p.qkv_bias = architecture == Architecture::qwen2;
    p.qk_norm = architecture == Architecture::qwen3;
    build(lora_rank);
  }

  void clear_gradients() {
    for (Trained &tensor : tensors) std::fill(tensor.gradient.begin(), tensor.gradient.end(), 0.0f);
  }

  Model model;
  std::deque<Trained> tensors; // a deque, because the model points into it

private:
  Trained &add(const std::string &name, int64_t count, float spread, float centre = 0.0f) {
    Trained &tensor = tensors.emplace_back();
    tensor.name = name;
    tensor.values = random_values(count, 1000 + tensors.size(), spread);
    for (float &value : tensor.values) value += centre;
    tensor.gradient.assign(tensor.values.size(), 0.0f);
    return tensor;
  }

  Norm norm(const std::string &name, int64_t width) {
    Trained &tensor = add(name, width, 0.3f, 1.0f);
    return {tensor.values.data(), tensor.gradient.data()};
  }

  Linear linear(const std::string &name, int64_t in, int64_t out, bool bias, int64_t rank) {
    Trained &w = add(name + ".weight", in * out, 0.4f);
    Linear linear;
    linear.weight = {reinterpret_cast<const std::byte *>(w.values.data()), GGML_TYPE_F32, in, out,
                     static_cast<size_t>(in) * sizeof(float)};
    linear.dweight = w.gradient.data();
    if (bias) {
      Trained &b = add(name + ".bias", out, 0.3f);
      linear.bias = b.values.data();
      linear.dbias = b.gradient.data();
    }
    if (rank > 0) {
      Trained &a = add(name + ".lora_a", rank * in, 0.3f), &b = add(name + ".lora_b", out * rank, 0.3f);
      linear.lora = {a.values.data(), b.values.data(), a.gradient.data(), b.gradient.data(), rank, 0.7f};
    }
    return linear;
  }

  void build(int64_t rank) {
    const HyperParameters &p = model.parameters;
    const Linear embedding = linear("token_embd", p.embedding, p.vocab, false, 0);
    model.embedding = embedding.weight;
    model.dembedding = embedding.dweight;
    for (int64_t index = 0; index < p.layers; ++index) {
      const std::string prefix = "blk." + std::to_string(index) + ".";
      Layer &layer = model.layers.emplace_back();
      layer.attention_norm = norm(prefix + "attn_norm", p.embedding);
      layer.ffn_norm = norm(prefix + "ffn_norm", p.embedding);
      if (p.qk_norm) {
        layer.q_norm = norm(prefix + "attn_q_norm", p.head_dim);
        layer.k_norm = norm(prefix + "attn_k_norm", p.head_dim);
      }
      layer.projections[attn_q] = linear(prefix + "attn_q", p.embedding, p.q_width(), p.qkv_bias, rank);
      layer.projections[attn_k] = linear(prefix + "attn_k", p.embedding, p.kv_width(), p.qkv_bias, rank);
      layer.projections[attn_v] = linear(prefix + "attn_v", p.embedding, p.kv_width(), p.qkv_bias, rank);
      layer.projections[attn_output] = linear(prefix + "attn_output", p.q_width(), p.embedding, false, rank);
      layer.projections[ffn_gate] = linear(prefix + "ffn_gate", p.embedding, p.feed_forward, false, rank);
      layer.projections[ffn_up] = linear(prefix + "ffn_up", p.embedding, p.feed_forward, false, rank);
      layer.projections[ffn_down] = linear(prefix + "ffn_down", p.feed_forward, p.embedding, false, rank);
    }
    model.output_norm = norm("output_norm", p.embedding);
    model.head = p.tied_embeddings ? embedding : linear("output", p.embedding, p.vocab, false, 0);
  }
};

} // namespace trex::test
