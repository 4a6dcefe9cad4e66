// Typed access to the metadata of a GGUF file, or of one that is about to be written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gguf.h"

namespace trex {

// Absent keys give nullopt; a key of another type, a negative number where none is allowed or a non-finite float throws
// Failure CONFIG "model.metadata_type". Any integer width is accepted.
class Metadata {
public:
  // `context` must outlive this; `shown_path` only appears in messages.
  Metadata(const gguf_context *context, std::string shown_path) : context_(context), path_(std::move(shown_path)) {}

  std::optional<uint64_t> unsigned_value(const std::string &key) const;
  std::optional<double> number(const std::string &key) const;
  std::optional<bool> boolean(const std::string &key) const;
  std::optional<std::string> text(const std::string &key) const;
  std::optional<uint64_t> array_length(const std::string &key) const;
  std::optional<std::vector<std::string>> text_array(const std::string &key) const;
  std::optional<std::vector<int64_t>> integer_array(const std::string &key) const;
  std::optional<std::vector<bool>> boolean_array(const std::string &key) const; // whole numbers will do; 0 is false
  bool is_array(const std::string &key) const; // false when absent

  const std::string &path() const { return path_; }
  const gguf_context *context() const { return context_; }

private:
  int64_t key_of_type(const std::string &key, gguf_type type, const char *expected) const;
  [[noreturn]] void wrong_type(const std::string &key, const char *expected) const;

  const gguf_context *context_;
  std::string path_;
};

} // namespace trex
