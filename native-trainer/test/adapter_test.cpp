// Adapters: the exact file format, strict reading against the base, and merging.
#include "gguf/adapter_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "common/failure.h"
#include "gguf/decode.h"
#include "gguf/hyper_parameters.h"
#include "gguf/merge.h"
#include "support/check.h"
#include "support/gguf_bytes.h"

namespace {

using namespace trex;
using trex::test::GgufBytes;
using trex::test::TinyModel;

std::string path_of(const char *name) { return trex::test::scratch_folder() + "/" + name; }

ModelFile base_model() { return ModelFile::open(TinyModel().save("base.gguf")); }

// attn_q of the tiny model maps 4 to 4 values.
const std::vector<float> a = {1, 2, 3, 4, 5, 6, 7, 8};          // rank 2 x in 4
const std::vector<float> b = {1, 0, 0, 1, 0.5f, 0.5f, -1, 0.25f}; // out 4 x rank 2

WrittenFile write_sample(const ModelFile &base, ggml_type type) {
  return write_adapter(path_of("adapter.gguf"), base, "sample", 4.0,
                       {{"blk.0.attn_q.weight", 4, 4, 2, a.data(), b.data()}}, type);
}

std::string refusal(const GgufBytes &file) {
  try {
    read_adapter(file.save("refused.gguf"), base_model());
    return "accepted";
  } catch (const Failure &failure) {
    return failure.cls == FailureClass::config && failure.message.ends_with(".") ? failure.code : "bad failure";
  }
}

GgufBytes adapter_bytes(const std::function<void(GgufBytes &)> &tensors, uint64_t count, const char *type = "adapter",
                        const char *architecture = "llama", const char *adapter_type = "lora", float alpha = 4.0f) {
  GgufBytes file;
  file.header(3, count, 4).text_entry("general.type", type).text_entry("general.architecture", architecture);
  file.text_entry("adapter.type", adapter_type).f32_entry("adapter.lora.alpha", alpha);
  tensors(file);
  return file.pad().zeros(256);
}

void pair(GgufBytes &file, const std::string &base, std::vector<int64_t> a_shape, std::vector<int64_t> b_shape) {
  file.tensor(base + ".lora_a", a_shape, 0, 0).tensor(base + ".lora_b", b_shape, 0, 32);
}

} // namespace

TEST(adapters_survive_a_round_trip) {
  const ModelFile base = base_model();
  for (const ggml_type type : {GGML_TYPE_F32, GGML_TYPE_F16}) {
    const WrittenFile written = write_sample(base, type);
    const Adapter adapter = read_adapter(written.path, base);
    CHECK(adapter.name == "sample" && adapter.alpha == 4.0 && adapter.tensors.size() == 1);
    CHECK(adapter.tensors[0].base == "blk.0.attn_q.weight" && adapter.tensors[0].rank == 2);
    CHECK(adapter.tensors[0].in == 4 && adapter.tensors[0].out == 4);
    CHECK(adapter.tensors[0].a == a && adapter.tensors[0].b == b); // all exact in half precision

    const ModelFile file = ModelFile::open(written.path);
    CHECK(file.text("general.type") == "adapter" && file.text("adapter.type") == "lora");
    CHECK(file.text("general.architecture") == "llama" && !file.unsigned_value("general.file_type"));
    const TensorView &lora_a = file.require("blk.0.attn_q.weight.lora_a");
    const TensorView &lora_b = file.require("blk.0.attn_q.weight.lora_b");
    CHECK(lora_a.type == type && lora_a.ne == (std::array<int64_t, 4>{4, 2, 1, 1}));
    CHECK(lora_b.type == type && lora_b.ne == (std::array<int64_t, 4>{2, 4, 1, 1}));
  }
}

TEST(rank_one_keeps_its_shape) {
  const ModelFile base = base_model();
  const WrittenFile written = write_adapter(path_of("rank1.gguf"), base, "one", 1.0,
                                            {{"blk.0.attn_q.weight", 4, 4, 1, a.data(), b.data()}}, GGML_TYPE_F32);
  const Adapter adapter = read_adapter(written.path, base);
  CHECK(adapter.tensors[0].rank == 1 && adapter.tensors[0].a.size() == 4 && adapter.tensors[0].b.size() == 4);
}

