#include "model/frozen_model.h"

#include "gguf/decode.h"
#include "model/assemble.h"

namespace trex {
namespace {

Weight weight_of(const TensorView &tensor, const Hold &hold) {
  const auto *data = static_cast<const std::byte *>(hold(tensor.data, static_cast<size_t>(tensor.bytes)));
  return {data, tensor.type, tensor.ne[0], tensor.ne[1], static_cast<size_t>(tensor.row_bytes())};
}

} // namespace

FrozenModel load_frozen_model(const ModelFile &file, const Hold &hold) {
  FrozenModel frozen;
  const auto vector_named = [&](const std::string &name) -> const float * {
    const TensorView *tensor = file.find(name);
    if (tensor == nullptr) return nullptr;
    std::vector<float> &values = frozen.vectors.emplace_back(static_cast<size_t>(tensor->elements()));
    decode_row(tensor->type, tensor->data, values.data(), tensor->elements());
    // The heap block stays where it is when `vectors` grows.
    return static_cast<const float *>(hold(values.data(), values.size() * sizeof(float)));
  };
  const auto linear_named = [&](const std::string &name) -> Linear {
    const TensorView *tensor = file.find(name + ".weight");
    Linear linear;
    if (tensor == nullptr) return linear;
    linear.weight = weight_of(*tensor, hold);
    linear.experts = tensor->ne[2];
    linear.bias = vector_named(name + ".bias");
    return linear;
  };
  const auto norm_named = [&](const std::string &name) -> Norm { return {vector_named(name)}; };
  frozen.model = assemble_model(read_hyper_parameters(file), linear_named, norm_named);
  return frozen;
}

} // namespace trex
