// Safetensors files: named tensors behind a JSON header, without code that runs on opening (unlike pickle).
//
// Format (github.com/huggingface/safetensors, README "Format"), all numbers little-endian:
//   8 bytes    N, the length of the header
//   N bytes    JSON object, first byte '{', may end in spaces: name -> {"dtype", "shape",
//              "data_offsets": [begin, end]},
//              and optionally "__metadata__": text -> text
//   the rest   the buffer; data_offsets count from its first byte
// Shapes are row-major with the outermost dimension first, so [rows, columns] is ggml's ne = {columns, rows}.
//
// The reader is stricter than the format where that costs nothing real: tensors must tile the buffer from its first to
// its last byte without gap or overlap, none may be empty, and no field may be unknown or named twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/atomic_file.h"
#include "common/mapped_file.h"
#include "ggml.h"

namespace trex {

struct SafetensorsTensor {
  std::string name;
  ggml_type type = GGML_TYPE_F32;  // F32, F16 or BF16
  std::vector<int64_t> shape;      // outermost dimension first, 1 to 8 of them, each at least 1
  const std::byte *data = nullptr; // may be unaligned
  uint64_t bytes = 0;
};

// The tensors of a whole file held in memory, in the order of their names. They point into `bytes`.
// Throws Failure CONFIG:
//   "peft.truncated"     shorter than its own header says
//   "peft.header"        header empty, over 16 MiB, not starting with '{', or an entry with missing or unknown fields
//   "peft.json", "peft.duplicate_key"   as parse_strict_json
//   "peft.dtype"         a type other than F32, F16, BF16
//   "peft.shape"         a shape that is no list of 1 to 8 positive whole numbers, or too large
//   "peft.offsets"       ranges that overlap, leave a gap, leave the file, or do not fit dtype and shape
std::vector<SafetensorsTensor> read_safetensors(std::span<const std::byte> bytes, const std::string &name);

class SafetensorsFile {
public:
  // Throws Failure as MappedFile::open and read_safetensors do.
  static SafetensorsFile open(const std::string &utf8_path);
  std::span<const SafetensorsTensor> tensors() const { return tensors_; }

private:
  explicit SafetensorsFile(MappedFile file) : file_(std::move(file)) {}
  MappedFile file_;
  std::vector<SafetensorsTensor> tensors_; // point into file_, whose mapping stays where it is when moved
};

// All values as fp32; F16 and BF16 widen without loss. Throws Failure CONFIG "peft.not_finite" for NaN and infinity.
std::vector<float> decode_tensor(const SafetensorsTensor &tensor);

struct SafetensorsSource {
  std::string name;
  std::vector<int64_t> shape;
  std::span<const float> values; // as many as the shape says
};

// Writes F32 tensors in the order of their names, atomically. The buffer starts at a multiple of 8 bytes.
// Throws Failure ENV "file.write".
WrittenFile write_safetensors(const std::string &utf8_path, std::vector<SafetensorsSource> tensors);

} // namespace trex