TEST(each_wrong_adapter_has_its_code) {
  const auto good = [](GgufBytes &file) { pair(file, "blk.0.attn_q.weight", {4, 2}, {2, 4}); };
  CHECK(refusal(adapter_bytes(good, 2)) == "accepted");
  CHECK(refusal(adapter_bytes(good, 2, "model")) == "adapter.not_adapter");
  CHECK(refusal(adapter_bytes(good, 2, "adapter", "qwen2")) == "adapter.architecture");
  CHECK(refusal(adapter_bytes(good, 2, "adapter", "llama", "ia3")) == "adapter.type");
  CHECK(refusal(adapter_bytes(good, 2, "adapter", "llama", "lora", NAN)) == "adapter.alpha");
  CHECK(refusal(adapter_bytes(good, 2, "adapter", "llama", "lora", -1.0f)) == "adapter.alpha");
  CHECK(refusal(adapter_bytes([](GgufBytes &) {}, 0)) == "adapter.unpaired_tensor");
  CHECK(refusal(adapter_bytes([](GgufBytes &f) { f.tensor("blk.0.attn_q.weight.lora_a", {4, 2}, 0, 0); }, 1)) ==
        "adapter.unpaired_tensor");
  CHECK(refusal(adapter_bytes([](GgufBytes &f) { f.tensor("blk.0.attn_q.weight", {4, 2}, 0, 0); }, 1)) ==
        "adapter.unsupported_tensor");
  const auto with = [](const char *base, std::vector<int64_t> a_shape, std::vector<int64_t> b_shape) {
    return refusal(adapter_bytes([&](GgufBytes &file) { pair(file, base, a_shape, b_shape); }, 2));
  };
  CHECK(with("blk.9.attn_q.weight", {4, 2}, {2, 4}) == "adapter.unknown_target");
  CHECK(with("blk.0.attn_norm.weight", {4, 2}, {2, 4}) == "adapter.unknown_target");
  CHECK(with("token_embd.weight", {4, 2}, {2, 3}) == "adapter.unknown_target");
  CHECK(with("blk.0.attn_q.weight", {2, 4}, {2, 4}) == "adapter.bad_shape");
  CHECK(with("blk.0.attn_q.weight", {4, 2}, {2, 3}) == "adapter.bad_shape");
  CHECK(with("blk.0.attn_q.weight", {4, 2}, {1, 4}) == "adapter.bad_shape");
}

TEST(values_that_are_not_finite_are_refused) {
  GgufBytes file;
  file.header(3, 2, 3).text_entry("general.type", "adapter").text_entry("general.architecture", "llama");
  file.text_entry("adapter.type", "lora");
  pair(file, "blk.0.attn_q.weight", {4, 2}, {2, 4});
  file.pad().zeros(60).number<float>(INFINITY);
  CHECK(refusal(file) == "adapter.not_finite");
}

TEST(merging_adds_the_product) {
  const ModelFile base = base_model(); // its weights are all zero
  const Adapter adapter = read_adapter(write_sample(base, GGML_TYPE_F32).path, base);
  ThreadPool threads(2);
  const WrittenFile merged = merge_model(base, &adapter, 0.5, std::nullopt, path_of("merged.gguf"), threads);
  const ModelFile file = ModelFile::open(merged.path);
  read_hyper_parameters(file);
  const TensorView &target = file.require("blk.0.attn_q.weight");
  CHECK(target.type == GGML_TYPE_F32);
  for (int64_t row = 0; row < 4; ++row) {
    float values[4];
    decode_row(target.type, target.row(row), values, 4);
    for (size_t column = 0; column < 4; ++column) {
      const size_t r = static_cast<size_t>(row);
      const float product = b[r * 2] * a[column] + b[r * 2 + 1] * a[4 + column];
      CHECK(values[column] == 0.5f * (4.0f / 2.0f) * product);
    }
  }
  for (const TensorView &tensor : base.tensors()) {
    const TensorView &copy = file.require(tensor.name);
    const bool same = copy.bytes == tensor.bytes && std::equal(copy.data, copy.data + copy.bytes, tensor.data);
    CHECK_CASE(same || tensor.name == "blk.0.attn_q.weight", tensor.name);
  }
}

TEST(requantising_changes_types_only) {
  TinyModel wide;
  wide.embedding = 64, wide.feed_forward = 96, wide.heads = 2, wide.head_dim = 32, wide.key_length = 32;
  const ModelFile base = ModelFile::open(wide.save("wide.gguf"));
  ThreadPool threads(1);
  const WrittenFile stored = merge_model(base, nullptr, 1.0, Storage{GGML_TYPE_Q8_0, Mix::none}, path_of("q8.gguf"), threads);
  const ModelFile file = ModelFile::open(stored.path);
  CHECK(file.unsigned_value("general.file_type") == 7);
  CHECK(file.require("blk.0.ffn_down.weight").type == GGML_TYPE_Q8_0);
  CHECK(file.require("blk.0.attn_norm.weight").type == GGML_TYPE_F32);
  CHECK(file.architecture() == "llama" && file.array_length("tokenizer.ggml.tokens") == 3);
}
