// Every hostile file that is known by name, one test each: the handcrafted cases of llama.cpp's own test
// (tests/test-gguf.cpp, whose names these tests carry), the holes that were found in GGUF readers (by CVE number), and
// what makes llama.cpp's loader end the process. Files are read from disk, as a command would read them.
#include <filesystem>
#include <functional>

#include "common/failure.h"
#include "common/paths.h"
#include "gguf/adapter_file.h"
#include "gguf/hyper_parameters.h"
#include "gguf/model_file.h"
#include "support/check.h"
#include "support/gguf_bytes.h"

namespace {

using namespace trex;
using namespace trex::test;

constexpr uint32_t F32 = 0, I8 = 24, I64 = 27, type_count = 4711; // ggml's type numbers; the last is none
constexpr uint32_t value_type_count = 13;

std::string code_of(const std::string &path) {
  try {
    read_hyper_parameters(ModelFile::open(path));
    return "sound";
  } catch (const Failure &failure) {
    const bool one_sentence = failure.message.ends_with(".") && failure.message.find('\n') == std::string::npos;
    return failure.cls == FailureClass::config && one_sentence && !failure.hint.empty() ? failure.code : "bad failure";
  }
}

std::string code_of(const GgufBytes &file) { return code_of(file.save("hostile.gguf")); }

GgufBytes header(uint32_t version, uint64_t tensors, uint64_t entries) {
  return GgufBytes().header(version, tensors, entries);
}

GgufBytes one_tensor(const std::string &name, const std::vector<int64_t> &shape, uint32_t type, uint64_t offset = 0) {
  return header(3, 1, 0).tensor(name, shape, type, offset).pad().zeros(64);
}

// Two tensors of 5 and 8 bytes whose offsets were counted with another alignment than the file has.
GgufBytes inconsistent_alignment() {
  return header(3, 2, 0).tensor("a", {5}, I8, 0).tensor("b", {8}, I8, 5).pad().zeros(64);
}

GgufBytes alignment_entry(uint32_t type, uint32_t value, uint64_t tensors = 0) {
  return header(3, tensors, 1).string("general.alignment").number(type).number(value);
}

} // namespace

#define HOSTILE(name, code, ...)                                                                                       \
  TEST(name) {                                                                                                         \
    const std::string found = code_of(__VA_ARGS__);                                                                    \
    CHECK_CASE(found == (code), found);                                                                                \
  }

HOSTILE(header_bad_magic, "model.not_gguf", GgufBytes().raw("FUGG", 4).number(3U).zeros(56))
HOSTILE(header_bad_version_0, "model.version", header(0, 0, 0).pad())
HOSTILE(header_bad_version_1, "model.version", header(1, 0, 0).pad())
HOSTILE(header_bad_version_future, "model.version", header(4, 0, 0).pad())
HOSTILE(header_bad_n_tensors, "model.counts", header(3, UINT64_MAX, 0).pad())
HOSTILE(header_bad_n_kv, "model.counts", header(3, 0, UINT64_MAX).pad())
HOSTILE(header_empty, "model.unsupported_architecture", header(3, 0, 0).pad())

HOSTILE(kv_bad_key_size, "model.bad_key", header(3, 0, 1).number(UINT64_MAX).raw("key", 3).number(u32).number(1U).pad())
HOSTILE(kv_empty_key, "model.bad_key", header(3, 0, 1).u32_entry("", 1).pad())
HOSTILE(kv_bad_type, "model.metadata_type", header(3, 0, 1).string("key").number(value_type_count).zeros(32))
HOSTILE(kv_bad_array_type, "model.metadata_type",
        header(3, 0, 1).string("key").number(array).number(value_type_count).number<uint64_t>(1).zeros(32))
HOSTILE(kv_duplicate_key, "model.duplicate_key", header(3, 0, 2).u32_entry("key", 1).u32_entry("key", 2).pad())
HOSTILE(kv_bad_align, "model.alignment", alignment_entry(u32, 13).pad())
HOSTILE(kv_wrong_type_align, "model.alignment", alignment_entry(i32, 32).pad())

