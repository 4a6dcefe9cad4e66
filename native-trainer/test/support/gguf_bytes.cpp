#include "support/gguf_bytes.h"

#include <algorithm>
#include <fstream>

#include "support/check.h"

namespace trex::test {

GgufBytes &GgufBytes::raw(const void *data, size_t bytes) {
  bytes_.append(static_cast<const char *>(data), bytes);
  return *this;
}

GgufBytes &GgufBytes::string(const std::string &value) {
  number<uint64_t>(value.size());
  return raw(value.data(), value.size());
}

GgufBytes &GgufBytes::header(uint32_t version, uint64_t tensors, uint64_t entries) {
  return raw("GGUF", 4).number(version).number(tensors).number(entries);
}

GgufBytes &GgufBytes::text_entry(const std::string &key, const std::string &value) {
  return string(key).number<uint32_t>(text).string(value);
}

GgufBytes &GgufBytes::u32_entry(const std::string &key, uint32_t value) {
  return string(key).number<uint32_t>(u32).number(value);
}

GgufBytes &GgufBytes::f32_entry(const std::string &key, float value) {
  return string(key).number<uint32_t>(f32).number(value);
}

GgufBytes &GgufBytes::text_array_entry(const std::string &key, const std::vector<std::string> &values) {
  string(key).number<uint32_t>(array).number<uint32_t>(text).number<uint64_t>(values.size());
  for (const std::string &value : values) string(value);
  return *this;
}

GgufBytes &GgufBytes::tensor(const std::string &name, const std::vector<int64_t> &shape, uint32_t type,
                             uint64_t offset) {
  string(name).number(static_cast<uint32_t>(shape.size()));
  for (const int64_t length : shape) number(length);
  return number(type).number(offset);
}

GgufBytes &GgufBytes::pad(size_t alignment) { return zeros((alignment - bytes_.size() % alignment) % alignment); }

GgufBytes &GgufBytes::zeros(size_t bytes) {
  bytes_.append(bytes, '\0');
  return *this;
}

std::string GgufBytes::save(const std::string &name) const {
  const std::string path = scratch_folder() + "/" + name;
  std::ofstream(path, std::ios::binary).write(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
  return path;
}

std::string TinyModel::bytes() const {
  const auto wanted = [&](const std::string &name) {
    return std::find(leave_out.begin(), leave_out.end(), name) == leave_out.end();
  };
  GgufBytes metadata;
  uint64_t entries = 0;
  const auto add_text = [&](const std::string &key, const std::string &value) {
    if (wanted(key)) metadata.text_entry(key, value), ++entries;
  };
  const auto add_u32 = [&](const std::string &key, uint32_t value) {
    if (wanted(key)) metadata.u32_entry(architecture + "." + key, value), ++entries;
  };
  add_text("general.architecture", architecture);
  add_u32("block_count", layers);
  add_u32("embedding_length", embedding);
  add_u32("feed_forward_length", feed_forward);
  add_u32("context_length", context);
  add_u32("attention.head_count", stated_heads.value_or(heads));
  add_u32("attention.head_count_kv", stated_kv_heads.value_or(kv_heads));
  if (key_length != 0) add_u32("attention.key_length", key_length);
  if (key_length != 0) add_u32("attention.value_length", key_length);
  if (rope_dims != 0) add_u32("rope.dimension_count", rope_dims);
  if (!rope_scaling.empty()) add_text(architecture + ".rope.scaling.type", rope_scaling);
  if (wanted("attention.layer_norm_rms_epsilon")) {
    metadata.f32_entry(architecture + ".attention.layer_norm_rms_epsilon", 1e-5f);
    ++entries;
  }
  if (wanted("tokenizer.ggml.tokens")) {
    std::vector<std::string> tokens;
    for (uint32_t index = 0; index < listed_tokens; ++index) tokens.push_back("t" + std::to_string(index));
    metadata.text_array_entry("tokenizer.ggml.tokens", tokens);
    ++entries;
  }
  metadata.raw(extra_metadata.bytes().data(), extra_metadata.bytes().size());
  entries += extra_entries;

  std::vector<std::pair<std::string, std::vector<int64_t>>> tensors = {{"token_embd.weight", {embedding, vocab}}};
  for (uint32_t layer = 0; layer < std::min(layers, 2U); ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    const int64_t q = int64_t{heads} * head_dim;
    const int64_t kv = int64_t{kv_heads} * head_dim;
    tensors.push_back({prefix + "attn_norm.weight", {embedding}});
    tensors.push_back({prefix + "attn_q.weight", {embedding, q}});
    tensors.push_back({prefix + "attn_k.weight", {embedding, kv}});
    tensors.push_back({prefix + "attn_v.weight", {embedding, kv}});
    if (architecture.starts_with("qwen3")) {
      tensors.push_back({prefix + "attn_q_norm.weight", {head_dim}});
      tensors.push_back({prefix + "attn_k_norm.weight", {head_dim}});
    }
    tensors.push_back({prefix + "attn_output.weight", {q, embedding}});
    tensors.push_back({prefix + "ffn_norm.weight", {embedding}});
    tensors.push_back({prefix + "ffn_gate.weight", {embedding, feed_forward}});
    tensors.push_back({prefix + "ffn_up.weight", {embedding, feed_forward}});
    tensors.push_back({prefix + "ffn_down.weight", {feed_forward, embedding}});
  }
  tensors.push_back({"output_norm.weight", {embedding}});
  tensors.insert(tensors.end(), extra_tensors.begin(), extra_tensors.end());

  GgufBytes infos;
  uint64_t count = 0;
  uint64_t offset = 0;
  for (const auto &[name, shape] : tensors) {
    if (!wanted(name)) continue;
    infos.tensor(name, shape, 0, offset);
    ++count;
    uint64_t bytes = 4;
    for (const int64_t length : shape) bytes *= static_cast<uint64_t>(length);
    offset += (bytes + 31) / 32 * 32;
  }
  GgufBytes file;
  file.header(3, count, entries).raw(metadata.bytes().data(), metadata.bytes().size());
  file.raw(infos.bytes().data(), infos.bytes().size()).pad();
  return file.zeros(offset).bytes();
}

std::string TinyModel::save(const std::string &name) const {
  const std::string content = bytes();
  return GgufBytes().raw(content.data(), content.size()).save(name);
}

} // namespace trex::test
