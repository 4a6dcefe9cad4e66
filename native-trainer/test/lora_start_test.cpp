// Where a fresh adapter starts: the spread of random starts, and that PiSSA starts at the base's principal directions,
// keeps its frozen copy, and is exact against the base as it is.
#include "train/lora_start.h"

#include <cmath>

#include "gguf/adapter_file.h"
#include "gguf/decode.h"
#include "ops/cpu/cpu_device.h"
#include "support/brute_force_svd.h"
#include "support/check.h"
#include "support/numbers.h"
#include "support/training_jobs.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

struct Start {
  std::vector<float> a, b; // [2 rank, in], [out, 2 rank]
};

Start principal(const Weight &w, int64_t rank, double scale, int threads = 2) {
  CpuDevice device(threads, 8, best_isa());
  Start start{std::vector<float>(static_cast<size_t>(2 * rank * w.in)),
              std::vector<float>(static_cast<size_t>(2 * rank * w.out))};
  start_principal(cpu_ops(), device, w, scale, start.a.data(), start.b.data(), rank, 5, 1);
  return start;
}

// The first or second half of the pair on its own.
std::vector<double> half_product(const Start &start, const Weight &w, int64_t rank, double scale, int64_t first) {
  std::vector<float> a(start.a.begin() + first * w.in, start.a.begin() + (first + rank) * w.in), b;
  for (int64_t row = 0; row < w.out; ++row) {
    for (int64_t k = 0; k < rank; ++k) b.push_back(start.b[static_cast<size_t>(row * 2 * rank + first + k)]);
  }
  return explicit_product(a, b, w.in, w.out, rank, scale);
}

double frobenius(const std::vector<double> &m) {
  double sum = 0.0;
  for (const double value : m) sum += value * value;
  return std::sqrt(sum);
}

json pissa_into(const std::string &folder) {
  json request = request_into(folder);
  request["lora"] = {{"rank", 4}, {"alpha", 4}, {"init", "pissa"}};
  request["validation"] = counting_rows();
  request["optimizer"] = {{"learningRate", 0.003}};
  return request;
}

Adapter result_of(const json &request) { return read_adapter(adapter_of(request), ModelFile::open(tiny_model())); }

} // namespace

TEST(principal_starts_are_the_truncated_singular_value_decomposition) {
  const int64_t in = 64, out = 24;
  std::vector<float> values = random_values(in * out, 3);
  for (int64_t i = 0; i < in; ++i) values[static_cast<size_t>(i)] *= 6.0f; // one direction that stands out
  std::vector<std::byte> coded(ggml_row_size(GGML_TYPE_Q8_0, in) * static_cast<size_t>(out));
  ggml_quantize_chunk(GGML_TYPE_Q8_0, values.data(), coded.data(), 0, out, in, nullptr);
  const Weight w{coded.data(), GGML_TYPE_Q8_0, in, out, ggml_row_size(GGML_TYPE_Q8_0, in)};
  std::vector<double> dense;
  std::vector<float> row(static_cast<size_t>(in));
  for (int64_t r = 0; r < out; ++r) {
    decode_row(w.type, w.data + static_cast<size_t>(r) * w.row_bytes, row.data(), in);
    dense.insert(dense.end(), row.begin(), row.end());
  }
  const std::vector<double> s = brute_force_singular_values(dense, out, in);

  for (const int64_t rank : {1, 4, 20, 24}) {
    const double scale = 1.5;
    const Start start = principal(w, rank, scale);
    const std::vector<double> product = half_product(start, w, rank, scale, 0);
    std::vector<double> rest = dense;
    for (size_t i = 0; i < rest.size(); ++i) rest[i] -= product[i];
    double best = 0.0; // Eckart and Young: no matrix of this rank is nearer
    for (size_t i = static_cast<size_t>(rank); i < s.size(); ++i) best += s[i] * s[i];
    best = std::sqrt(best);
    CHECK_CASE(std::abs(frobenius(rest) - best) < 2e-3 * best + 1e-5 * frobenius(dense),
               std::to_string(rank) + ": " + std::to_string(frobenius(rest)) + " against " + std::to_string(best));
    // The largest value, and that A and B share it evenly.
    CHECK(std::abs(brute_force_singular_values(product, out, in)[0] / s[0] - 1.0) < 1e-4);
    double a_square = 0.0;
    for (int64_t i = 0; i < in; ++i) a_square += std::pow(static_cast<double>(start.a[static_cast<size_t>(i)]), 2);
    CHECK(std::abs(a_square * scale / s[0] - 1.0) < 1e-4);
    // The frozen half is the first one, bit for bit, with the other sign.
    for (size_t i = 0; i < static_cast<size_t>(rank * in); ++i) {
      CHECK(start.a[i] == start.a[i + static_cast<size_t>(rank * in)]);
    }
    for (size_t i = 0; i < start.b.size(); i += static_cast<size_t>(2 * rank)) {
      for (size_t k = 0; k < static_cast<size_t>(rank); ++k)
        CHECK(start.b[i + k] == -start.b[i + k + static_cast<size_t>(rank)]);
    }
    const Start other = principal(w, rank, scale, 3);
    CHECK(start.a == other.a && start.b == other.b); // whatever the threads
  }
}

TEST(a_matrix_of_lower_rank_has_dead_directions) {
  const int64_t in = 9, out = 7;
  std::vector<float> values(static_cast<size_t>(in * out));
  for (int64_t i = 0; i < in * out; ++i)
    values[static_cast<size_t>(i)] = static_cast<float>(i / in) * static_cast<float>(i % in);
  const Weight w{reinterpret_cast<const std::byte *>(values.data()), GGML_TYPE_F32, in, out, in * sizeof(float)};
  const Start start = principal(w, 3, 1.0);
  const std::vector<double> product = half_product(start, w, 3, 1.0, 0);
  double worst = 0.0;
  for (size_t i = 0; i < product.size(); ++i)
    worst = std::max(worst, std::abs(product[i] - static_cast<double>(values[i])));
  CHECK_CASE(worst < 1e-4, std::to_string(worst));
}

