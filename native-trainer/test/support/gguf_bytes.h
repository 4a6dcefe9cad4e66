// Hand-made GGUF files, sound or broken in one chosen way. Nothing here uses ggml: the bytes are an independent reading
// of the format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace trex::test {

// Type numbers of metadata values, as the format defines them.
enum GgufValue : uint32_t { u8 = 0, i8 = 1, u32 = 4, i32 = 5, f32 = 6, boolean = 7, text = 8, array = 9, u64 = 10 };

class GgufBytes {
public:
  GgufBytes &raw(const void *data, size_t bytes);
  template <class Value> GgufBytes &number(Value value) { return raw(&value, sizeof value); }
  GgufBytes &string(const std::string &value); // length and bytes

  GgufBytes &header(uint32_t version, uint64_t tensors, uint64_t entries);
  GgufBytes &text_entry(const std::string &key, const std::string &value);
  GgufBytes &u32_entry(const std::string &key, uint32_t value);
  GgufBytes &f32_entry(const std::string &key, float value);
  GgufBytes &text_array_entry(const std::string &key, const std::vector<std::string> &values);
  GgufBytes &tensor(const std::string &name, const std::vector<int64_t> &shape, uint32_t type, uint64_t offset);
  GgufBytes &pad(size_t alignment = 32);
  GgufBytes &zeros(size_t bytes);

  const std::string &bytes() const { return bytes_; }
  // Writes the bytes into the scratch folder and returns the path.
  std::string save(const std::string &name) const;

private:
  std::string bytes_;
};

// The smallest model of an architecture the trainer accepts, in F32, all weights zero; each field can be made wrong.
struct TinyModel {
  std::string architecture = "llama";
  uint32_t layers = 1, embedding = 4, feed_forward = 6, heads = 2, kv_heads = 1, head_dim = 2, vocab = 3, context = 8;
  uint32_t listed_tokens = 3;      // what the tokenizer lists
  std::vector<std::string> leave_out; // metadata keys or tensor names
  std::vector<std::pair<std::string, std::vector<int64_t>>> extra_tensors;
  std::optional<uint32_t> stated_heads, stated_kv_heads; // metadata that contradicts the tensors
  uint32_t key_length = 0; // 0: not written
  uint32_t rope_dims = 0;  // 0: not written
  std::string rope_scaling; // "": not written
  GgufBytes extra_metadata; // encoded entries, as many as the next line says
  uint64_t extra_entries = 0;

  std::string save(const std::string &name) const;
  std::string bytes() const;
};

} // namespace trex::test
