#include "gguf/model_file.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "common/failure.h"
#include "gguf/tokenizer_check.h"
#include "gguf/validate.h"

namespace trex {
namespace {

// Calls use(value) with the integer of any width at `data`; false when the type is no integer.
template <class Use> bool with_integer(gguf_type type, const void *data, const Use &use) {
  const auto read = [&]<class Value>(Value value) {
    std::memcpy(&value, data, sizeof value);
    use(value);
    return true;
  };
  switch (type) {
  case GGUF_TYPE_UINT8: return read(uint8_t{});
  case GGUF_TYPE_INT8: return read(int8_t{});
  case GGUF_TYPE_UINT16: return read(uint16_t{});
  case GGUF_TYPE_INT16: return read(int16_t{});
  case GGUF_TYPE_UINT32: return read(uint32_t{});
  case GGUF_TYPE_INT32: return read(int32_t{});
  case GGUF_TYPE_UINT64: return read(uint64_t{});
  case GGUF_TYPE_INT64: return read(int64_t{});
  default: return false;
  }
}

size_t integer_bytes(gguf_type type) {
  size_t bytes = 0;
  const uint64_t zero = 0;
  with_integer(type, &zero, [&](auto value) { bytes = sizeof value; });
  return bytes;
}

} // namespace

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
  check_stored_tokenizer(model);
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

void ModelFile::wrong_type(const std::string &key, const char *expected) const {
  throw config_failure("model.metadata_type", "In " + path_ + " the metadata key \"" + key + "\" is not " + expected + ".",
                       "Convert the model again with a current llama.cpp.");
}

int64_t ModelFile::key_of_type(const std::string &key, gguf_type type, const char *expected) const {
  const int64_t id = gguf_find_key(context(), key.c_str());
  if (id >= 0 && gguf_get_kv_type(context(), id) != type) wrong_type(key, expected);
  return id;
}

std::optional<uint64_t> ModelFile::unsigned_value(const std::string &key) const {
  const int64_t id = gguf_find_key(context(), key.c_str());
  if (id < 0) return std::nullopt;
  const gguf_type type = gguf_get_kv_type(context(), id);
  std::optional<uint64_t> result;
  if (integer_bytes(type) > 0) {
    with_integer(type, gguf_get_val_data(context(), id), [&](auto value) {
      if (value >= 0) result = static_cast<uint64_t>(value);
    });
  }
  if (!result) wrong_type(key, "a whole number of zero or more");
  return result;
}

std::optional<double> ModelFile::number(const std::string &key) const {
  const int64_t id = gguf_find_key(context(), key.c_str());
  if (id < 0) return std::nullopt;
  const gguf_type type = gguf_get_kv_type(context(), id);
  double result = std::numeric_limits<double>::quiet_NaN();
  if (type == GGUF_TYPE_FLOAT32) {
    result = gguf_get_val_f32(context(), id);
  } else if (type == GGUF_TYPE_FLOAT64) {
    result = gguf_get_val_f64(context(), id);
  } else if (integer_bytes(type) > 0) {
    with_integer(type, gguf_get_val_data(context(), id), [&](auto value) { result = static_cast<double>(value); });
  }
  if (!std::isfinite(result)) wrong_type(key, "a finite number");
  return result;
}

std::optional<bool> ModelFile::boolean(const std::string &key) const {
  const int64_t id = key_of_type(key, GGUF_TYPE_BOOL, "true or false");
  if (id < 0) return std::nullopt;
  return *static_cast<const int8_t *>(gguf_get_val_data(context(), id)) != 0;
}

std::optional<std::string> ModelFile::text(const std::string &key) const {
  const int64_t id = key_of_type(key, GGUF_TYPE_STRING, "a text");
  if (id < 0) return std::nullopt;
  return std::string(gguf_get_val_str(context(), id));
}

std::optional<uint64_t> ModelFile::array_length(const std::string &key) const {
  const int64_t id = key_of_type(key, GGUF_TYPE_ARRAY, "an array");
  if (id < 0) return std::nullopt;
  return gguf_get_arr_n(context(), id);
}

std::optional<std::vector<std::string>> ModelFile::text_array(const std::string &key) const {
  const int64_t id = key_of_type(key, GGUF_TYPE_ARRAY, "an array of texts");
  if (id < 0) return std::nullopt;
  if (gguf_get_arr_type(context(), id) != GGUF_TYPE_STRING) wrong_type(key, "an array of texts");
  const size_t count = gguf_get_arr_n(context(), id);
  std::vector<std::string> result;
  result.reserve(count);
  for (size_t index = 0; index < count; ++index) result.emplace_back(gguf_get_arr_str(context(), id, index));
  return result;
}

std::optional<std::vector<int64_t>> ModelFile::integer_array(const std::string &key) const {
  const int64_t id = key_of_type(key, GGUF_TYPE_ARRAY, "an array of whole numbers");
  if (id < 0) return std::nullopt;
  const gguf_type type = gguf_get_arr_type(context(), id);
  const size_t width = integer_bytes(type);
  if (width == 0) wrong_type(key, "an array of whole numbers");
  const size_t count = gguf_get_arr_n(context(), id);
  const auto *data = static_cast<const std::byte *>(gguf_get_arr_data(context(), id));
  std::vector<int64_t> result;
  result.reserve(count);
  for (size_t index = 0; index < count; ++index) {
    with_integer(type, data + index * width, [&](auto value) {
      if constexpr (std::is_same_v<decltype(value), uint64_t>) {
        if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) wrong_type(key, "an array of 63-bit numbers");
      }
      result.push_back(static_cast<int64_t>(value));
    });
  }
  return result;
}

} // namespace trex
