// The whole model: gradients against finite differences for every tensor of every architecture, and the properties
// that packing and micro-batching must not break.
#include <string>

#include "gguf/hyper_parameters.h"
#include "model/transformer.h"
#include "ops/cpu/cpu_device.h"
#include "support/check.h"
#include "support/losses.h"
#include "support/tiny_model.h"

using namespace trex;
using namespace trex::test;

namespace {

constexpr int64_t longest = 90;

std::vector<int32_t> tokens_of(int64_t count, uint64_t stream) {
  std::vector<int32_t> tokens;
  for (int64_t i = 0; i < count; ++i)
    tokens.push_back(static_cast<int32_t>(random_bits(1, stream, static_cast<uint64_t>(i)) % 31));
  return tokens;
}

// Three documents, the last longer than a block of attention, some of their tokens masked.
std::vector<std::vector<int32_t>> some_documents() { return {tokens_of(4, 1), tokens_of(17, 2), tokens_of(80, 3)}; }
bool is_target(int32_t position) { return position % 3 != 1; }

TokenBatch pack(const std::vector<std::vector<int32_t>> &documents) {
  TokenBatch batch;
  for (const std::vector<int32_t> &document : documents) batch.append(document, is_target);
  return batch;
}

PassLimits limits_for(int64_t rank, Recompute recompute = Recompute::nothing) {
  PassLimits limits;
  limits.recompute = recompute;
  limits.tokens = 128;
  limits.backward = true;
  limits.ranks.resize(5); // layers of the largest tiny model
  for (ProjectionRanks &layer : limits.ranks) layer.fill(rank);
  return limits;
}

// Of every family.
std::vector<Architecture> architectures() {
  std::vector<Architecture> all;
  for (const ArchitectureTraits &traits : known_architectures()) all.push_back(traits.architecture);
  return all;
}

// In a mixture of experts a step may change which expert a token goes to; the loss jumps there, and no difference is a
// slope. When every token goes to every expert there is no choice. (Choices are compared with PyTorch's gradients, in
// reference_test.cpp.)
void ask_every_expert(TinyModel &tiny) {
  for (LayerShape &layer : tiny.model.parameters.layers) layer.experts_used = layer.experts;
}

} // namespace

TEST(every_gradient_matches_finite_differences) {
  for (const Architecture architecture : architectures()) {
    for (const int64_t rank : {0, 3}) {
      CpuDevice device(2, longest, best_isa());
      TinyModel tiny(architecture, rank);
      ask_every_expert(tiny);
      Transformer transformer(cpu_ops(), device, tiny.model, limits_for(rank), longest);
      const TokenBatch batch = pack(some_documents());
      const float scale = 1.0f / static_cast<float>(batch.target_count());
      const double step = tiny.model.layers.size() > 2 ? 0.005 : 0.02; // the loss bends more in a deep model
      const auto value = [&] { return transformer.loss(batch) * static_cast<double>(scale); };
      const double loss = loss_and_gradients(transformer, batch, scale, {});
      CHECK(close(loss * static_cast<double>(scale), value(), 1e-6));
      for (Trained &tensor : tiny.tensors) {
        const std::vector<float> direction = random_values(static_cast<int64_t>(tensor.values.size()), 50, 0.2f);
        const double expected = slope_along(tensor.values, direction, step, value);
        const double got = inner_product(tensor.gradient, direction);
        // The loss is known to about 1e-6 and the step is 0.02 or 0.005, so slopes carry an error of some 3e-5 or 1e-4.
        CHECK_CASE(close(got, expected, 5e-3, 1e-2), std::string(architecture_name(architecture)) + " " + tensor.name +
                                                         " " + std::to_string(got) + " against " +
                                                         std::to_string(expected));
      }
    }
  }
}

