// What the operations do with memory and with a residual: the CPU's is the host's, parts of wider matrices leave the
// rest alone, and a fused residual is rounded as one that is added afterwards.
#include "support/ops.h"

using namespace trex;
using namespace trex::test;

namespace {

constexpr int64_t T = 37, in = 300, out = 70, rank = 4, margin = 3;

Weight floats(const std::vector<float> &values, int64_t columns, int64_t rows) {
  return {reinterpret_cast<const std::byte *>(values.data()), GGML_TYPE_F32, columns, rows,
          static_cast<size_t>(columns) * sizeof(float)};
}

std::vector<float> sum(std::vector<float> x, const std::vector<float> &y) {
  for (size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  return x;
}

} // namespace

TEST(a_residual_is_added_to_the_whole_product) {
  const std::vector<float> w = random_values(in * out, 1), bias = random_values(out, 2),
                           start = random_values(T * out, 3);
  std::vector<float> x = random_values(T * in, 4), a = random_values(rank * in, 5), b = random_values(out * rank, 6);
  const LoraPair lora{a.data(), b.data(), nullptr, nullptr, rank, 0.7f};
  on_every_isa([&](CpuDevice &device, const std::string &isa) {
    for (const LoraPair *pair : {static_cast<const LoraPair *>(nullptr), &lora}) {
      std::vector<float> h(T * rank), plain(T * out), fused(T * out), residual = start, in_place = start;
      const auto forward = [&](std::vector<float> &y, Matrix added) {
        cpu_ops().linear_forward(device, matrix(y, out), matrix(x, in), floats(w, in, out), bias.data(), pair,
                                 matrix(h, rank), {}, {}, added);
      };
      forward(plain, {});
      forward(fused, matrix(residual, out));
      forward(in_place, matrix(in_place, out));
      const std::vector<float> expected = sum(plain, start);
      CHECK_CASE(same_bits(fused, expected) && residual == start, isa);
      // Added to block by block: the same sum in another order.
      CHECK_CASE(relative_error(in_place, expected) < 1e-5, isa);
    }
  });
}

TEST(a_residual_of_a_norm_may_be_its_output) {
  const std::vector<float> weight = random_values(in, 1), start = random_values(T * in, 2);
  std::vector<float> x = random_values(T * in, 3);
  on_every_isa([&](CpuDevice &device, const std::string &isa) {
    std::vector<float> plain(T * in), fused(T * in), residual = start, in_place = start, rstd(T);
    const auto forward = [&](std::vector<float> &y, Matrix added) {
      cpu_ops().rms_norm_forward(device, matrix(y, in), rstd.data(), matrix(x, in), weight.data(), 1e-5f, added);
    };
    forward(plain, {});
    forward(fused, matrix(residual, in));
    forward(in_place, matrix(in_place, in));
    CHECK_CASE(same_bits(fused, sum(plain, start)) && same_bits(in_place, fused), isa);
  });
}

TEST(parts_are_filled_and_added_without_touching_the_rest) {
  on_every_isa([](CpuDevice &device, const std::string &isa) {
    for (const int64_t space : {int64_t{0}, margin}) {
      const int64_t stride = in + space;
      const std::vector<float> start = random_values(T * stride, 1), other = random_values(T * stride, 2);
      std::vector<float> x = start, y = other;
      cpu_ops().add(device, part(x, stride, space, in), part(y, stride, space, in));
      cpu_ops().fill(device, part(y, stride, space, in), 2.5f);
      for (size_t i = 0; i < x.size(); ++i) {
        const bool inside = static_cast<int64_t>(i) % stride >= space;
        CHECK_CASE(x[i] == (inside ? start[i] + other[i] : start[i]), isa);
        CHECK_CASE(y[i] == (inside ? 2.5f : other[i]), isa);
      }
    }
  });
}

TEST(losses_are_added_up_in_their_order) {
  CpuDevice device(2, 8, best_isa());
  const std::vector<double> losses = {1e16, 1.0, 1.0, -1e16, 3.0};
  double total = 0.5, expected = 0.0;
  for (const double loss : losses) expected += loss;
  cpu_ops().add_up(device, &total, losses.data(), static_cast<int64_t>(losses.size()));
  CHECK(total == 0.5 + expected);
  cpu_ops().add_up(device, &total, losses.data(), 0);
  CHECK(total == 0.5 + expected);
}

TEST(the_memory_of_the_cpu_is_that_of_the_host) {
  CpuDevice device(1, 8, best_isa());
  const Ops &ops = cpu_ops();
  CHECK(ops.host_memory && ops.activations == Element::f32);
  const std::vector<int32_t> tokens = {1, 2, 3}, offsets = {0, 3};
  CHECK(ops.hold(device, tokens.data(), 12) == tokens.data());
  PackedBatch batch;
  batch.tokens = tokens.data();
  batch.offsets = offsets.data();
  batch.documents = 1;
  const PackedBatch placed = ops.place_batch(device, batch);
  CHECK(placed.tokens == tokens.data() && placed.documents == 1 && placed.tables == nullptr);
  auto *memory = static_cast<int32_t *>(ops.allocate(device, 24));
  CHECK(memory != nullptr && reinterpret_cast<uintptr_t>(memory) % 64 == 0);
  ops.upload(device, memory, tokens.data(), 12);
  ops.copy(device, memory + 3, memory, 12);
  std::vector<int32_t> back(3);
  ops.download(device, back.data(), memory + 3, 12);
  CHECK(back == tokens);
  ops.release(device, memory);
}
