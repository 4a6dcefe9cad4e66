// Safetensors: a strict reader of hostile files and the writer.
#include "peft/safetensors.h"

#include <cmath>
#include <functional>

#include "common/failure.h"
#include "support/check.h"
#include "support/safetensors_bytes.h"

namespace {

using namespace trex;
using trex::test::float_bytes;
using trex::test::safetensors_bytes;

// What the reader says of bytes that lie in a buffer of exactly their size, so that a sanitizer sees every step
// outside.
std::string verdict(const std::string &bytes) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  try {
    for (const SafetensorsTensor &tensor : read_safetensors(std::as_bytes(std::span(exact)), "file"))
      decode_tensor(tensor);
    return "accepted";
  } catch (const Failure &failure) {
    return failure.cls == FailureClass::config && failure.message.ends_with(".") ? failure.code : "bad failure";
  }
}

const std::string buffer12 = float_bytes({1.0f, 2.0f, 3.0f});

std::string entry(const std::string &name, const std::string &dtype, const std::string &shape,
                  const std::string &offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

std::string with(const std::string &entries, const std::string &buffer = buffer12) {
  return verdict(safetensors_bytes("{" + entries + "}", buffer));
}

} // namespace

TEST(each_broken_file_has_its_code) {
  const std::string one = entry("a", "F32", "[1]", "[0,4]"), two = entry("b", "F32", "[2]", "[4,12]");
  CHECK(with(one + "," + two) == "accepted");
  CHECK(with(two + "," + one) == "accepted"); // the header's order is free
  CHECK(verdict(safetensors_bytes("{" + one + "," + two + "}   ", buffer12)) == "accepted");
  CHECK(with("\"__metadata__\":{\"format\":\"pt\"}," + one + "," + two) == "accepted");
  CHECK(with("", "") == "accepted"); // no tensors; an adapter without any is refused by its reader
  struct Case {
    std::string code, entries;
  };
  const Case cases[] = {
      {"peft.offsets", one},                                            // eight bytes of no tensor
      {"peft.offsets", two},                                            // four bytes before the first
      {"peft.offsets", one + "," + entry("b", "F32", "[1]", "[8,12]")}, // a gap
      {"peft.offsets", entry("a", "F32", "[3]", "[0,12]") + "," + two}, // an overlap
      {"peft.offsets",
       entry("a", "F32", "[3]", "[0,12]") + "," + entry("b", "F32", "[3]", "[0,12]")}, // the same bytes twice
      {"peft.offsets", entry("a", "F32", "[3]", "[0,8]")},                             // shorter than its shape
      {"peft.offsets", entry("a", "F16", "[3]", "[0,12]")},                            // longer than its type
      {"peft.offsets", entry("a", "F32", "[3]", "[12,0]")},
      {"peft.offsets", entry("a", "F32", "[3]", "[0]")},
      {"peft.offsets", entry("a", "F32", "[3]", "[-12,0]")},
      {"peft.offsets", entry("a", "F32", "[3]", "[0,12.0]")},
      {"peft.offsets", entry("a", "F32", "[3]", "[18446744073709551612,8]")}, // wraps round to 12
      {"peft.offsets", entry("a", "F32", "[3]", "\"0,12\"")},
      {"peft.truncated", entry("a", "F32", "[4]", "[0,16]")},
      {"peft.truncated", entry("a", "F32", "[3]", "[18446744073709551600,18446744073709551612]")},
      {"peft.dtype", entry("a", "F64", "[3]", "[0,12]")},
      {"peft.dtype", entry("a", "I32", "[3]", "[0,12]")},
      {"peft.dtype", entry("a", "f32", "[3]", "[0,12]")},
      {"peft.dtype", "\"a\":{\"dtype\":3,\"shape\":[3],\"data_offsets\":[0,12]}"},
      {"peft.shape", entry("a", "F32", "[]", "[0,4]")},
      {"peft.shape", entry("a", "F32", "[0]", "[0,0]")},
      {"peft.shape", entry("a", "F32", "[-3]", "[0,12]")},
      {"peft.shape", entry("a", "F32", "[3.0]", "[0,12]")},
      {"peft.shape", entry("a", "F32", "3", "[0,12]")},
      {"peft.shape", entry("a", "F32", "[1,1,1,1,1,1,1,1,3]", "[0,12]")},
      {"peft.shape", entry("a", "F32", "[4294967296,4294967296,4294967296]", "[0,12]")}, // product overflows
      {"peft.shape", entry("a", "F32", "[9223372036854775811]", "[0,12]")},
      {"peft.shape", entry("a", "F32", "[18446744073709551616]", "[0,12]")},
      {"peft.duplicate_key", one + "," + one + "," + two},
      {"peft.duplicate_key", one + "," + entry("\\u0061", "F32", "[2]", "[4,12]")}, // the same name, escaped
      {"peft.duplicate_key", "\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}"},
      {"peft.header", "\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12],\"more\":1}"},
      {"peft.header", "\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"offsets\":[0,12]}"},
      {"peft.header", "\"a\":3"},
      {"peft.header", "\"__metadata__\":{\"format\":1}," + one + "," + two},
      {"peft.header", "\"__metadata__\":[]," + one + "," + two},
      {"peft.json", "\"a\":" + std::string(40, '[') + std::string(40, ']')},
      {"peft.json", one + ","},
      {"peft.json", entry("\xff", "F32", "[3]", "[0,12]")}, // not UTF-8
  };
  for (const Case &broken : cases) {
    const std::string got = with(broken.entries);
    CHECK_CASE(got == broken.code, broken.entries + " -> " + got);
  }
  const std::string sound = safetensors_bytes("{" + one + "," + two + "}", buffer12);
  CHECK(verdict(sound + "x") == "peft.offsets");
  CHECK(verdict(safetensors_bytes("[1,2]", "")) == "peft.header");
  CHECK(verdict(safetensors_bytes(" {}", "")) == "peft.header");
  CHECK(verdict(safetensors_bytes("", "")) == "peft.header");
  CHECK(verdict(safetensors_bytes("{} x", "")) == "peft.json");
  CHECK(verdict(std::string("\x80\x02}q\x00", 5)) == "peft.truncated"); // a pickle
}

