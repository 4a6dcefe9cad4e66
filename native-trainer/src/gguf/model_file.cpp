#include "gguf/model_file.h"

#include <cstring>

#include "common/failure.h"
#include "gguf/validate.h"

namespace trex {
ModelFile ModelFile::open(const std::string &utf8_path) {
  ModelFile model(utf8_path, MappedFile::open(utf8_path));
  const std::span bytes(model.file_.data(), model.file_.size_bytes());
  const GgufExtent extent = validate_gguf(bytes, utf8_path);

  // ggml reads the same mapping that was just checked, so the file cannot be exchanged in between.
  model.context_.reset(gguf_init_from_buffer(bytes.data(), bytes.size(), {.no_alloc = true, .ctx = nullptr}));
  const gguf_context *context = model.context_.get();
  if (context == nullptr || (extent.tensor_count > 0 && gguf_get_data_offset(context) != extent.data_offset)) {
    throw config_failure("model.rejected", "ggml does not accept " + utf8_path + ".",
                         "Download or export the file again.");
  }

  const int64_t count = gguf_get_n_tensors(context);
  model.tensors_.reserve(static_cast<size_t>(count));
  for (int64_t index = 0; index < count; ++index) {
    TensorView tensor;
    tensor.name = gguf_get_tensor_name(context, index);
    tensor.type = gguf_get_tensor_type(context, index);
    std::memcpy(tensor.ne.data(), gguf_get_tensor_ne(context, index), sizeof tensor.ne);
    tensor.n_dims = 4;
    while (tensor.n_dims > 1 && tensor.ne[static_cast<size_t>(tensor.n_dims) - 1] == 1) --tensor.n_dims;
    tensor.data = bytes.data() + extent.data_offset + gguf_get_tensor_offset(context, index);
    tensor.bytes = gguf_get_tensor_size(context, index);
    model.tensors_.push_back(std::move(tensor));
  }
  for (size_t index = 0; index < model.tensors_.size(); ++index) {
    model.index_of_name_.emplace(model.tensors_[index].name, index);
  }
  model.architecture_ = model.text("general.architecture").value_or("");
  return model;
}

const TensorView *ModelFile::find(std::string_view name) const {
  const auto found = index_of_name_.find(name);
  return found == index_of_name_.end() ? nullptr : &tensors_[found->second];
}

const TensorView &ModelFile::require(std::string_view name) const {
  const TensorView *tensor = find(name);
  if (tensor != nullptr) return *tensor;
  throw config_failure("model.missing_tensor", path_ + " has no tensor \"" + std::string(name) + "\".",
                       "Use a complete model file, not a split part or a vocabulary.");
}

} // namespace trex
