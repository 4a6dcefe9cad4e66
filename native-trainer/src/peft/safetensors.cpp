#include "peft/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

#include "common/failure.h"
#include "gguf/decode.h"
#include "peft/strict_json.h"

namespace trex {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors values are read in place");

using nlohmann::json;

// Seven projections in 512 layers need 1.5 MiB. The reference reader allows 100 MB, which only helps to exhaust memory.
constexpr uint64_t max_header_bytes = uint64_t{16} << 20;
constexpr uint64_t length_bytes = 8;
constexpr size_t max_dimensions = 8;
constexpr uint64_t max_elements = uint64_t{1} << 48;

std::optional<ggml_type> type_from_name(const std::string &name) {
  if (name == "F32") return GGML_TYPE_F32;
  if (name == "F16") return GGML_TYPE_F16;
  if (name == "BF16") return GGML_TYPE_BF16;
  return std::nullopt;
}

class HeaderReader {
public:
  HeaderReader(std::span<const std::byte> bytes, const std::string &name) : bytes_(bytes), name_(name) {}

  std::vector<SafetensorsTensor> read() {
    const json header = parse_strict_json<json>(header_text(), "The header of " + name_);
    for (const auto &[key, value] : header.items()) {
      if (key == "__metadata__") {
        check_metadata(value);
      } else {
        read_entry(key, value);
      }
    }
    check_tiling();
    std::vector<SafetensorsTensor> tensors;
    for (Entry &entry : entries_) tensors.push_back(std::move(entry.tensor));
    std::sort(tensors.begin(), tensors.end(), [](const auto &x, const auto &y) { return x.name < y.name; });
    return tensors;
  }

private:
  struct Entry {
    SafetensorsTensor tensor;
    uint64_t begin = 0, end = 0; // in the buffer
  };

  [[noreturn]] void fail(const char *code, const std::string &what) const {
    throw config_failure(code, name_ + " is not a sound safetensors file: " + what + ".",
                         "Download or export the adapter again.");
  }

  std::string_view header_text() {
    uint64_t length = 0;
    if (bytes_.size() < length_bytes) fail("peft.truncated", "it ends before its header");
    std::memcpy(&length, bytes_.data(), length_bytes);
    if (length > max_header_bytes) fail("peft.header", "its header is said to be larger than 16 MiB");
    if (length > bytes_.size() - length_bytes) fail("peft.truncated", "it ends inside its header");
    const std::string_view text(reinterpret_cast<const char *>(bytes_.data()) + length_bytes, length);
    if (!text.starts_with('{')) fail("peft.header", "its header does not start with a brace");
    buffer_ = bytes_.subspan(length_bytes + length);
    return text;
  }

  void check_metadata(const json &metadata) const {
    const auto is_text = [](const json &value) { return value.is_string(); };
    if (!metadata.is_object() || !std::all_of(metadata.begin(), metadata.end(), is_text)) {
      fail("peft.header", "its metadata is not a map from text to text");
    }
  }

