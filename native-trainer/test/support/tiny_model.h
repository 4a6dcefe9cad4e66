// A tiny model in memory whose every weight has a gradient, of any supported architecture.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "model/assemble.h"
#include "support/numbers.h"

namespace trex::test {

struct Trained {
  std::string name;
  std::vector<float> values, gradient;
};

class TinyModel {
public:
  explicit TinyModel(Architecture architecture, int64_t lora_rank = 0) {
    HyperParameters p;
    p.architecture = architecture;
    const ArchitectureTraits &traits = p.traits();
    const int64_t head_dim = traits.wide_heads && traits.qk_norm ? 12 : 6; // heads * head_dim may differ from the width
    p.layers.assign(2, {.heads = 4, .kv_heads = 2, .head_dim = head_dim, .feed_forward = 40});
    if (traits.experts) {
      for (LayerShape &layer : p.layers) layer.feed_forward = 20, layer.experts = 5, layer.experts_used = 2;
    }
    p.embedding = 24;
    p.vocab = 31;
    p.context_length = 128;
    p.rms_epsilon = 1e-5;
    p.attention_scale = 0.4;
    p.ropes = {{.dims = traits.partial_rope ? 4 : head_dim, .original_context = 32}};
    if (traits.rope_factors || traits.long_factors) {
      p.ropes.front().factors.assign(static_cast<size_t>(p.ropes.front().dims / 2), 1.5f);
    }
    p.tied_embeddings = architecture == Architecture::qwen2 || traits.always_tied;
    if (architecture == Architecture::qwen2) p.biases = {"attn_q", "attn_k", "attn_v"};
    if (traits.more_biases) p.biases = {"attn_q", "attn_output", "ffn_gate", "ffn_down"};
    if (traits.scaled_embedding) p.embedding_scale = 1.7;
    set_family(p);
    build(std::move(p), lora_rank);
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

  Norm norm(const std::string &name, const std::vector<int64_t> &shape) {
    int64_t width = 1;
    for (const int64_t length : shape) width *= length;
    Trained &tensor = add(name, width, 0.3f, name.ends_with(".ssm_a") ? -0.5f : 1.0f);
    return {tensor.values.data(), tensor.gradient.data()};
  }

  Linear linear(const std::string &name, int64_t in, int64_t out, int64_t experts, bool bias, int64_t rank) {
    Trained &w = add(name + ".weight", in * out * experts, 0.4f);
    Linear linear;
    linear.experts = experts;
    linear.weight = {reinterpret_cast<const std::byte *>(w.values.data()), GGML_TYPE_F32, in, out,
                     static_cast<size_t>(in) * sizeof(float)};
    linear.dweight = w.gradient.data();
    if (bias) {
      Trained &b = add(name + ".bias", out, 0.3f);
      linear.bias = b.values.data();
      linear.dbias = b.gradient.data();
    }
    if (rank > 0) {
      Trained &a = add(name + ".lora_a", experts * rank * in, 0.3f),
              &b = add(name + ".lora_b", experts * out * rank, 0.3f);
      linear.lora = {a.values.data(), b.values.data(), a.gradient.data(), b.gradient.data(), rank, 0.7f};
    }
    return linear;
  }

  // Two layers with keys of their own, a windowed and a full one of other sizes; of each kind a layer that reads these.
  static void set_gemma4(HyperParameters &p) {
    p.per_layer_embedding = 10;
    p.logit_softcap = 3.0;
    p.ropes.push_back(p.ropes.front());
    p.ropes.back().base = 100.0;
    p.ropes.back().dims = 8;
    p.ropes.front().factors = {1.0f, 1.0f, 1.0f, 1e30f, 1e30f, 1e30f};
    const LayerShape full = p.layers.front();
    LayerShape windowed = full;
    windowed.window = 5;
    windowed.rope = 1;
    windowed.head_dim = 8;
    windowed.kv_heads = 1;
    p.layers = {windowed, full, windowed, full, windowed};
    p.layers[1].values_are_keys = true;
    p.layers[2].keys_from = 0;
    p.layers[3].keys_from = 1;
    p.layers[4].keys_from = 0;
    p.layers[2].feed_forward = 48;
    p.layers[3].feed_forward = 48;
    p.layers[0].output_scale = 0.8f;
    p.layers[3].output_scale = 1.2f;
  }

  static void set_family(HyperParameters &p) {
    const auto local = [&p] { // a sliding window with a rope of its own in the first layer
      p.ropes.push_back(p.ropes.front());
      p.ropes.back().base = 100.0;
      p.layers.front().window = 5;
      p.layers.front().rope = 1;
    };
    switch (p.architecture) {
    case Architecture::mistral3:
      p.temperature_scale = 0.5;
      p.temperature_length = 8;
      p.ropes.front().extrapolation = 1.0;
      p.ropes.front().position_scale = 0.25;
      p.ropes.front().magnitude = 0.9;
      break;
    case Architecture::smollm3: p.layers.back().rope = no_rope; break;
    case Architecture::gemma2:
      local();
      p.attention_softcap = 1.5;
      p.logit_softcap = 2.0;
      break;
    case Architecture::gemma3: local(); break;
    case Architecture::qwen35:
      p.layers.front().delta = {.key_heads = 2, .value_heads = 4, .head_dim = 20, .kernel = 4};
      // The norm of a document's first output is that of v with the sign of q.k: a step, unless epsilon smooths it.
      p.rms_epsilon = 1e-2;
      break;
    case Architecture::gemma4: set_gemma4(p); break;
    default: break;
    }
  }

  void build(HyperParameters p, int64_t rank) {
    std::map<std::string, std::vector<int64_t>> shapes;
    for (const TensorSpec &spec : present_tensors(p)) shapes.emplace(spec.name, spec.shape);
    model = assemble_model(
        std::move(p),
        [&](const std::string &name) -> Linear {
          const auto found = shapes.find(name + ".weight");
          if (found == shapes.end()) return {};
          const std::vector<int64_t> &shape = found->second;
          const bool has_lora = name.starts_with("blk.") && !name.ends_with("ffn_gate_inp");
          return linear(name, shape[0], shape[1], shape.size() > 2 ? shape[2] : 1, shapes.contains(name + ".bias"),
                        has_lora ? rank : 0);
        },
        [&](const std::string &name) -> Norm {
          const auto found = shapes.find(name);
          return found == shapes.end() ? Norm{} : norm(name, found->second);
        });
  }
};

} // namespace trex::test