TEST(pissa_starts_at_the_base_and_moves_only_its_own_half) {
  json plain = request_into("start-plain"), still = pissa_into("start-still"), moved = pissa_into("start-moved");
  plain["optimizer"] = still["optimizer"] = {{"learningRate", 0.0}};
  plain["steps"] = still["steps"] = 1;
  plain["validation"] = counting_rows();
  const double base = train(plain).last("done").at("validationLoss").get<double>();
  const Outcome start = train(still);
  const double started = start.last("done").at("validationLoss").get<double>();
  CHECK_CASE(std::abs(started - base) < 1e-6 * base, std::to_string(started) + " against " + std::to_string(base));
  CHECK(start.last("start").at("trainableParameters") == train(plain).last("start").at("trainableParameters"));
  CHECK(start.last("plan").at("bytes").at("adapter") ==
        2 * train(plain).last("plan").at("bytes").at("adapter").get<int64_t>());

  // With everything that touches values: averaging, codes for moments, another rate for B.
  for (const json &extra : {json::object(), json{{"emaDecay", 0.9}, {"states", "8bit"}, {"loraPlusRatio", 4}}}) {
    moved["optimizer"] = {{"learningRate", 0.003}};
    moved["optimizer"].update(extra);
    const Outcome outcome = train(moved);
    const double trained = outcome.last("done").at("validationLoss").get<double>();
    CHECK_CASE(trained < 0.98 * base, std::to_string(trained));
    CHECK(std::abs(trained - scored_loss(moved)) < 2e-7 * trained);
    const Adapter before = result_of(still), after = result_of(moved);
    CHECK(after.tensors.size() == 14);
    for (size_t i = 0; i < after.tensors.size(); ++i) {
      const AdapterTensor &x = before.tensors[i], &y = after.tensors[i];
      CHECK(y.rank == 8);
      const auto in = static_cast<std::ptrdiff_t>(y.in);
      CHECK_CASE(std::equal(x.a.begin() + 4 * in, x.a.end(), y.a.begin() + 4 * in), y.base);
      CHECK_CASE(!std::equal(x.a.begin(), x.a.begin() + 4 * in, y.a.begin()), y.base);
      size_t moved_values = 0;
      for (size_t k = 0; k < y.b.size(); ++k) {
        if (k % 8 >= 4) CHECK_CASE(x.b[k] == y.b[k], y.base);
        moved_values += k % 8 < 4 && x.b[k] != y.b[k] ? 1 : 0;
      }
      CHECK_CASE(moved_values > 0, y.base);
    }
  }
}

TEST(pissa_resumes_and_can_be_continued) {
  json whole = pissa_into("start-whole"), pieces = pissa_into("start-pieces");
  const Outcome uninterrupted = train(whole);
  train_step_by_step(pieces);
  CHECK(hash_of(pieces) == hash_of(whole));
  json continued = pissa_into("start-continued");
  continued["lora"] = {{"rank", 8}, {"alpha", 8}, {"initFrom", adapter_of(whole)}};
  continued["optimizer"] = {{"learningRate", 0.0}};
  continued["steps"] = 1;
  CHECK(train(continued).last("done").at("validationLoss") == uninterrupted.last("done").at("validationLoss"));
}

TEST(pissa_says_what_it_does_not_go_with) {
  json request = pissa_into("start-refused");
  request["lora"]["rank"] = 17; // attn_k maps 32 to 16 values
  CHECK(train(request).code == "lora.rank_too_large");
  request["lora"]["rank"] = 4;
  request["optimizer"] = {{"weightDecay", 0.1}};
  CHECK(train(request).code == "request.conflict");
  request["optimizer"] = nullptr;
  request["lora"]["initFrom"] = "adapter.gguf";
  CHECK(train(request).code == "request.conflict");
}

TEST(random_starts_have_the_published_spread) {
  const int64_t in = 300, out = 5, rank = 16;
  std::vector<float> a(static_cast<size_t>(rank * in)), b(static_cast<size_t>(out * rank), 1.0f);
  const auto spread = [&] {
    double mean = 0.0, square = 0.0, fourth = 0.0;
    for (const float value : a) {
      const auto x = static_cast<double>(value);
      mean += x / static_cast<double>(a.size());
      square += x * x / static_cast<double>(a.size());
      fourth += x * x * x * x / static_cast<double>(a.size());
    }
    CHECK(std::abs(mean) < 0.06 * std::sqrt(square));
    CHECK(std::count(b.begin(), b.end(), 0.0f) == out * rank);
    return std::pair{std::sqrt(square), fourth / (square * square)};
  };
  start_gaussian(a.data(), b.data(), in, out, rank, 1, 2);
  const auto [deviation, kurtosis] = spread();
  CHECK(std::abs(deviation * 16.0 - 1.0) < 0.05 && std::abs(kurtosis - 3.0) < 0.3);
  start_kaiming(a.data(), b.data(), in, out, rank, 1, 2);
  const auto [uniform_deviation, uniform_kurtosis] = spread();
  CHECK(std::abs(uniform_deviation * std::sqrt(900.0) - 1.0) < 0.05 && std::abs(uniform_kurtosis - 1.8) < 0.1);

  json kaiming = request_into("start-kaiming"), gaussian = request_into("start-gaussian");
  gaussian["lora"]["init"] = "gaussian";
  CHECK(course_of(train(kaiming))[0] == course_of(train(gaussian))[0] && hash_of(kaiming) != hash_of(gaussian));
}
