#include "train/full_parameters.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "gguf/decode.h"
#include "gguf/tensor_layout.h"
#include "model/assemble.h"

namespace trex {
namespace {

// Into the set, by way of a few rows on the host.
void decode_tensor(const TensorView &tensor, const ParameterSet &set, float *to) {
  constexpr int64_t values_at_once = 1 << 20;
  const int64_t width = tensor.row_length();
  const int64_t most = std::clamp<int64_t>(values_at_once / std::max<int64_t>(1, width), 1, tensor.rows());
  std::vector<float> rows(static_cast<size_t>(most * width));
  for (int64_t first = 0; first < tensor.rows(); first += most) {
    const int64_t count = std::min(most, tensor.rows() - first);
    for (int64_t row = 0; row < count; ++row) {
      decode_row(tensor.type, tensor.row(first + row), rows.data() + row * width, width);
    }
    set.upload(to + first * width, rows.data(), static_cast<size_t>(count * width) * sizeof(float));
  }
}

// Finds trained tensors by name and turns them into what the model points at.
class Attacher {
public:
  Attacher(const ParameterSet &set, const std::vector<TrainedTensor> &tensors) : set_(set) {
    for (const TrainedTensor &tensor : tensors) by_name_.emplace(tensor.name, &tensor);
  }

  Norm norm(const std::string &name) const {
    const TrainedTensor *tensor = find(name);
    if (tensor == nullptr) return {};
    return {set_.values() + tensor->offset, set_.gradients() + tensor->offset};
  }

  Linear linear(const std::string &stem) const {
    Linear linear;
    const TrainedTensor *tensor = find(stem + ".weight");
    if (tensor == nullptr) return linear;
    linear.weight = {reinterpret_cast<const std::byte *>(set_.values() + tensor->offset), GGML_TYPE_F32,
                     tensor->shape[0], tensor->shape[1], static_cast<size_t>(tensor->shape[0]) * sizeof(float)};
    linear.dweight = set_.gradients() + tensor->offset;
    linear.experts = tensor->shape.size() > 2 ? tensor->shape[2] : 1;
    const Norm bias = norm(stem + ".bias");
    linear.bias = bias.weight;
    linear.dbias = bias.dweight;
    return linear;
  }

private:
  const TrainedTensor *find(const std::string &name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

  const ParameterSet &set_;
  std::unordered_map<std::string, const TrainedTensor *> by_name_;
};

} // namespace

std::vector<TrainedTensor> trained_tensors(const ModelFile &file) {
  std::unordered_set<std::string> weights; // without constants, and without what no layer reads
  for (TensorSpec &spec : present_tensors(read_hyper_parameters(file))) {
    if (!is_constant(spec.name)) weights.insert(std::move(spec.name));
  }
  std::vector<TrainedTensor> tensors;
  for (const TensorView &view : file.tensors()) {
    if (!weights.contains(view.name)) continue;
    TrainedTensor tensor{view.name, {}, 0, view.elements()};
    for (int d = 0; d < view.n_dims; ++d) tensor.shape.push_back(view.ne[static_cast<size_t>(d)]);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

std::vector<TrainedPiece> full_pieces(const std::vector<TrainedTensor> &tensors) {
  std::vector<TrainedPiece> pieces;
  for (const TrainedTensor &tensor : tensors) pieces.push_back({tensor.count, tensor.shape.size() > 1});
  return pieces;
}

Model attach_full(const ModelFile &file, ParameterSet &set, std::vector<TrainedTensor> &tensors) {
  for (size_t index = 0; index < tensors.size(); ++index) {
    TrainedTensor &tensor = tensors[index];
    tensor.offset = set.offset(index);
    decode_tensor(file.require(tensor.name), set, set.values() + tensor.offset);
  }
  const Attacher attach(set, tensors);
  return assemble_model(
      read_hyper_parameters(file), [&](const std::string &name) { return attach.linear(name); },
      [&](const std::string &name) { return attach.norm(name); });
}

WrittenFile write_full_model(const std::string &utf8_path, const ModelFile &file, const ParameterSet &set,
                             const std::vector<TrainedTensor> &tensors, const Storage &storage,
                             ThreadPool &threads) {
  ModelWriter writer(file);
  for (const TensorView &view : file.tensors()) {
    const bool trained = std::any_of(tensors.begin(), tensors.end(),
                                     [&](const TrainedTensor &tensor) { return tensor.name == view.name; });
    if (!trained) writer.add({view.name, {view.ne.begin(), view.ne.begin() + view.n_dims}, view.type, {}, &view});
  }
  std::vector<TensorSpec> specs;
  for (const TrainedTensor &tensor : tensors) specs.push_back({tensor.name, tensor.shape});
  const std::map<std::string, StorageType> types = storage_types(storage, specs, mix_shape(read_hyper_parameters(file)));
  writer.set_file_type(file_type_of(storage));
  for (const TrainedTensor &tensor : tensors) {
    const float *values = set.values() + tensor.offset;
    const int64_t width = tensor.shape[0];
    const auto type = types.find(tensor.name);
    writer.add({tensor.name, tensor.shape, type == types.end() ? GGML_TYPE_F32 : type->second.stored,
                [&set, values, width](int64_t first_row, int64_t rows, float *out) {
                  set.download(out, values + first_row * width, static_cast<size_t>(rows * width) * sizeof(float));
                },
                nullptr});
  }
  return writer.write(utf8_path, threads);
}

} // namespace trex
