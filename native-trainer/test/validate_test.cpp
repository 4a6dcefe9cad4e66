// Every way a GGUF file can be broken must end in one CONFIG failure with its own code and one sentence.
#include "gguf/validate.h"

#include <vector>

#include "common/failure.h"
#include "gguf/model_file.h"
#include "support/check.h"
#include "support/gguf_bytes.h"

namespace {

using trex::Failure;
using trex::FailureClass;
using trex::test::GgufBytes;
using trex::test::TinyModel;

std::string code_of(const std::string &bytes) {
  try {
    trex::validate_gguf({reinterpret_cast<const std::byte *>(bytes.data()), bytes.size()}, "file.gguf");
    return "sound";
  } catch (const Failure &failure) {
    const bool one_sentence = failure.message.ends_with(".") && failure.message.find('\n') == std::string::npos;
    return failure.cls == FailureClass::config && one_sentence && !failure.hint.empty() ? failure.code : "bad failure";
  }
}

// Two 1 x 8 F32 tensors, 32 bytes each, behind one text entry.
GgufBytes sound() {
  GgufBytes file;
  file.header(3, 2, 1).text_entry("general.architecture", "llama");
  return file.tensor("a", {8}, 0, 0).tensor("b", {8}, 0, 32).pad().zeros(64);
}

struct Case {
  const char *what;
  const char *code;
  GgufBytes file;
};

GgufBytes one_tensor(const std::string &name, const std::vector<int64_t> &shape, uint32_t type, uint64_t offset,
                     size_t data_bytes = 64) {
  GgufBytes file;
  return file.header(3, 1, 0).tensor(name, shape, type, offset).pad().zeros(data_bytes);
}

GgufBytes aligned(uint32_t type, uint64_t value) {
  GgufBytes file;
  file.header(3, 0, 1).string("general.alignment").number(type);
  return type == trex::test::u32 ? file.number(static_cast<uint32_t>(value)) : file.number(value);
}

constexpr int64_t huge = int64_t{1} << 62;

std::vector<Case> broken_files() {
  using namespace trex::test;
  return {
      {"empty", "model.not_gguf", {}},
      {"magic", "model.not_gguf", GgufBytes().raw("GGML", 4).zeros(60)},
      {"version 0", "model.version", GgufBytes().header(0, 0, 0)},
      {"version 1", "model.version", GgufBytes().header(1, 0, 0)},
      {"version 4", "model.version", GgufBytes().header(4, 0, 0)},
      {"big-endian", "model.byte_order", GgufBytes().header(0x03000000, 0, 0)},
      {"tensor count", "model.counts", GgufBytes().header(3, uint64_t{1} << 40, 0)},
      {"negative tensor count", "model.counts", GgufBytes().header(3, UINT64_MAX, 0)},
      {"entry count", "model.counts", GgufBytes().header(3, 0, UINT64_MAX)},
      {"more entries than bytes", "model.truncated", GgufBytes().header(3, 0, 4096)},
      {"key length", "model.bad_key", GgufBytes().header(3, 0, 1).number<uint64_t>(UINT64_MAX).zeros(64)},
      {"key beyond the end", "model.truncated", GgufBytes().header(3, 0, 1).number<uint64_t>(1000).zeros(64)},
      {"empty key", "model.bad_key", GgufBytes().header(3, 0, 1).u32_entry("", 1)},
      {"zero in key", "model.bad_key", GgufBytes().header(3, 0, 1).u32_entry(std::string("a\0b", 3), 1)},
      {"same key", "model.duplicate_key", GgufBytes().header(3, 0, 2).u32_entry("k", 1).u32_entry("k", 2)},
      {"text length", "model.string_size",
       GgufBytes().header(3, 0, 1).string("k").number<uint32_t>(text).number<uint64_t>(UINT64_MAX - 7)},
      {"text beyond the end", "model.truncated",
       GgufBytes().header(3, 0, 1).string("k").number<uint32_t>(text).number<uint64_t>(9).zeros(8)},
      {"unknown value type", "model.metadata_type", GgufBytes().header(3, 0, 1).string("k").number<uint32_t>(13).zeros(8)},
      {"array of arrays", "model.metadata_type",
       GgufBytes().header(3, 0, 1).string("k").number<uint32_t>(array).number<uint32_t>(array).number<uint64_t>(1).zeros(64)},
      {"array length", "model.array_size",
       GgufBytes().header(3, 0, 1).string("k").number<uint32_t>(array).number<uint32_t>(u64).number<uint64_t>(UINT64_MAX / 8 + 1)},
      {"array beyond the end", "model.truncated",
       GgufBytes().header(3, 0, 1).string("k").number<uint32_t>(array).number<uint32_t>(u8).number<uint64_t>(65).zeros(64)},
      {"alignment 0", "model.alignment", aligned(u32, 0)},
      {"alignment 24", "model.alignment", aligned(u32, 24)},
      {"alignment 4", "model.alignment", aligned(u32, 4)},
      {"alignment 2 GiB", "model.alignment", aligned(u32, 0x80000000)},
      {"alignment type", "model.alignment", aligned(u64, 32)},
      {"empty tensor name", "model.bad_tensor_name", one_tensor("", {8}, 0, 0)},
      {"tensor name length", "model.bad_tensor_name", one_tensor(std::string(64, 'x'), {8}, 0, 0)},
      {"zero in tensor name", "model.bad_tensor_name", one_tensor(std::string("a\0b", 3), {8}, 0, 0)},
      {"same tensor", "model.duplicate_tensor",
       GgufBytes().header(3, 2, 0).tensor("a", {8}, 0, 0).tensor("a", {8}, 0, 32).pad().zeros(64)},
      {"no dimensions", "model.dimensions", one_tensor("a", {}, 0, 0)},
      {"five dimensions", "model.dimensions", one_tensor("a", {1, 1, 1, 1, 1}, 0, 0)},
      {"zero dimension", "model.dimensions", one_tensor("a", {8, 0}, 0, 0)},
      {"negative dimension", "model.dimensions", one_tensor("a", {-8}, 0, 0)},
      {"two negative dimensions", "model.dimensions", one_tensor("a", {-8, -1}, 0, 0)},
      {"element count overflow", "model.dimensions", one_tensor("a", {huge, 4, 4}, 0, 0)},
      {"byte count overflow", "model.dimensions", one_tensor("a", {huge}, 0, 0)},
      {"unknown type", "model.tensor_type", one_tensor("a", {8}, 4711, 0)},
      {"negative type", "model.tensor_type", one_tensor("a", {8}, UINT32_MAX, 0)},
      {"withdrawn type Q4_2", "model.tensor_type", one_tensor("a", {32}, 4, 0)},
      {"part of a block", "model.tensor_type", one_tensor("a", {33}, 8, 0)},
      {"misaligned", "model.tensor_offset", one_tensor("a", {8}, 0, 8)},
      {"gap", "model.tensor_offset", one_tensor("a", {8}, 0, 32)},
      {"offset beyond the end", "model.truncated", one_tensor("a", {8}, 0, 4096)},
      {"offset overflow", "model.truncated", one_tensor("a", {8}, 0, UINT64_MAX - 31)},
      {"data beyond the end", "model.truncated", one_tensor("a", {17}, 0, 0)},
      {"overlap", "model.tensor_overlap",
       GgufBytes().header(3, 2, 0).tensor("a", {16}, 0, 0).tensor("b", {8}, 0, 32).pad().zeros(96)},
      {"same place", "model.tensor_overlap",
       GgufBytes().header(3, 2, 0).tensor("a", {8}, 0, 0).tensor("b", {8}, 0, 0).pad().zeros(64)},
  };
}

} // namespace

