// A GGUF file, validated from its first byte to its last tensor before anything else looks at it, then mapped.
//
// Dimensions follow ggml: ne[0] is the contiguous one. A weight that maps `in` values to `out` values has
// ne = {in, out}: `out` rows of `in` values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/mapped_file.h"
#include "ggml.h"
#include "gguf.h"
#include "gguf/metadata.h"

namespace trex {

struct TensorView {
  std::string name;
  ggml_type type;
  std::array<int64_t, 4> ne; // unused dimensions are 1
  int n_dims;                // 1 to 4
  const std::byte *data;     // inside the mapping; aligned only as far as general.alignment says
  uint64_t bytes;

  int64_t row_length() const { return ne[0]; }
  int64_t rows() const { return ne[1] * ne[2] * ne[3]; }
  int64_t elements() const { return ne[0] * rows(); }
  uint64_t row_bytes() const { return ggml_row_size(type, ne[0]); }
  const std::byte *row(int64_t index) const { return data + static_cast<uint64_t>(index) * row_bytes(); }
};

class ModelFile {
public:
  // Throws Failure CONFIG ("file.*" when it cannot be read, "model.*" when it is not a sound GGUF file).
  static ModelFile open(const std::string &utf8_path);

  const std::string &path() const { return path_; }
  uint64_t size_bytes() const { return file_.size_bytes(); }
  const std::string &architecture() const { return architecture_; } // "" when the file does not say

  std::span<const TensorView> tensors() const { return tensors_; }
  const TensorView *find(std::string_view name) const; // null when absent
  const TensorView &require(std::string_view name) const; // throws Failure CONFIG "model.missing_tensor"

  // Metadata; see gguf/metadata.h.
  Metadata metadata() const { return {context(), path_}; }
  std::optional<uint64_t> unsigned_value(const std::string &key) const { return metadata().unsigned_value(key); }
  std::optional<double> number(const std::string &key) const { return metadata().number(key); }
  std::optional<bool> boolean(const std::string &key) const { return metadata().boolean(key); }
  std::optional<std::string> text(const std::string &key) const { return metadata().text(key); }
  std::optional<uint64_t> array_length(const std::string &key) const { return metadata().array_length(key); }
  std::optional<std::vector<std::string>> text_array(const std::string &key) const { return metadata().text_array(key); }
  std::optional<std::vector<int64_t>> integer_array(const std::string &key) const {
    return metadata().integer_array(key);
  }

  // For the writer, which copies metadata through ggml. Never null.
  const gguf_context *context() const { return context_.get(); }

private:
  struct FreeContext {
    void operator()(gguf_context *context) const { gguf_free(context); }
  };

  ModelFile(std::string path, MappedFile file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  MappedFile file_;
  std::unique_ptr<gguf_context, FreeContext> context_;
  std::string architecture_;
  std::vector<TensorView> tensors_;
  std::unordered_map<std::string_view, size_t> index_of_name_; // keys point into tensors_, which never grows again
};

} // namespace trex
