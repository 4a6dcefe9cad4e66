// A file of any weight type means what its values mean: a model and its twin, the same values stored as F32, give the same
// probabilities and the same gradients. Which tensors a mix stores in which type is held against llama.cpp in
// type_mix.mjs; here are the parts of that rule that llama.cpp's quantiser cannot be asked about with small dense models.
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "common/digest.h"
#include "common/failure.h"
#include "gguf/decode.h"
#include "gguf/merge.h"
#include "gguf/type_mix.h"
#include "model/frozen_model.h"
#include "model/transformer.h"
#include "ops/cpu/cpu_device.h"
#include "ops/cpu/gemm.h"
#include "support/check.h"
#include "support/numbers.h"
#include "support/training_jobs.h"
#include "train/lora_parameters.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

constexpr int64_t longest = 40, rank = 3;

// Two layers of llama, every row 256 or 512 long, so that no type falls back.
std::string model_of_type(const std::string &type, bool tied) {
  json tokens = json::array();
  for (int i = 0; i < vocab; ++i) tokens.push_back("t" + std::to_string(i));
  const std::string path = in_scratch(type + (tied ? "-tied.gguf" : ".gguf"));
  const json request = {
      {"out", path},
      {"architecture", "llama"},
      {"type", type},
      {"initStd", 0.1},
      {"tokenizer", {{"model", "gpt2"}, {"pre", "llama-bpe"}, {"tokens", tokens}, {"merges", json::array()}}},
      {"dimensions",
       {{"layers", 2}, {"embedding", 256}, {"feedForward", 512}, {"heads", 4}, {"kvHeads", 2}, {"contextLength", 64},
        {"tieEmbeddings", tied}}}};
  std::ostringstream out;
  run_make_model(request, out);
  return path;
}

struct Measured {
  std::vector<double> log_probabilities;
  std::vector<float> gradients;
};

TokenBatch some_tokens() {
  std::vector<int32_t> tokens;
  for (uint64_t i = 0; i < longest; ++i) tokens.push_back(static_cast<int32_t>(random_bits(4, 1, i) % vocab));
  TokenBatch batch;
  batch.append(tokens, [](int32_t) { return true; });
  return batch;
}

// Scores some tokens and takes the gradients of an adapter on every projection.
Measured run(const std::string &path) {
  const ModelFile file = ModelFile::open(path);
  FrozenModel frozen = load_frozen_model(file);
  CpuDevice device(2, longest, best_isa());
  LoraRequest lora;
  lora.choice.rank = rank;
  const std::vector<LoraTensor> tensors = lora_tensors(lora.choice, frozen.model.parameters);
  const std::vector<LoraTarget> targets = lora_targets(frozen.model, tensors);
  ParameterSet set(cpu_ops(), device, lora_pieces(tensors));
  attach_lora(frozen.model, set, targets);
  start_fresh(cpu_ops(), device, frozen.model, set, targets, lora, 1);
  // B starts at zero, which would hide A's gradient and the adapter itself.
  for (int64_t i = 0; i < set.count(); ++i) {
    set.values()[i] += static_cast<float>(random_unit(2, 2, static_cast<uint64_t>(i)) - 0.5) * 0.02f;
  }
  PassLimits limits;
  limits.tokens = longest;
  limits.backward = true;
  limits.ranks.resize(frozen.model.layers.size());
  for (ProjectionRanks &ranks : limits.ranks) ranks.fill(rank);
  Transformer transformer(cpu_ops(), device, frozen.model, limits, longest);
  Measured outcome;
  std::vector<uint8_t> is_argmax;
  transformer.score(some_tokens(), outcome.log_probabilities, is_argmax);
  transformer.loss_and_gradients(some_tokens(), 0.1f, {});
  outcome.gradients.assign(set.gradients(), set.gradients() + set.count());
  return outcome;
}

std::string twin_of(const std::string &path) {
  const ModelFile file = ModelFile::open(path);
  ThreadPool threads(2);
  return merge_model(file, nullptr, 1.0, Storage{}, path + ".f32", threads).path;
}