HOSTILE(tensors_bad_name_size, "model.bad_tensor_name", one_tensor(std::string(64, 'n'), {8}, F32))
HOSTILE(tensors_bad_n_dims, "model.dimensions", one_tensor("a", {1, 1, 1, 1, 1}, F32))
HOSTILE(tensors_bad_shape, "model.dimensions", one_tensor("a", {-1}, F32))
HOSTILE(tensors_zero_dim, "model.dimensions", one_tensor("a", {8, 0}, F32))
HOSTILE(tensors_ne_too_big, "model.dimensions",
        one_tensor("a", {4 * int64_t{INT32_MAX}, 4 * int64_t{INT32_MAX}}, F32))
HOSTILE(tensors_nbytes_too_big, "model.dimensions", one_tensor("a", {1533916891, 1533916891}, I64))
HOSTILE(tensors_bad_type, "model.tensor_type", one_tensor("a", {8}, type_count))
HOSTILE(tensors_bad_offset, "model.tensor_offset", one_tensor("a", {8}, F32, UINT64_MAX))
HOSTILE(tensors_duplicate_name, "model.duplicate_tensor",
        header(3, 2, 0).tensor("a", {8}, F32, 0).tensor("a", {8}, F32, 32).pad().zeros(64))
HOSTILE(tensors_bad_align, "model.alignment", alignment_entry(u32, 13, 1).tensor("a", {8}, F32, 0).pad().zeros(32))
HOSTILE(tensors_inconsistent_align, "model.tensor_offset", inconsistent_alignment())

HOSTILE(data_not_enough_data, "model.truncated", header(3, 1, 0).tensor("a", {8}, F32, 0).pad().zeros(31))
HOSTILE(data_mem_size_overflow, "model.dimensions",
        header(3, 2, 0)
            .tensor("a", {0x7FFFFFFFFFFFFFC0}, I8, 0)
            .tensor("b", {0x7FFFFFFFFFFFFFC0}, I8, 0x7FFFFFFFFFFFFFC0)
            .pad()
            .zeros(32))

// CVE-2024-21802 and -23496: counts and lengths that overflow an allocation.
HOSTILE(cve_2024_21802_text_length, "model.string_size",
        header(3, 0, 1).string("key").number(text).number(UINT64_MAX).zeros(32))
HOSTILE(cve_2024_23496_array_length, "model.array_size",
        header(3, 0, 1).string("key").number(array).number(text).number(UINT64_MAX / 16 + 1).zeros(32))
// CVE-2024-32878: an entry that ends early, after an array whose texts were already read.
HOSTILE(cve_2024_32878_half_an_entry, "model.truncated",
        header(3, 0, 2).text_array_entry("a", {"x", "y"}).string("b").number(array).number(text).number<uint64_t>(2).string("x"))
// CVE-2025-53630 and its bypass CVE-2026-27940: sizes that only overflow when all tensors are added up.
HOSTILE(cve_2025_53630_sum_of_sizes, "model.truncated",
        header(3, 2, 0)
            .tensor("a", {int64_t{1} << 61, 1}, I8, 0)
            .tensor("b", {int64_t{1} << 61, 1}, I8, uint64_t{1} << 61)
            .pad()
            .zeros(64))
HOSTILE(cve_2026_27940_last_padding, "model.truncated", one_tensor("a", {(int64_t{1} << 62) - 1}, I8))
// CVE-2026-7482: a tensor that claims more than the file holds, so that a converter reads what lies behind it.
HOSTILE(cve_2026_7482_lying_size, "model.truncated", one_tensor("a", {1 << 20}, F32))

namespace {

// A sound model but for what a test adds to its metadata.
struct Entries {
  GgufBytes bytes;
  uint64_t count = 0;