  void read_entry(const std::string &key, const json &value) {
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets")) {
      fail("peft.header", "its tensor \"" + key + "\" has other fields than dtype, shape and data_offsets");
    }
    Entry entry;
    entry.tensor.name = key;
    entry.tensor.type = type_of(key, value["dtype"]);
    uint64_t elements = 1;
    entry.tensor.shape = shape_of(key, value["shape"], elements);
    entry.tensor.bytes = elements * ggml_type_size(entry.tensor.type);
    const json &offsets = value["data_offsets"];
    if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
        !offsets[1].is_number_unsigned()) {
      fail("peft.offsets", "the data_offsets of \"" + key + "\" are not two whole numbers");
    }
    entry.begin = offsets[0].get<uint64_t>();
    entry.end = offsets[1].get<uint64_t>();
    if (entry.begin > entry.end || entry.end - entry.begin != entry.tensor.bytes) {
      fail("peft.offsets", "the data_offsets of \"" + key + "\" do not fit its dtype and shape");
    }
    if (entry.end > buffer_.size()) fail("peft.truncated", "it ends before the data of \"" + key + "\"");
    entry.tensor.data = buffer_.data() + entry.begin;
    entries_.push_back(std::move(entry));
  }

  ggml_type type_of(const std::string &key, const json &value) const {
    const std::optional<ggml_type> type = value.is_string() ? type_from_name(value.get<std::string>()) : std::nullopt;
    if (!type) fail("peft.dtype", "its tensor \"" + key + "\" is not stored as F32, F16 or BF16");
    return *type;
  }

  std::vector<int64_t> shape_of(const std::string &key, const json &value, uint64_t &elements) const {
    std::vector<int64_t> shape;
    bool sound = value.is_array() && !value.empty() && value.size() <= max_dimensions;
    for (size_t i = 0; sound && i < value.size(); ++i) {
      const uint64_t size = value[i].is_number_unsigned() ? value[i].get<uint64_t>() : 0;
      sound = size >= 1 && size <= max_elements / elements;
      if (!sound) break;
      elements *= size;
      shape.push_back(static_cast<int64_t>(size));
    }
    if (!sound) fail("peft.shape", "the shape of \"" + key + "\" is not a list of 1 to 8 reasonable sizes");
    return shape;
  }

  void check_tiling() {
    std::sort(entries_.begin(), entries_.end(), [](const Entry &x, const Entry &y) { return x.begin < y.begin; });
    uint64_t reached = 0;
    for (const Entry &entry : entries_) {
      if (entry.begin != reached) {
        fail("peft.offsets", "the data of \"" + entry.tensor.name + "\" " +
                                 (entry.begin < reached ? "overlaps" : "does not follow") + " what lies before it");
      }
      reached = entry.end;
    }
    if (reached != buffer_.size()) fail("peft.offsets", "it holds bytes that belong to no tensor");
  }

  std::span<const std::byte> bytes_, buffer_;
  const std::string &name_;
  std::vector<Entry> entries_;
};

} // namespace

std::vector<SafetensorsTensor> read_safetensors(std::span<const std::byte> bytes, const std::string &name) {
  return HeaderReader(bytes, name).read();
}

SafetensorsFile SafetensorsFile::open(const std::string &utf8_path) {
  SafetensorsFile result(MappedFile::open(utf8_path));
  result.tensors_ = read_safetensors({result.file_.data(), result.file_.size_bytes()}, utf8_path);
  return result;
}

std::vector<float> decode_tensor(const SafetensorsTensor &tensor) {
  const auto count = static_cast<int64_t>(tensor.bytes / ggml_type_size(tensor.type));
  std::vector<float> values(static_cast<size_t>(count));
  decode_row(tensor.type, tensor.data, values.data(), count);
  if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
    throw config_failure("peft.not_finite",
                         "The tensor \"" + tensor.name + "\" holds a value that is not a finite number.",
                         "Train the adapter again with a smaller learning rate.");
  }
  return values;
}

WrittenFile write_safetensors(const std::string &utf8_path, std::vector<SafetensorsSource> tensors) {
  std::sort(tensors.begin(), tensors.end(), [](const auto &x, const auto &y) { return x.name < y.name; });
  std::string text = R"({"__metadata__":{"format":"pt"})"; // transformers refuses a file that does not say so
  uint64_t offset = 0;
  for (const SafetensorsSource &tensor : tensors) {
    const uint64_t end = offset + tensor.values.size_bytes();
    const nlohmann::ordered_json entry = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    text += "," + json(tensor.name).dump() + ":" + entry.dump();
    offset = end;
  }
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');

  AtomicFile file(utf8_path);
  const uint64_t length = text.size();
  file.write(&length, sizeof length);
  file.write(text.data(), text.size());
  for (const SafetensorsSource &tensor : tensors) file.write(tensor.values.data(), tensor.values.size_bytes());
  return file.commit();
}

} // namespace trex
