// Writes whole models: metadata from a source file or built from nothing, tensors quantised by ggml as they stream out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/atomic_file.h"
#include "common/thread_pool.h"
#include "gguf/model_file.h"

namespace trex {

// The type a tensor really gets when `wanted` is asked for: one-dimensional tensors stay F32, and a row length that
// is not a multiple of the block size falls back as llama.cpp's quantiser does (tensor_type_fallback in
// src/llama-quant.cpp): Q4_K -> Q5_0, Q5_K -> Q5_1, Q6_K -> Q8_0, IQ4_XS -> IQ4_NL, and F16 when it is no multiple of 32
// either.
ggml_type storable_type(ggml_type wanted, int n_dims, int64_t row_length);

struct TensorSource {
  std::string name;
  std::vector<int64_t> shape; // ggml order, 1 to 4 dimensions
  ggml_type type;             // what to store; must be storable for this shape
  // Fills `rows` rows of shape[0] floats, starting at row first_row. Called from one thread, in order.
  std::function<void(int64_t first_row, int64_t rows, float *out)> fill;
  // When set, the stored bytes are copied as they are and `fill` is not called.
  const TensorView *verbatim = nullptr;
};

class ModelWriter {
public:
  // Starts with all metadata of `source`; the file type tag is replaced when the model is written.
  explicit ModelWriter(const ModelFile &source);
  // Starts with no metadata.
  ModelWriter();
  ~ModelWriter();
  ModelWriter(ModelWriter &&) noexcept;
  ModelWriter &operator=(ModelWriter &&) noexcept;

  void set_text(const std::string &key, const std::string &value);
  void set_u32(const std::string &key, uint32_t value);
  void set_f32(const std::string &key, float value);
  void set_bool(const std::string &key, bool value);
  void set_text_array(const std::string &key, const std::vector<std::string> &values);
  void set_i32_array(const std::string &key, const std::vector<int32_t> &values);
  void set_bool_array(const std::string &key, const std::vector<bool> &values);
  void set_f32_array(const std::string &key, const std::vector<float> &values);
  // Copies every key of `source` that starts with `prefix`.
  void copy_keys(const ModelFile &source, std::string_view prefix);

  // The number of general.file_type; without one it is that of the type most of the matrices' bytes have.
  void set_file_type(std::optional<uint32_t> number);

  void add(TensorSource tensor);

  // What has been set so far.
  Metadata metadata() const;

  // Writes atomically (temporary file beside the target, fsync, rename, fsync of the folder), hashing as it goes.
  // Holds a few megabytes of rows at a time. Throws Failure ENV "file.write", CONFIG "model.not_finite" when a value is
  // NaN, infinite or too large for its type. Can be called once.
  WrittenFile write(const std::string &utf8_path, ThreadPool &threads);

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace trex
