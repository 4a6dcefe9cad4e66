#include "model/frozen_model.h"

#include "gguf/decode.h"
#include "gguf/tensor_layout.h"

namespace trex {
namespace {

Weight weight_of(const TensorView &tensor) {
  return {tensor.data, tensor.type, tensor.ne[0], tensor.rows(), static_cast<size_t>(tensor.row_bytes())};
}

} // namespace

FrozenModel load_frozen_model(const ModelFile &file) {
  FrozenModel frozen;
  Model &model = frozen.model;
  model.parameters = read_hyper_parameters(file);

  const auto vector_named = [&](const std::string &name) -> const float * {
    const TensorView *tensor = file.find(name);
    if (tensor == nullptr) return nullptr;
    std::vector<float> &values = frozen.vectors.emplace_back(static_cast<size_t>(tensor->elements()));
    decode_row(tensor->type, tensor->data, values.data(), tensor->elements());
    return values.data(); // the heap block stays where it is when `vectors` grows
  };

  model.embedding = weight_of(file.require("token_embd.weight"));
  model.output_norm.weight = vector_named("output_norm.weight");
  model.head.weight = model.parameters.tied_embeddings ? model.embedding : weight_of(file.require("output.weight"));
  model.layers.resize(static_cast<size_t>(model.parameters.layers));
  for (size_t index = 0; index < model.layers.size(); ++index) {
    Layer &layer = model.layers[index];
    const std::string prefix = "blk." + std::to_string(index) + ".";
    layer.attention_norm.weight = vector_named(prefix + "attn_norm.weight");
    layer.ffn_norm.weight = vector_named(prefix + "ffn_norm.weight");
    if (model.parameters.qk_norm) {
      layer.q_norm.weight = vector_named(prefix + "attn_q_norm.weight");
      layer.k_norm.weight = vector_named(prefix + "attn_k_norm.weight");
    }
    for (size_t p = 0; p < projection_count; ++p) {
      const std::string name = prefix + std::string(lora_target_names()[p]);
      layer.projections[p].weight = weight_of(file.require(name + ".weight"));
      layer.projections[p].bias = vector_named(name + ".bias");
    }
  }
  return frozen;
}

} // namespace trex