  Entries &number_of(const std::string &key, uint32_t value) { return bytes.u32_entry(key, value), ++count, *this; }
  Entries &texts(const std::string &key, const std::vector<std::string> &values) {
    return bytes.text_array_entry(key, values), ++count, *this;
  }
  template <class Value> Entries &list(const std::string &key, uint32_t type, const std::vector<Value> &values) {
    bytes.string(key).number<uint32_t>(array).number(type).number<uint64_t>(values.size());
    for (const Value value : values) bytes.number(value);
    return ++count, *this;
  }
  Entries &types(const std::vector<int32_t> &values) { return list("tokenizer.ggml.token_type", i32, values); }
};

std::string with(const Entries &entries, const std::function<void(TinyModel &)> &change = {}) {
  TinyModel model;
  model.extra_metadata = entries.bytes;
  model.extra_entries = entries.count;
  if (change) change(model);
  return model.save("model.gguf");
}

// The model's three tokens are replaced by these.
std::string with_tokens(const std::vector<std::string> &tokens, Entries entries = {}) {
  return with(entries.texts("tokenizer.ggml.tokens", tokens),
              [](TinyModel &model) { model.leave_out = {"tokenizer.ggml.tokens"}; });
}

} // namespace

HOSTILE(the_model_the_next_tests_change_is_sound, "sound", with({}))

// llama.cpp: an assert that ends the process.
HOSTILE(block_count_above_512, "model.bad_dimension", with({}, [](TinyModel &m) { m.layers = 513; }))
HOSTILE(block_count_of_4_billion, "model.bad_dimension", with({}, [](TinyModel &m) { m.layers = UINT32_MAX; }))
HOSTILE(heads_0, "model.bad_dimension", with({}, [](TinyModel &m) { m.stated_heads = 0; }))
HOSTILE(heads_of_4_billion, "model.bad_dimension", with({}, [](TinyModel &m) { m.stated_heads = UINT32_MAX; }))
HOSTILE(key_heads_above_heads, "model.bad_dimension", with({}, [](TinyModel &m) { m.stated_kv_heads = 4; }))
HOSTILE(n_expert, "model.unsupported_feature", with(Entries().number_of("llama.expert_count", 1 << 30)))
HOSTILE(vocabulary_larger_than_embeddings, "model.vocabulary_mismatch", with({}, [](TinyModel &m) { m.listed_tokens = 4; }))
HOSTILE(vocabulary_smaller_than_embeddings, "model.vocabulary_mismatch", with({}, [](TinyModel &m) { m.listed_tokens = 2; }))

HOSTILE(tokens_that_are_numbers, "tokenizer.array_type",
        with(Entries().list<uint32_t>("tokenizer.ggml.tokens", u32, {1, 2, 3}),
             [](TinyModel &m) { m.leave_out = {"tokenizer.ggml.tokens"}; }))
HOSTILE(tokens_that_are_no_list, "tokenizer.array_type",
        with(Entries().number_of("tokenizer.ggml.tokens", 3), [](TinyModel &m) { m.leave_out = {"tokenizer.ggml.tokens"}; }))
HOSTILE(duplicate_token, "tokenizer.duplicate_token", with_tokens({"a", "b", "a"}))
HOSTILE(duplicate_token_before_a_zero_byte, "tokenizer.duplicate_token", with_tokens({"a", "b", std::string("a\0c", 3)}))
HOSTILE(empty_tokens_are_told_apart_by_llama_cpp, "sound", with_tokens({"", "b", ""}))
HOSTILE(byte_token_minus_1, "tokenizer.byte_token", with_tokens({"a", "b", "<0x-1>"}))
HOSTILE(byte_token_too_short, "tokenizer.byte_token", with_tokens({"a", "b", "<0"}, Entries().types({1, 1, 6})))
HOSTILE(byte_token_as_it_should_be, "sound", with_tokens({"a", "b", "<0x0A>"}, Entries().types({1, 1, 6})))
HOSTILE(too_few_token_types, "tokenizer.length", with(Entries().types({1, 1})))
HOSTILE(too_many_token_types, "tokenizer.length", with(Entries().types({1, 1, 1, 1})))
HOSTILE(token_types_of_another_width, "tokenizer.array_type",
        with(Entries().list<uint64_t>("tokenizer.ggml.token_type", u64, {1, 1, 1})))