TEST(packed_documents_equal_separate_ones) {
  for (const Architecture architecture : architectures()) {
    CpuDevice device(2, longest, best_isa());
    TinyModel tiny(architecture, 3);
    Transformer transformer(cpu_ops(), device, tiny.model, limits_for(3), longest);
    const double packed = loss_and_gradients(transformer, pack(some_documents()), 0.1f, {});
    std::vector<std::vector<float>> gradients;
    for (const Trained &tensor : tiny.tensors) gradients.push_back(tensor.gradient);
    tiny.clear_gradients();
    double separate = 0.0;
    for (const std::vector<int32_t> &document : some_documents()) {
      separate += loss_and_gradients(transformer, pack({document}), 0.1f, {});
    }
    CHECK(close(packed, separate, 1e-6));
    for (size_t i = 0; i < gradients.size(); ++i) {
      CHECK_CASE(relative_error(tiny.tensors[i].gradient, gradients[i]) < 2e-5, tiny.tensors[i].name);
    }
  }
}

TEST(dropout_does_not_depend_on_micro_batches) {
  for (const Architecture architecture : {Architecture::qwen2, Architecture::qwen3moe}) {
    CpuDevice device(2, longest, best_isa());
    TinyModel tiny(architecture, 3);
    Transformer transformer(cpu_ops(), device, tiny.model, limits_for(3), longest);
    PassNoise dropout{0.4f, 0.0f, 5, 11, 0};
    const double whole = loss_and_gradients(transformer, pack(some_documents()), 0.1f, dropout);
    double parts = 0.0;
    for (const std::vector<int32_t> &document : some_documents()) {
      const TokenBatch batch = pack({document});
      parts += loss_and_gradients(transformer, batch, 0.1f, dropout);
      dropout.first_token += batch.token_count();
    }
    CHECK(close(whole, parts, 1e-6));
    CHECK(!close(whole, transformer.loss(pack(some_documents())), 1e-4)); // the mask does something
  }
}

// With no token to spare, so that scratch that is too narrow runs into what lies behind it.
TEST(dropout_has_room_for_the_widest_input) {
  for (const ArchitectureTraits &traits : known_architectures()) {
    const TokenBatch batch = pack(some_documents());
    std::vector<std::vector<float>> expected;
    for (const int64_t tokens : {4 * batch.token_count(), batch.token_count()}) {
      CpuDevice device(2, longest, best_isa());
      TinyModel tiny(traits.architecture, 3);
      PassLimits limits = limits_for(3);
      limits.tokens = tokens;
      Transformer transformer(cpu_ops(), device, tiny.model, limits, longest);
      transformer.loss_and_gradients(batch, 0.1f, {0.4f, 0.0f, 5, 11, 0});
      std::vector<std::vector<float>> gradients;
      for (const Trained &tensor : tiny.tensors) gradients.push_back(tensor.gradient);
      if (expected.empty()) expected = gradients;
      CHECK_CASE(gradients == expected, traits.name);
    }
  }
}

TEST(masked_and_later_tokens_change_nothing) {
  CpuDevice device(2, longest, best_isa());
  TinyModel tiny(Architecture::llama);
  Transformer transformer(cpu_ops(), device, tiny.model, limits_for(0), longest);
  std::vector<int32_t> document = tokens_of(20, 4);
  const auto first_ten = [](int32_t position) { return position < 10; };
  const auto loss_of = [&] {
    TokenBatch batch;
    batch.append(document, first_ten);
    return transformer.loss(batch);
  };
  const double before = loss_of();
  for (size_t i = 10; i < document.size(); ++i) document[i] = (document[i] + 7) % 31;
  CHECK(loss_of() == before);
  document[9] = (document[9] + 7) % 31;
  CHECK(loss_of() != before);
}

TEST(every_instruction_set_gives_the_same_loss_and_gradients) {
  std::vector<std::vector<float>> gradients;
  double loss = 0.0;
  for (const Isa isa : available_isas()) {
    CpuDevice device(2, longest, isa);
    TinyModel tiny(Architecture::qwen3, 3);
    Transformer transformer(cpu_ops(), device, tiny.model, limits_for(3), longest);
    const double own = loss_and_gradients(transformer, pack(some_documents()), 0.1f, {});
    if (gradients.empty()) {
      loss = own;
      for (const Trained &tensor : tiny.tensors) gradients.push_back(tensor.gradient);
      continue;
    }
    CHECK_CASE(close(own, loss, 1e-6), isa_name(isa));
    for (size_t i = 0; i < gradients.size(); ++i) {
      CHECK_CASE(relative_error(tiny.tensors[i].gradient, gradients[i]) < 1e-5,
                 std::string(isa_name(isa)) + " " + tiny.tensors[i].name);
    }
  }
}