TEST(sound_files_pass) {
  CHECK(code_of(sound().bytes()) == "sound");
  CHECK(code_of(TinyModel().bytes()) == "sound");
  CHECK(code_of(GgufBytes().header(2, 0, 0).bytes()) == "sound");
  CHECK(code_of(one_tensor("a", {16}, 0, 0).bytes()) == "sound");
}

TEST(each_defect_has_its_code) {
  for (const Case &broken : broken_files()) {
    const std::string code = code_of(broken.file.bytes());
    CHECK_CASE(code == broken.code, std::string(broken.what) + ": " + code);
  }
}

TEST(truncation_anywhere_is_found) {
  const std::string whole = TinyModel().bytes();
  for (size_t length = 0; length < whole.size(); ++length) {
    const std::string code = code_of(whole.substr(0, length));
    // The last tensor's padding carries nothing, so only it may be missing.
    const bool only_padding_is_gone = length >= whole.size() - 16 && code == "sound";
    CHECK_CASE(code == (length < 4 ? "model.not_gguf" : "model.truncated") || only_padding_is_gone,
               std::to_string(length) + " bytes: " + code);
  }
}

TEST(truncated_files_fail_on_disk_too) {
  const std::string whole = TinyModel().bytes();
  for (const size_t length : {size_t{0}, size_t{3}, size_t{24}, size_t{100}, whole.size() - 64}) {
    const std::string path = GgufBytes().raw(whole.data(), length).save("truncated.gguf");
    std::string code = "sound";
    try {
      trex::ModelFile::open(path);
    } catch (const Failure &failure) {
      code = failure.code;
    }
    CHECK_CASE(code.starts_with("model."), std::to_string(length));
  }
}

// A flipped bit may leave the file sound, but must never crash, hang or read outside the file (the sanitizers watch),
// and what validation lets through ggml must be able to read.
TEST(flipped_bits_do_no_harm) {
  const std::string whole = TinyModel().bytes();
  int refused = 0;
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    if (code_of(bytes) != "sound") {
      ++refused;
      continue;
    }
    const gguf_init_params parameters = {.no_alloc = true, .ctx = nullptr};
    gguf_context *context = gguf_init_from_buffer(bytes.data(), bytes.size(), parameters);
    CHECK_CASE(context != nullptr, "bit " + std::to_string(bit));
    gguf_free(context);
  }
  CHECK(refused > 500);
}