HOSTILE(token_type_7, "tokenizer.token_type", with(Entries().types({1, 1, 7})))
HOSTILE(token_type_minus_1, "tokenizer.token_type", with(Entries().types({1, 1, -1})))
HOSTILE(too_few_scores, "tokenizer.length", with(Entries().list<float>("tokenizer.ggml.scores", f32, {0.0f, 0.0f})))
HOSTILE(scores_that_are_texts, "tokenizer.array_type", with(Entries().texts("tokenizer.ggml.scores", {"0", "0", "0"})))
HOSTILE(merge_without_a_space, "tokenizer.merge", with(Entries().texts("tokenizer.ggml.merges", {"a b", "ab"})))
HOSTILE(merge_with_nothing_behind_the_space, "tokenizer.merge", with(Entries().texts("tokenizer.ggml.merges", {"a "})))
HOSTILE(merge_with_nothing_before_the_space, "tokenizer.merge", with(Entries().texts("tokenizer.ggml.merges", {" a"})))
HOSTILE(merges_that_are_numbers, "tokenizer.array_type", with(Entries().list<int32_t>("tokenizer.ggml.merges", i32, {1})))
HOSTILE(bos_outside_the_vocabulary, "tokenizer.special_token", with(Entries().number_of("tokenizer.ggml.bos_token_id", 3)))
HOSTILE(eos_outside_the_vocabulary, "tokenizer.special_token",
        with(Entries().number_of("tokenizer.ggml.eos_token_id", UINT32_MAX)))
HOSTILE(eos_that_is_a_list, "model.metadata_type", with(Entries().list<uint32_t>("tokenizer.ggml.eos_token_id", u32, {1})))
HOSTILE(ids_inside_the_vocabulary, "sound",
        with(Entries().number_of("tokenizer.ggml.bos_token_id", 0).number_of("tokenizer.ggml.eos_token_id", 2)))

// Strict, but not stricter than what is published: the vocabularies that llama.cpp carries for its own tests.
TEST(published_tokenizers_are_sound) {
  int found = 0;
  for (const auto &entry : std::filesystem::directory_iterator(TREX_VOCABULARIES)) {
    if (entry.path().extension() != ".gguf") continue;
    CHECK(ModelFile::open(path_to_utf8(entry.path())).array_length("tokenizer.ggml.tokens").value_or(0) > 1000);
    ++found;
  }
  CHECK(found > 10);
}

// Cut at every byte of the header and at every 4 KiB of the data.
TEST(truncation_everywhere_is_a_config_failure) {
  Entries entries;
  entries.types({1, 1, 1}).texts("tokenizer.ggml.merges", {"a b"}).number_of("tokenizer.ggml.bos_token_id", 0);
  TinyModel model;
  model.embedding = model.feed_forward = 64;
  model.head_dim = 32;
  model.extra_metadata = entries.bytes;
  model.extra_entries = entries.count;
  const std::string whole = model.bytes();
  CHECK(code_of(GgufBytes().raw(whole.data(), whole.size())) == "sound");

  constexpr size_t data_bytes_at_least = 64 * 64 * 4 * 5; // F32 matrices of 64 x 64
  const size_t header_bytes = whole.size() - data_bytes_at_least;
  int cuts = 0;
  for (size_t length = 0; length < whole.size(); length += length < header_bytes ? 1 : 4096) {
    const std::string code = code_of(GgufBytes().raw(whole.data(), length));
    CHECK_CASE(code == (length < 4 ? "model.not_gguf" : "model.truncated"), std::to_string(length) + " bytes: " + code);
    ++cuts;
  }
  CHECK(cuts > 1000);
}

TEST(truncated_adapters_are_config_failures_too) {
  const ModelFile base = ModelFile::open(TinyModel().save("base.gguf"));
  const std::vector<float> values(16, 1.0f);
  const std::string path = scratch_folder() + "/adapter.gguf";
  write_adapter(path, base, "adapter", 8.0, {{"blk.0.attn_q.weight", 4, 4, 2, values.data(), values.data()}}, GGML_TYPE_F32);
  CHECK(read_adapter(path, base).tensors.size() == 1);
  const MappedFile file = MappedFile::open(path);
  for (size_t length = 0; length < file.size_bytes(); ++length) {
    const std::string cut = GgufBytes().raw(file.data(), length).save("cut.gguf");
    std::string code = "sound";
    try {
      read_adapter(cut, base);
    } catch (const Failure &failure) {
      code = failure.cls == FailureClass::config ? failure.code : "bad failure";
    }
    CHECK_CASE(code == (length < 4 ? "model.not_gguf" : "model.truncated"), std::to_string(length) + " bytes: " + code);
  }
}