TEST(what_is_recomputed_changes_nothing) {
  for (const Architecture architecture : architectures()) {
    std::vector<std::vector<float>> gradients;
    double loss = 0.0;
    for (const Recompute recompute : {Recompute::nothing, Recompute::feed_forward, Recompute::layer}) {
      CpuDevice device(2, longest, best_isa());
      TinyModel tiny(architecture, 3);
      Transformer transformer(cpu_ops(), device, tiny.model, limits_for(3, recompute), longest);
      const PassNoise noise{0.3f, 5.0f, 5, 11, 0};
      const double own = loss_and_gradients(transformer, pack(some_documents()), 0.1f, noise);
      if (gradients.empty()) {
        loss = own;
        for (const Trained &tensor : tiny.tensors) gradients.push_back(tensor.gradient);
        continue;
      }
      CHECK_CASE(own == loss, architecture_name(architecture));
      for (size_t i = 0; i < gradients.size(); ++i) {
        CHECK_CASE(tiny.tensors[i].gradient == gradients[i],
                   std::string(architecture_name(architecture)) + " " + tiny.tensors[i].name);
      }
    }
  }
}

TEST(recomputing_needs_less_memory) {
  for (const Architecture architecture : {Architecture::gemma3, Architecture::qwen3moe}) {
    TinyModel tiny(architecture, 3);
    size_t before = SIZE_MAX;
    for (const Recompute recompute : {Recompute::nothing, Recompute::feed_forward, Recompute::layer}) {
      const size_t bytes = lay_out(tiny.model.parameters, limits_for(3, recompute), nullptr).activation_bytes;
      CHECK(bytes < before);
      before = bytes;
    }
  }
}

TEST(weighted_targets_give_the_gradient_of_the_weighted_loss) {
  CpuDevice device(2, longest, best_isa());
  TinyModel tiny(Architecture::gemma2, 3);
  Transformer transformer(cpu_ops(), device, tiny.model, limits_for(3), longest);
  const TokenBatch batch = pack(some_documents());
  // The square of the mean log-probability: its weights depend on the probabilities.
  const auto square = [](std::span<const double> log_probabilities, std::span<float> weights) {
    double mean = 0.0;
    for (const double value : log_probabilities) mean += value / static_cast<double>(log_probabilities.size());
    for (float &weight : weights) weight = static_cast<float>(-2.0 * mean / static_cast<double>(weights.size()));
    return mean * mean;
  };
  const double loss = transformer.loss_and_gradients(batch, square, {});
  const auto value = [&] {
    const double mean = transformer.loss(batch) / static_cast<double>(batch.target_count());
    return mean * mean;
  };
  CHECK(close(loss, value(), 1e-6));
  for (Trained &tensor : tiny.tensors) {
    const std::vector<float> direction = random_values(static_cast<int64_t>(tensor.values.size()), 50, 0.2f);
    const double expected = slope_along(tensor.values, direction, 0.02, value);
    CHECK_CASE(close(inner_product(tensor.gradient, direction), expected, 5e-3, 1e-2), tensor.name);
  }
}

TEST(planned_layout_is_the_one_used) {
  TinyModel tiny(Architecture::qwen3, 3);
  const PassMemory measured = lay_out(tiny.model.parameters, limits_for(3), nullptr);
  std::vector<std::byte> memory(measured.activation_bytes + measured.workspace_bytes);
  const PassMemory placed = lay_out(tiny.model.parameters, limits_for(3), memory.data());
  CHECK(placed.activation_bytes == measured.activation_bytes);
  const auto *last = static_cast<const std::byte *>(placed.work.head_dx.data);
  CHECK(last >= memory.data() && last < memory.data() + memory.size());
  CHECK(placed.layers[0].x.data != placed.layers[1].x.data);
}
