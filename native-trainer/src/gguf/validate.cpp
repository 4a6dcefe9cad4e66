// The format is described at the top of ggml's gguf.h. Limits here are far above any published model and low enough
// that a hostile file cannot make the reader spend much time or memory.
#include "gguf/validate.h"

#include <bit>
#include <cstring>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "common/failure.h"
#include "ggml.h"
#include "gguf.h"

namespace trex {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF files are mapped and used as they are");

constexpr uint64_t max_metadata_entries = 4096;
constexpr uint64_t max_tensors = 16384;
constexpr uint64_t max_key_bytes = 1024;
constexpr uint64_t max_text_bytes = uint64_t{64} << 20;
constexpr uint64_t max_array_elements = uint64_t{16} << 20;
constexpr uint64_t max_alignment_bytes = uint64_t{1} << 20;
constexpr uint64_t max_tensor_bytes = uint64_t{1} << 62;

constexpr const char *download_again = "Download or export the file again.";

class Scanner {
public:
  Scanner(std::span<const std::byte> file, const std::string &shown_path) : file_(file), shown_path_(shown_path) {}

  GgufExtent scan() {
    read_magic();
    read_version();
    const uint64_t tensor_count = read_count("tensors", max_tensors);
    const uint64_t entry_count = read_count("metadata entries", max_metadata_entries);
    for (uint64_t index = 0; index < entry_count; ++index) read_entry();
    for (uint64_t index = 0; index < tensor_count; ++index) read_tensor();
    if (tensor_count == 0) return {position_, 0};
    const uint64_t data_offset = padded(position_);
    check_data(data_offset);
    return {data_offset, tensor_count};
  }

private:
  struct TensorExtent {
    std::string_view name;
    uint64_t offset;
    uint64_t bytes;
  };

  [[noreturn]] void fail(const char *code, const std::string &what, const char *hint = download_again) const {
    throw config_failure(code, shown_path_ + " is not a usable GGUF file: " + what + ".", hint);
  }

  [[noreturn]] void truncated(const std::string &where) const {
    fail("model.truncated", "it ends after " + std::to_string(file_.size()) + " bytes, in the middle of " + where);
  }

  uint64_t left() const { return file_.size() - position_; }
  uint64_t padded(uint64_t offset) const { return (offset + alignment_ - 1) / alignment_ * alignment_; }

  template <class Value> Value read(const char *where) {
    if (left() < sizeof(Value)) truncated(where);
    Value value;
    std::memcpy(&value, file_.data() + position_, sizeof value);
    position_ += sizeof value;
    return value;
  }

  void skip(uint64_t bytes, const char *where) {
    if (left() < bytes) truncated(where);
    position_ += bytes;
  }

  std::string_view read_text(uint64_t limit, const char *code, const char *where) {
    const auto bytes = read<uint64_t>(where);
    if (bytes > limit) {
      fail(code, std::string(where) + " claims " + std::to_string(bytes) + " bytes, more than the " +
                     std::to_string(limit) + " allowed");
    }
    if (left() < bytes) truncated(where);
    const std::string_view text(reinterpret_cast<const char *>(file_.data() + position_), bytes);
    position_ += bytes;
    return text;
  }

  // Control characters would let two names look or compare alike: ggml's own names end at the first zero byte.
  static bool is_printable(std::string_view text) {
    for (const unsigned char character : text) {
      if (character < 0x20 || character == 0x7f) return false;
    }
    return !text.empty();
  }

  void read_magic() {
    if (file_.size() < 4 || std::memcmp(file_.data(), "GGUF", 4) != 0) {
      throw config_failure("model.not_gguf", shown_path_ + " is not a GGUF file: it does not start with \"GGUF\".",
                           "Choose a .gguf model file.");
    }
    position_ = 4;
  }

  void read_version() {
    const auto version = read<uint32_t>("the format version");
    if (version != 0 && (version & 0xffff) == 0) {
      fail("model.byte_order", "it was written for a big-endian machine",
           "Get the little-endian edition of this model.");
    }
    if (version == 2 || version == 3) return;
    fail("model.version", "it has format version " + std::to_string(version) + ", and only 2 and 3 can be read",
         version > 3 ? "Update this program." : "Convert the model with a current llama.cpp.");
  }

  uint64_t read_count(const char *what, uint64_t limit) {
    const auto count = read<uint64_t>("its counts");
    if (count > limit) {
      fail("model.counts", "it claims " + std::to_string(count) + " " + what + ", more than the " +
                               std::to_string(limit) + " allowed");
    }
    return count;
  }

  static uint64_t scalar_bytes(uint32_t type) {
    switch (type) {
    case GGUF_TYPE_UINT8:
    case GGUF_TYPE_INT8:
    case GGUF_TYPE_BOOL: return 1;
    case GGUF_TYPE_UINT16:
    case GGUF_TYPE_INT16: return 2;
    case GGUF_TYPE_UINT32:
    case GGUF_TYPE_INT32:
    case GGUF_TYPE_FLOAT32: return 4;
    case GGUF_TYPE_UINT64:
    case GGUF_TYPE_INT64:
    case GGUF_TYPE_FLOAT64: return 8;
    default: return 0;
    }
  }

  void read_entry() {
    const std::string_view key = read_text(max_key_bytes, "model.bad_key", "a metadata key");
    if (!is_printable(key)) fail("model.bad_key", "a metadata key is empty or holds control characters");
    if (!keys_.insert(key).second) {
      fail("model.duplicate_key", "the metadata key \"" + std::string(key) + "\" appears twice");
    }
    const auto type = read<uint32_t>("a metadata type");
    if (key == "general.alignment") {
      read_alignment(type);
    } else if (type == GGUF_TYPE_ARRAY) {
      read_array(key);
    } else {
      read_values(key, type, 1);
    }
  }

