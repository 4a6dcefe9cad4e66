// What is written is read back unchanged, quantised by ggml's own rules, or not written at all.
#include "gguf/model_writer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "common/digest.h"
#include "common/failure.h"
#include "gguf/decode.h"
#include "support/check.h"

namespace {

using namespace trex;

std::string path_of(const char *name) { return trex::test::scratch_folder() + "/" + name; }

size_t files_in_scratch() {
  const auto entries = std::filesystem::directory_iterator(trex::test::scratch_folder());
  return static_cast<size_t>(std::distance(begin(entries), end(entries)));
}

float wave(int64_t index) { return std::sin(static_cast<float>(index) * 0.37f) * 0.1f; }

TensorSource wave_tensor(std::string name, std::vector<int64_t> shape, ggml_type type) {
  TensorSource source;
  source.name = std::move(name);
  source.type = type;
  source.fill = [columns = shape[0]](int64_t first_row, int64_t rows, float *out) {
    for (int64_t index = 0; index < rows * columns; ++index) out[index] = wave(first_row * columns + index);
  };
  source.shape = std::move(shape);
  return source;
}

std::vector<float> decode(const TensorView &tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.elements()));
  for (int64_t row = 0; row < tensor.rows(); ++row) {
    decode_row(tensor.type, tensor.row(row), values.data() + row * tensor.row_length(), tensor.row_length());
  }
  return values;
}

// Worst distance from the written wave, in units of its amplitude.
double worst_error(const TensorView &tensor) {
  const std::vector<float> values = decode(tensor);
  double worst = 0.0;
  for (size_t index = 0; index < values.size(); ++index) {
    worst = std::max(worst, std::fabs(static_cast<double>(values[index]) - wave(static_cast<int64_t>(index))) / 0.1);
  }
  return worst;
}

double expected_error(ggml_type type) {
  switch (type) {
  case GGML_TYPE_F32: return 0.0;
  case GGML_TYPE_F16: return 1.0 / 2048;
  case GGML_TYPE_BF16: return 1.0 / 256;
  case GGML_TYPE_Q8_0: return 0.51 / 127 + 0.001;
  case GGML_TYPE_Q6_K: return 0.51 / 16;
  case GGML_TYPE_Q5_0:
  case GGML_TYPE_Q5_1:
  case GGML_TYPE_Q5_K: return 1.02 / 16;
  case GGML_TYPE_Q4_1: return 0.51 / 7;
  case GGML_TYPE_MXFP4: return 0.26; // 8 is stored as 6, the largest value of its scale
  default: return 1.02 / 8; // four bits; Q4_0's positive end reaches only 7/8 of its scale
  }
}

} // namespace

TEST(every_type_survives_a_round_trip) {
  ThreadPool threads(2);
  for (const ggml_type type : weight_types()) {
    ModelWriter writer;
    writer.set_text("general.architecture", "llama");
    writer.set_text_array("list", {"a", "", "ü"});
    writer.set_i32_array("numbers", {-1, 2});
    writer.set_bool("flag", true);
    writer.add(wave_tensor("matrix", {512, 33}, type));
    writer.add(wave_tensor("vector", {7}, GGML_TYPE_F32));
    const WrittenFile written = writer.write(path_of("round_trip.gguf"), threads);
    CHECK(written.sha256 == sha256_of_file(written.path));

    const ModelFile file = ModelFile::open(written.path);
    CHECK(file.size_bytes() == written.size_bytes);
    CHECK(file.text_array("list") == (std::vector<std::string>{"a", "", "ü"}));
    CHECK(file.integer_array("numbers") == (std::vector<int64_t>{-1, 2}));
    CHECK(file.boolean("flag") == true);
    const TensorView &matrix = file.require("matrix");
    CHECK_CASE(matrix.type == type && matrix.n_dims == 2, type_label(type));
    CHECK_CASE(worst_error(matrix) <= expected_error(type), std::string(type_label(type)) + " " + std::to_string(worst_error(matrix)));
    CHECK(worst_error(file.require("vector")) == 0.0);
  }
}

