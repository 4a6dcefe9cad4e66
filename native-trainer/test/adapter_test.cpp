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

namespace {

// blk.0.ffn_up_exps of two experts that map 4 to 3 values, all of them zero.
ModelFile mixture_model() {
  TinyModel model;
  model.architecture = "qwen3moe";
  model.leave_out = {"blk.0.ffn_gate.weight", "blk.0.ffn_up.weight", "blk.0.ffn_down.weight"};
  model.extra_tensors = {{"blk.0.ffn_gate_inp.weight", {4, 2}},
                         {"blk.0.ffn_gate_exps.weight", {4, 3, 2}},
                         {"blk.0.ffn_up_exps.weight", {4, 3, 2}},
                         {"blk.0.ffn_down_exps.weight", {3, 4, 2}}};
  model.extra_metadata.u32_entry("qwen3moe.expert_count", 2).u32_entry("qwen3moe.expert_used_count", 2);
  model.extra_entries = 2;
  return ModelFile::open(model.save("mixture.gguf"));
}

} // namespace

TEST(every_expert_has_a_pair_of_its_own) {
  const ModelFile base = mixture_model();
  const std::vector<float> first = {1, 2, 3, 4, -1, 0.5f, 0, 8}; // 2 experts x rank 1 x in 4
  const std::vector<float> second = {1, 2, 3, 10, 20, 30};       // 2 experts x out 3 x rank 1
  const std::string path = path_of("experts.gguf");
  write_adapter(path, base, "experts", 0.5, {{"blk.0.ffn_up_exps.weight", 4, 3, 1, first.data(), second.data(), 1.0, 2}},
                GGML_TYPE_F32);
  const ModelFile file = ModelFile::open(path);
  CHECK(file.require("blk.0.ffn_up_exps.weight.lora_a").ne == (std::array<int64_t, 4>{4, 1, 2, 1}));
  CHECK(file.require("blk.0.ffn_up_exps.weight.lora_b").ne == (std::array<int64_t, 4>{1, 3, 2, 1}));
  const Adapter adapter = read_adapter(path, base);
  const AdapterTensor &tensor = adapter.tensors.front();
  CHECK(tensor.experts == 2 && tensor.in == 4 && tensor.out == 3 && tensor.rank == 1);
  CHECK(tensor.a == first && tensor.b == second);

  ThreadPool threads(2);
  merge_model(base, &adapter, 1.0, {}, path_of("merged_experts.gguf"), threads);
  const ModelFile merged = ModelFile::open(path_of("merged_experts.gguf"));
  const TensorView &up = merged.require("blk.0.ffn_up_exps.weight");
  CHECK(up.n_dims == 3 && up.rows() == 6);
  for (int64_t row = 0; row < up.rows(); ++row) {
    std::vector<float> got(4);
    decode_row(up.type, up.row(row), got.data(), 4);
    for (size_t column = 0; column < 4; ++column) {
      const size_t expert = static_cast<size_t>(row) / 3;
      CHECK(got[column] == 0.5f * second[static_cast<size_t>(row)] * first[4 * expert + column]);
    }
  }
}

TEST(pairs_for_another_number_of_experts_are_refused) {
  const ModelFile base = mixture_model();
  const auto code = [&](const std::vector<int64_t> &a_shape, const std::vector<int64_t> &b_shape) -> std::string {
    const uint64_t second = a_shape.back() == 3 ? 64 : 32; // where B starts, behind 48, 32 or 16 bytes
    const GgufBytes file = adapter_bytes(
        [&](GgufBytes &bytes) {
          bytes.tensor("blk.0.ffn_up_exps.weight.lora_a", a_shape, 0, 0);
          bytes.tensor("blk.0.ffn_up_exps.weight.lora_b", b_shape, 0, second);
        },
        2, "adapter", "qwen3moe");
    try {
      read_adapter(file.save("refused.gguf"), base);
      return "accepted";
    } catch (const Failure &failure) {
      return failure.code;
    }
  };
  CHECK(code({4, 1, 2}, {1, 3, 2}) == "accepted");
  CHECK(code({4, 1, 3}, {1, 3, 2}) == "adapter.bad_shape");
  CHECK(code({4, 1, 2}, {1, 3}) == "adapter.bad_shape");
  CHECK(code({4, 1}, {1, 3}) == "adapter.bad_shape");
}

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