  void read_alignment(uint32_t type) {
    if (type != GGUF_TYPE_UINT32) fail("model.alignment", "general.alignment is not a 32-bit unsigned number");
    alignment_ = read<uint32_t>("general.alignment");
    if (!std::has_single_bit(alignment_) || alignment_ < 8 || alignment_ > max_alignment_bytes) {
      fail("model.alignment", "general.alignment is " + std::to_string(alignment_) +
                                  ", which is not a power of two between 8 and " + std::to_string(max_alignment_bytes));
    }
  }

  void read_array(std::string_view key) {
    const auto type = read<uint32_t>("an array type");
    const auto count = read<uint64_t>("an array length");
    if (count > max_array_elements) {
      fail("model.array_size", "the array \"" + std::string(key) + "\" claims " + std::to_string(count) +
                                   " elements, more than the " + std::to_string(max_array_elements) + " allowed");
    }
    read_values(key, type, count);
  }

  void read_values(std::string_view key, uint32_t type, uint64_t count) {
    if (type == GGUF_TYPE_STRING) {
      for (uint64_t index = 0; index < count; ++index) read_text(max_text_bytes, "model.string_size", "a metadata text");
      return;
    }
    const uint64_t bytes = scalar_bytes(type);
    if (bytes == 0) {
      fail("model.metadata_type",
           "the metadata key \"" + std::string(key) + "\" has the unknown type " + std::to_string(type));
    }
    skip(bytes * count, "a metadata value");
  }

  void read_tensor() {
    const std::string_view name = read_text(GGML_MAX_NAME - 1, "model.bad_tensor_name", "a tensor name");
    if (!is_printable(name)) fail("model.bad_tensor_name", "a tensor name is empty or holds control characters");
    if (!names_.insert(name).second) {
      fail("model.duplicate_tensor", "the tensor \"" + std::string(name) + "\" appears twice");
    }
    const auto dimensions = read<uint32_t>("a tensor's dimensions");
    if (dimensions < 1 || dimensions > GGML_MAX_DIMS) {
      fail("model.dimensions", "the tensor \"" + std::string(name) + "\" has " + std::to_string(dimensions) +
                                   " dimensions instead of 1 to 4");
    }
    uint64_t lengths[GGML_MAX_DIMS] = {1, 1, 1, 1};
    uint64_t elements = 1;
    for (uint32_t index = 0; index < dimensions; ++index) {
      const auto length = read<int64_t>("a tensor's dimensions");
      if (length <= 0) {
        fail("model.dimensions",
             "the tensor \"" + std::string(name) + "\" has a dimension of " + std::to_string(length));
      }
      lengths[index] = static_cast<uint64_t>(length);
      if (lengths[index] > max_tensor_bytes / elements) {
        fail("model.dimensions", "the tensor \"" + std::string(name) + "\" has more elements than can be counted");
      }
      elements *= lengths[index];
    }
    const uint64_t bytes = tensor_bytes(name, read<uint32_t>("a tensor's type"), lengths[0], elements);
    extents_.push_back({name, read<uint64_t>("a tensor's offset"), bytes});
  }

  uint64_t tensor_bytes(std::string_view name, uint32_t type, uint64_t row_length, uint64_t elements) const {
    const bool known = type < GGML_TYPE_COUNT;
    const uint64_t block_bytes = known ? ggml_type_size(static_cast<ggml_type>(type)) : 0;
    const auto block_length = known ? static_cast<uint64_t>(ggml_blck_size(static_cast<ggml_type>(type))) : 0;
    if (block_bytes == 0 || block_length == 0) {
      fail("model.tensor_type", "the tensor \"" + std::string(name) + "\" has the unknown or withdrawn type " +
                                    std::to_string(type));
    }
    if (row_length % block_length != 0) {
      fail("model.tensor_type", "the rows of the tensor \"" + std::string(name) + "\" have " +
                                    std::to_string(row_length) + " values, not a multiple of " +
                                    std::to_string(block_length));
    }
    const uint64_t blocks = elements / block_length;
    if (blocks > max_tensor_bytes / block_bytes) {
      fail("model.dimensions", "the tensor \"" + std::string(name) + "\" is larger than any file");
    }
    return blocks * block_bytes;
  }

  // Tensors must follow each other in the order they are listed, each padded to the alignment, as ggml writes them.
  void check_data(uint64_t data_offset) const {
    uint64_t expected = 0;
    for (const TensorExtent &tensor : extents_) {
      const std::string name = "\"" + std::string(tensor.name) + "\"";
      if (tensor.offset % alignment_ != 0) fail("model.tensor_offset", "the data of tensor " + name + " is misaligned");
      if (tensor.offset < expected) {
        fail("model.tensor_overlap", "the data of tensor " + name + " overlaps that of another tensor");
      }
      const uint64_t available = data_offset < file_.size() ? file_.size() - data_offset : 0;
      if (tensor.offset > available || tensor.bytes > available - tensor.offset) {
        truncated("the data of tensor " + name);
      }
      if (tensor.offset > expected) {
        fail("model.tensor_offset", "there is a gap before the data of tensor " + name);
      }
      expected = padded(tensor.offset + tensor.bytes);
    }
  }

  std::span<const std::byte> file_;
  const std::string &shown_path_;
  uint64_t position_ = 0;
  uint64_t alignment_ = GGUF_DEFAULT_ALIGNMENT;
  std::unordered_set<std::string_view> keys_;
  std::unordered_set<std::string_view> names_;
  std::vector<TensorExtent> extents_;
};

} // namespace

GgufExtent validate_gguf(std::span<const std::byte> file, const std::string &shown_path) {
  return Scanner(file, shown_path).scan();
}

} // namespace trex