TEST(a_header_length_that_lies_is_refused) {
  const std::string sound = safetensors_bytes("{" + entry("a", "F32", "[3]", "[0,12]") + "}", buffer12);
  for (int bit = 0; bit < 64; ++bit) { // every single flipped bit of the length
    std::string lying = sound;
    lying[static_cast<size_t>(bit / 8)] = static_cast<char>(lying[static_cast<size_t>(bit / 8)] ^ (1 << bit % 8));
    CHECK_CASE(verdict(lying).starts_with("peft."), std::to_string(bit));
  }
  CHECK(verdict(std::string(8, '\xff') + "{}") == "peft.header");
  CHECK(verdict(std::string("\1\0\0\1\0\0\0\0", 8) + "{}") == "peft.header"); // one byte over 16 MiB
}

TEST(every_truncation_is_refused) {
  const std::string sound =
      safetensors_bytes("{\"__metadata__\":{\"format\":\"pt\"}," + entry("a", "F32", "[1]", "[0,4]") + "," +
                            entry("b", "F16", "[2,2]", "[4,12]") + "}",
                        buffer12);
  CHECK(verdict(sound) == "accepted");
  for (size_t length = 0; length < sound.size(); ++length) {
    const std::string got = verdict(sound.substr(0, length));
    CHECK_CASE(got == "peft.truncated", std::to_string(length) + " -> " + got);
  }
}

TEST(any_changed_byte_is_refused_or_harmless) {
  const std::string sound = safetensors_bytes(
      "{" + entry("a", "F32", "[1]", "[0,4]") + "," + entry("b", "BF16", "[2,2]", "[4,12]") + "}", buffer12);
  for (size_t at = 0; at < sound.size(); ++at) {
    for (const char to : {'\0', '"', '9', '{', '}', ',', '\x7f', '\xff'}) {
      std::string changed = sound;
      changed[at] = to;
      const std::string got = verdict(changed);
      CHECK_CASE(got == "accepted" || got.starts_with("peft."), std::to_string(at) + " -> " + got);
    }
  }
}

TEST(values_are_widened_exactly) {
  const std::string halves("\x00\x3c\x00\xc0\x01\x00", 6); // F16 1, -2, 2^-24
  const std::string brains("\x80\x3f\x00\xc0\x00\x00", 6); // BF16 1, -2, 0
  const std::string bytes = safetensors_bytes(
      "{" + entry("h", "F16", "[3]", "[0,6]") + "," + entry("b", "BF16", "[3]", "[6,12]") + "}", halves + brains);
  const std::vector<SafetensorsTensor> tensors = read_safetensors(std::as_bytes(std::span(bytes)), "file");
  CHECK(tensors.size() == 2 && tensors[0].name == "b" && tensors[1].name == "h");
  CHECK(decode_tensor(tensors[0]) == (std::vector<float>{1.0f, -2.0f, 0.0f}));
  CHECK(decode_tensor(tensors[1]) == (std::vector<float>{1.0f, -2.0f, std::ldexp(1.0f, -24)}));
}

TEST(values_that_are_not_finite_are_refused) {
  CHECK(with(entry("a", "F32", "[3]", "[0,12]"), float_bytes({1.0f, NAN, 3.0f})) == "peft.not_finite");
  CHECK(with(entry("a", "F32", "[3]", "[0,12]"), float_bytes({1.0f, 2.0f, -INFINITY})) == "peft.not_finite");
  CHECK(with(entry("a", "F16", "[1]", "[0,2]"), std::string("\x00\x7c", 2)) == "peft.not_finite");
  CHECK(with(entry("a", "BF16", "[1]", "[0,2]"), std::string("\xc0\x7f", 2)) == "peft.not_finite");
}

TEST(what_is_written_is_read_back) {
  const std::vector<float> x = {1.5f, -0.0f, std::ldexp(1.0f, -149), 3e38f, 0.1f, 7.0f}, y = {42.0f};
  const std::string path = trex::test::scratch_folder() + "/written.safetensors";
  const WrittenFile written = write_safetensors(path, {{"z \"quoted\"", {2, 3}, x}, {"a", {1, 1}, y}});
  const SafetensorsFile file = SafetensorsFile::open(path);
  CHECK(file.tensors().size() == 2 && file.tensors()[0].name == "a" && file.tensors()[1].name == "z \"quoted\"");
  CHECK(file.tensors()[1].shape == (std::vector<int64_t>{2, 3}) && file.tensors()[1].type == GGML_TYPE_F32);
  const std::vector<float> back = decode_tensor(file.tensors()[1]);
  CHECK(float_bytes(back) == float_bytes(x)); // bits, so that -0 counts
  CHECK(decode_tensor(file.tensors()[0]) == y);
  CHECK(written.size_bytes % 4 == 0 && reinterpret_cast<uintptr_t>(file.tensors()[0].data) % 8 == 0);
}
