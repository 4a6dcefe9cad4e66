#include "gguf/metadata.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "common/failure.h"

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

void Metadata::wrong_type(const std::string &key, const char *expected) const {
  throw config_failure("model.metadata_type", "In " + path_ + " the metadata key \"" + key + "\" is not " + expected + ".",
                       "Convert the model again with a current llama.cpp.");
}

int64_t Metadata::key_of_type(const std::string &key, gguf_type type, const char *expected) const {
  const int64_t id = gguf_find_key(context_, key.c_str());
  if (id >= 0 && gguf_get_kv_type(context_, id) != type) wrong_type(key, expected);
  return id;
}

std::optional<uint64_t> Metadata::unsigned_value(const std::string &key) const {
  const int64_t id = gguf_find_key(context_, key.c_str());
  if (id < 0) return std::nullopt;
  const gguf_type type = gguf_get_kv_type(context_, id);
  std::optional<uint64_t> result;
  if (integer_bytes(type) > 0) {
    with_integer(type, gguf_get_val_data(context_, id), [&](auto value) {
      if (value >= 0) result = static_cast<uint64_t>(value);
    });
  }
  if (!result) wrong_type(key, "a whole number of zero or more");
  return result;
}

std::optional<double> Metadata::number(const std::string &key) const {
  const int64_t id = gguf_find_key(context_, key.c_str());
  if (id < 0) return std::nullopt;
  const gguf_type type = gguf_get_kv_type(context_, id);
  double result = std::numeric_limits<double>::quiet_NaN();
  if (type == GGUF_TYPE_FLOAT32) {
    result = gguf_get_val_f32(context_, id);
  } else if (type == GGUF_TYPE_FLOAT64) {
    result = gguf_get_val_f64(context_, id);
  } else if (integer_bytes(type) > 0) {
    with_integer(type, gguf_get_val_data(context_, id), [&](auto value) { result = static_cast<double>(value); });
  }
  if (!std::isfinite(result)) wrong_type(key, "a finite number");
  return result;
}

std::optional<bool> Metadata::boolean(const std::string &key) const {
  const int64_t id = key_of_type(key, GGUF_TYPE_BOOL, "true or false");
  if (id < 0) return std::nullopt;
  return *static_cast<const int8_t *>(gguf_get_val_data(context_, id)) != 0;
}

std::optional<std::string> Metadata::text(const std::string &key) const {
  const int64_t id = key_of_type(key, GGUF_TYPE_STRING, "a text");
  if (id < 0) return std::nullopt;
  return std::string(gguf_get_val_str(context_, id));
}

std::optional<uint64_t> Metadata::array_length(const std::string &key) const {
  const int64_t id = key_of_type(key, GGUF_TYPE_ARRAY, "an array");
  if (id < 0) return std::nullopt;
  return gguf_get_arr_n(context_, id);
}

std::optional<std::vector<std::string>> Metadata::text_array(const std::string &key) const {
  const int64_t id = key_of_type(key, GGUF_TYPE_ARRAY, "an array of texts");
  if (id < 0) return std::nullopt;
  if (gguf_get_arr_type(context_, id) != GGUF_TYPE_STRING) wrong_type(key, "an array of texts");
  const size_t count = gguf_get_arr_n(context_, id);
  std::vector<std::string> result;
  result.reserve(count);
  for (size_t index = 0; index < count; ++index) result.emplace_back(gguf_get_arr_str(context_, id, index));
  return result;
}

std::optional<std::vector<int64_t>> Metadata::integer_array(const std::string &key) const {
  const int64_t id = key_of_type(key, GGUF_TYPE_ARRAY, "an array of whole numbers");
  if (id < 0) return std::nullopt;
  const gguf_type type = gguf_get_arr_type(context_, id);
  const size_t width = integer_bytes(type);
  if (width == 0) wrong_type(key, "an array of whole numbers");
  const size_t count = gguf_get_arr_n(context_, id);
  const auto *data = static_cast<const std::byte *>(gguf_get_arr_data(context_, id));
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

std::optional<std::vector<bool>> Metadata::boolean_array(const std::string &key) const {
  const int64_t id = key_of_type(key, GGUF_TYPE_ARRAY, "an array of true and false");
  if (id < 0) return std::nullopt;
  std::vector<bool> result;
  if (gguf_get_arr_type(context_, id) != GGUF_TYPE_BOOL) {
    const std::optional<std::vector<int64_t>> numbers = integer_array(key);
    for (const int64_t value : *numbers) result.push_back(value != 0);
    return result;
  }
  const auto *data = static_cast<const int8_t *>(gguf_get_arr_data(context_, id));
  for (size_t index = 0; index < gguf_get_arr_n(context_, id); ++index) result.push_back(data[index] != 0);
  return result;
}

bool Metadata::is_array(const std::string &key) const {
  const int64_t id = gguf_find_key(context_, key.c_str());
  return id >= 0 && gguf_get_kv_type(context_, id) == GGUF_TYPE_ARRAY;
}

} // namespace trex
