// Proves that a byte range is a sound GGUF file, so that ggml, which aborts or trusts in places, may read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace trex {

struct GgufExtent {
  uint64_t data_offset = 0; // where tensor data starts, in bytes from the start of the file
  uint64_t tensor_count = 0;
};

// `shown_path` only appears in messages. Throws Failure CONFIG with one of these codes:
//   model.not_gguf          empty, or the first four bytes are not "GGUF"
//   model.byte_order        written on a big-endian machine
//   model.version           format version other than 2 or 3
//   model.counts            more metadata entries or tensors than any sound file holds
//   model.truncated         the file ends in the middle of its header or of a tensor
//   model.bad_key           an empty, overlong or unprintable metadata key
//   model.duplicate_key     the same metadata key twice
//   model.string_size       a text longer than the limit
//   model.array_size        an array longer than the limit
//   model.metadata_type     an unknown metadata type, or an array of arrays
//   model.alignment         general.alignment is not a uint32 power of two of a sensible size
//   model.bad_tensor_name   an empty, overlong or unprintable tensor name
//   model.duplicate_tensor  the same tensor name twice
//   model.dimensions        not 1 to 4 dimensions, or one that is zero, negative or makes the size overflow
//   model.tensor_type       an unknown or withdrawn storage type, or a row that is no whole number of its blocks
//   model.tensor_offset     tensor data that is misaligned or leaves a gap
//   model.tensor_overlap    tensor data that overlaps that of another tensor
GgufExtent validate_gguf(std::span<const std::byte> file, const std::string &shown_path);

} // namespace trex