TEST(threads_do_not_change_the_file) {
  std::string hashes[2];
  for (const int count : {1, 3}) {
    ThreadPool threads(count);
    ModelWriter writer;
    writer.add(wave_tensor("matrix", {256, 5000}, GGML_TYPE_Q4_K));
    hashes[count == 3] = writer.write(path_of("threads.gguf"), threads).sha256;
  }
  CHECK(hashes[0] == hashes[1]);
}

TEST(rows_that_do_not_fit_a_type_fall_back) {
  CHECK(storable_type(GGML_TYPE_Q4_K, 2, 512) == GGML_TYPE_Q4_K);
  CHECK(storable_type(GGML_TYPE_Q4_K, 2, 896) == GGML_TYPE_Q5_0);
  CHECK(storable_type(GGML_TYPE_Q5_K, 2, 896) == GGML_TYPE_Q5_1);
  CHECK(storable_type(GGML_TYPE_Q6_K, 2, 896) == GGML_TYPE_Q8_0);
  CHECK(storable_type(GGML_TYPE_IQ4_XS, 2, 896) == GGML_TYPE_IQ4_NL);
  CHECK(storable_type(GGML_TYPE_Q4_K, 2, 100) == GGML_TYPE_F16);
  CHECK(storable_type(GGML_TYPE_IQ4_XS, 2, 100) == GGML_TYPE_F16);
  CHECK(storable_type(GGML_TYPE_MXFP4, 2, 100) == GGML_TYPE_F16);
  CHECK(storable_type(GGML_TYPE_Q8_0, 2, 100) == GGML_TYPE_F16);
  CHECK(storable_type(GGML_TYPE_BF16, 2, 100) == GGML_TYPE_BF16);
  CHECK(storable_type(GGML_TYPE_Q4_0, 1, 64) == GGML_TYPE_F32);
}

TEST(values_that_cannot_be_stored_leave_no_file) {
  ThreadPool threads(2);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const size_t files_before = files_in_scratch();
  for (const auto &[type, value] : {std::pair(GGML_TYPE_F32, nan), std::pair(GGML_TYPE_Q8_0, infinity),
                                    std::pair(GGML_TYPE_Q4_K, nan), std::pair(GGML_TYPE_F16, 70000.0f)}) {
    ModelWriter writer;
    TensorSource source = wave_tensor("matrix", {256, 4}, type);
    source.fill = [value = value](int64_t, int64_t rows, float *out) {
      std::fill_n(out, rows * 256, 0.0f);
      out[rows * 256 - 1] = value;
    };
    writer.add(std::move(source));
    std::string code = "written";
    try {
      writer.write(path_of("not_finite.gguf"), threads);
    } catch (const Failure &failure) {
      code = failure.code;
    }
    CHECK_CASE(code == "model.not_finite", type_label(type));
  }
  CHECK(files_in_scratch() == files_before);
}

TEST(odd_addresses_decode_the_same) {
  for (const ggml_type type : weight_types()) {
    constexpr int64_t length = 8192; // more than one copied piece
    std::vector<float> values(length);
    for (int64_t index = 0; index < length; ++index) values[static_cast<size_t>(index)] = wave(index);
    std::vector<std::byte> stored(ggml_row_size(type, length) + 1);
    ggml_quantize_chunk(type, values.data(), stored.data(), 0, 1, length, nullptr);
    std::vector<float> aligned(length);
    std::vector<float> unaligned(length);
    decode_row(type, stored.data(), aligned.data(), length);
    std::memmove(stored.data() + 1, stored.data(), stored.size() - 1);
    decode_row(type, stored.data() + 1, unaligned.data(), length);
    CHECK_CASE(aligned == unaligned, type_label(type));
  }
}