double worst_difference(const std::vector<double> &got, const std::vector<double> &expected) {
  double worst = got.size() == expected.size() ? 0.0 : INFINITY;
  for (size_t i = 0; i < got.size() && i < expected.size(); ++i) {
    const double difference = std::abs(got[i] - expected[i]) / std::abs(expected[i]);
    worst = difference <= worst ? worst : difference; // NaN stays
  }
  return worst;
}

json info(const std::string &path) {
  std::ostringstream out;
  run_info(path, out);
  return json::parse(out.str());
}

std::vector<std::string> all_names() {
  std::vector<std::string> names = {"Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "MXFP4_MOE"};
  for (const ggml_type type : weight_types()) names.emplace_back(type_label(type));
  for (const char *mostly : {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL", "IQ4_XS"}) {
    names.push_back("MOSTLY_" + std::string(mostly));
  }
  return names;
}

// A dense model of `layers` layers, or one whose feed-forward blocks are experts.
std::vector<TensorSpec> some_tensors(int64_t layers, int64_t experts) {
  std::vector<TensorSpec> tensors = {{"token_embd.weight", {256, 64}}, {"output_norm.weight", {256}}, {"output.weight", {256, 64}}};
  for (int64_t layer = 0; layer < layers; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    for (const char *name : {"attn_q", "attn_k", "attn_v", "attn_output"}) {
      tensors.push_back({prefix + name + ".weight", {256, 256}});
    }
    tensors.push_back({prefix + "attn_q_norm.weight", {64, 4}});
    if (experts == 0) {
      tensors.push_back({prefix + "ffn_down.weight", {256, 256}});
    } else {
      tensors.push_back({prefix + "ffn_gate_inp.weight", {256, experts}});
      tensors.push_back({prefix + "ffn_down_exps.weight", {256, 256, experts}});
    }
  }
  return tensors;
}

} // namespace

TEST(a_model_of_any_type_equals_its_twin_in_f32) {
  for (const std::string &name : all_names()) {
    const std::string path = model_of_type(name, name.size() % 2 == 0);
    const std::string twin = twin_of(path);
    const json types = info(path).at("tensorTypes");
    const std::optional<Storage> storage = storage_from_name(name);
    CHECK_CASE(storage.has_value() && info(path).at("supported") == true, name);
    const char *label = storage->mix == Mix::mxfp4_moe ? "Q8_0" : type_label(storage->type);
    CHECK_CASE(types.contains(label) && types.at(label) > 6, name + " " + types.dump());
    CHECK_CASE(info(twin).at("tensorTypes").size() == 1 && info(twin).at("tensorTypes").contains("F32"), name);

    const Measured got = run(path), expected = run(twin);
    const double scores = worst_difference(got.log_probabilities, expected.log_probabilities);
    const double gradients = relative_error(got.gradients, expected.gradients);
    CHECK_CASE(scores < 1e-6, name + " scores differ by " + std::to_string(scores));
    CHECK_CASE(gradients < 1e-6, name + " gradients differ by " + std::to_string(gradients));
  }
}

TEST(the_panels_of_the_matrix_product_start_on_blocks) {
  for (const ggml_type type : weight_types()) {
    const int64_t block = ggml_blck_size(type);
    CHECK_CASE(gemm_block_depth % block == 0 && gemm_block_columns % block == 0, type_label(type));
  }
}

TEST(types_differ_in_what_they_keep) {
  // Guards the test above: were every file decoded to the same values, all twins would agree too.
  const std::vector<double> exact = run(model_of_type("F32", false)).log_probabilities;
  for (const char *name : {"Q4_1", "Q5_0", "Q5_1", "Q5_K", "IQ4_NL", "IQ4_XS", "MXFP4"}) {
    const std::vector<double> rounded = run(model_of_type(name, false)).log_probabilities;
    const double difference = relative_error(std::vector<float>(rounded.begin(), rounded.end()), exact);
    CHECK_CASE(difference > 1e-3 && difference < 0.5, std::string(name) + " " + std::to_string(difference));
  }
}

TEST(full_training_stores_what_merge_would) {
  const auto model_of = [](const char *type) {
    json request = request_into(std::string("full-") + type);
    request["method"] = "full";
    request["steps"] = 2;
    request["output"] = {{"type", type}};
    CHECK_CASE(train(request).exit_code == 0, type);
    return request.at("outDir").get<std::string>() + "/model.gguf";
  };
  const std::string exact = model_of("F32");
  // Width 32: everything falls back, to another type in a mix than in one type.
  for (const char *type : {"Q4_K_M", "MOSTLY_Q4_0", "IQ4_XS", "MXFP4"}) {
    const ModelFile file = ModelFile::open(exact);
    ThreadPool threads(2);
    const WrittenFile merged = merge_model(file, nullptr, 1.0, storage_from_name(type), exact + "." + type, threads);
    CHECK_CASE(sha256_of_file(model_of(type)) == merged.sha256, type);
  }
}

TEST(unknown_types_are_refused_with_a_list) {
  for (const char *name : {"q4_0", "Q2_K", "MOSTLY_Q4_K_M", "IQ4", ""}) CHECK_CASE(!storage_from_name(name), name);
  try {
    read_storage("Q2_K", "type");
    CHECK(false);
  } catch (const Failure &failure) {
    CHECK(failure.code == "request.range" && failure.hint.find("MOSTLY_IQ4_XS") != std::string::npos);
  }
}

TEST(norms_and_routers_keep_their_type) {
  CHECK(takes_storage_type("blk.0.attn_q.weight", 2) && takes_storage_type("blk.0.ffn_down_exps.weight", 3));
  CHECK(!takes_storage_type("blk.0.attn_q_norm.weight", 2) && !takes_storage_type("blk.0.ffn_gate_inp.weight", 2));
  CHECK(!takes_storage_type("blk.0.attn_q.weight", 1) && !takes_storage_type("blk.0.attn_q.bias", 2));
}

TEST(experts_follow_their_own_rules) {
  MixShape shape{16, 1, 8, false};
  const auto types = [&](const char *name, const std::vector<TensorSpec> &tensors) {
    return storage_types(*storage_from_name(name), tensors, shape);
  };
  const std::vector<TensorSpec> mixture = some_tensors(16, 8);
  const auto medium = types("Q4_K_M", mixture);
  CHECK(medium.at("blk.5.attn_v.weight").stored == GGML_TYPE_Q8_0 && medium.at("blk.5.attn_k.weight").stored == GGML_TYPE_Q8_0);
  CHECK(medium.at("blk.5.attn_output.weight").stored == GGML_TYPE_Q5_K);
  CHECK(medium.at("blk.1.ffn_down_exps.weight").stored == GGML_TYPE_Q6_K);
  CHECK(medium.at("blk.2.ffn_down_exps.weight").stored == GGML_TYPE_Q4_K);
  CHECK(!medium.contains("blk.0.ffn_gate_inp.weight") && !medium.contains("blk.0.attn_q_norm.weight"));
  const auto micro = types("MXFP4_MOE", mixture);
  CHECK(micro.at("blk.3.ffn_down_exps.weight").stored == GGML_TYPE_MXFP4);
  CHECK(micro.at("blk.3.attn_q.weight").stored == GGML_TYPE_Q8_0 && micro.at("output.weight").stored == GGML_TYPE_Q8_0);
  // 128 experts: only a mixture of eight gets wider attention.
  shape.experts = 128;
  CHECK(types("Q4_K_M", some_tensors(16, 128)).at("blk.2.attn_k.weight").stored == GGML_TYPE_Q4_K);
}

TEST(layers_without_values_do_not_count) {
  // As in models that attend in some layers only: the rule counts the value projections there are.
  std::vector<TensorSpec> tensors = some_tensors(16, 0);
  std::erase_if(tensors, [](const TensorSpec &spec) {
    return spec.name.ends_with("attn_v.weight") && spec.name != "blk.3.attn_v.weight" && spec.name != "blk.9.attn_v.weight";
  });
  const auto types = storage_types(*storage_from_name("Q4_K_M"), tensors, {16, 1, 0, false});
  // Of two, the first is no eighth and no third one; the last eighth starts at index 14 / 8 = 1.
  CHECK(types.at("blk.3.attn_v.weight").stored == GGML_TYPE_Q4_K);
  CHECK(types.at("blk.9.attn_v.weight").stored == GGML_TYPE_Q6_K);
}
