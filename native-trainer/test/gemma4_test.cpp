// What only Gemma 4 has: layers that differ and read each other's keys, tensors that may or may not be there.
#include <cmath>
#include <functional>
#include <sstream>

#include "cli/commands.h"
#include "common/failure.h"
#include "gguf/merge.h"
#include "gguf/tensor_layout.h"
#include "model/activations.h"
#include "support/check.h"
#include "support/training_jobs.h"
#include "train/full_parameters.h"
#include "train/score_command.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

namespace {

const std::string &model_path() {
  static const std::string path = tiny_model_of("gemma4");
  return path;
}

// The tiny model once more, with other metadata or without some tensors.
std::string edited(
    const std::string &name, const std::function<void(ModelWriter &)> &edit,
    const std::function<bool(const std::string &)> &keep = [](const std::string &) { return true; }) {
  const ModelFile file = ModelFile::open(model_path());
  ModelWriter writer(file);
  edit(writer);
  for (const TensorView &view : file.tensors()) {
    if (keep(view.name))
      writer.add({view.name, {view.ne.begin(), view.ne.begin() + view.n_dims}, view.type, {}, &view});
  }
  ThreadPool threads(1);
  return writer.write(in_scratch(name), threads).path;
}

std::string refusal(const std::string &path) {
  try {
    read_hyper_parameters(ModelFile::open(path));
    return "accepted";
  } catch (const Failure &failure) {
    return failure.code + ": " + failure.message;
  }
}

std::string refusal_with(const std::function<void(ModelWriter &)> &edit) {
  return refusal(edited("edited.gguf", edit));
}

json first_score(const std::string &path) {
  write_text("gemma4-pairs.jsonl", "{\"id\":1,\"context\":[1,5,9,2,7,3,8],\"continuation\":[4,6,2]}\n");
  std::ostringstream out;
  run_score({{"model", path}, {"pairs", in_scratch("gemma4-pairs.jsonl")}, {"perToken", true}}, out);
  std::istringstream lines(out.str());
  std::string line;
  std::getline(lines, line);
  return json::parse(line);
}

std::vector<std::string> names_of(const std::vector<TensorSpec> &specs) {
  std::vector<std::string> names;
  for (const TensorSpec &spec : specs) names.push_back(spec.name);
  return names;
}

bool has(const std::vector<std::string> &names, const std::string &name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

TEST(every_layer_has_its_own_shape) {
  const HyperParameters p = read_hyper_parameters(ModelFile::open(model_path()));
  CHECK(p.architecture == Architecture::gemma4 && p.layer_count() == 4 && p.per_layer_embedding == 32);
  CHECK(p.attention_scale == 1.0 && p.logit_softcap == 30.0); // llama.cpp's default for a file that does not say
  const LayerShape &windowed = p.layers[0], &full = p.layers[1];
  CHECK(windowed.window == 6 && windowed.head_dim == 4 && windowed.kv_heads == 1 && windowed.rope == 1);
  CHECK(full.window == 0 && full.head_dim == 8 && full.kv_heads == 2 && full.rope == 0);
  CHECK(!windowed.values_are_keys && full.values_are_keys);
  CHECK(windowed.has_own_keys() && full.has_own_keys() && p.layers[2].keys_from == 0 && p.layers[3].keys_from == 1);
  CHECK(windowed.feed_forward == 64 && p.layers[3].feed_forward == 128);
  CHECK(std::fabs(*full.output_scale - 1.2f) < 1e-6f);
  CHECK(p.ropes[0].dims == 8 && p.ropes[1].dims == 4 && p.ropes[0].factors.size() == 4 && p.ropes[1].factors.empty());
}

TEST(adapters_change_what_llama_cpp_lets_them) {
  const HyperParameters p = read_hyper_parameters(ModelFile::open(model_path()));
  const std::vector<std::string> targets = lora_target_names(p);
  CHECK(targets == (std::vector<std::string>{"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up",
                                             "ffn_down", "inp_gate", "proj"}));
  const std::vector<std::string> names = names_of(lora_target_tensors(p, targets));
  CHECK(has(names, "blk.0.attn_v.weight") && has(names, "blk.1.attn_k.weight") && has(names, "blk.3.proj.weight"));
  CHECK(!has(names, "blk.1.attn_v.weight"));                                       // its values are the keys
  CHECK(!has(names, "blk.2.attn_k.weight") && !has(names, "blk.3.attn_v.weight")); // they read those of 0 and 1
  CHECK(!has(names, "per_layer_model_proj.weight"));
}

TEST(files_that_llama_cpp_would_not_run_are_refused) {
  const auto set = [](const char *key, uint32_t value) {
    return [key, value](ModelWriter &writer) { writer.set_u32(std::string("gemma4.") + key, value); };
  };
  CHECK(refusal_with(set("expert_count", 8)).find("mixture of experts") != std::string::npos);
  CHECK(refusal_with(set("attention.shared_kv_layers", 3)).starts_with("model.bad_dimension")); // one layer left
  CHECK(refusal_with(set("attention.key_length_swa", 3)).starts_with("model.bad_dimension"));
  CHECK(refusal_with(set("attention.value_length_swa", 8)).starts_with("model.bad_dimension"));
  CHECK(refusal_with(set("rope.dimension_count_swa", 6)).starts_with("model.bad_dimension"));
  CHECK(refusal_with(set("attention.sliding_window", 0)).starts_with("model.bad_dimension"));
  CHECK(refusal_with(set("embedding_length_per_layer_input", 0)).starts_with("model.unsupported_tensor"));
  const auto pattern = [](const std::vector<bool> &flags) {
    return [flags](ModelWriter &writer) { writer.set_bool_array("gemma4.attention.sliding_window_pattern", flags); };
  };
  CHECK(refusal_with(pattern({true, false, true})).starts_with("model.bad_dimension"));
  CHECK(refusal_with(pattern({false, false, false, false})).starts_with("model.bad_dimension"));
  CHECK(refusal_with(pattern({false, true, true, false})).starts_with("model.bad_dimension")); // 2 would read full keys
  CHECK(refusal_with([](ModelWriter &writer) {
          writer.set_i32_array("gemma4.attention.head_count_kv", {1, 2, 2, 2});
        }).starts_with("model.bad_dimension"));
  const auto without = [](const std::string &name) {
    return refusal(edited(
        "without.gguf", [](ModelWriter &) {}, [&](const std::string &one) { return one != name; }));
  };
  CHECK(without("rope_freqs.weight").starts_with("model.missing_tensor"));
  CHECK(without("blk.0.attn_k.weight").starts_with("model.missing_tensor"));
  CHECK(without("per_layer_token_embd.weight").starts_with("model.missing_tensor"));
  CHECK(without("blk.2.proj.weight").starts_with("model.missing_tensor"));
}

TEST(tensors_that_may_be_absent_are_not_asked_for) {
  const auto only = [](const std::function<bool(const std::string &)> &keep) {
    return read_hyper_parameters(ModelFile::open(edited(
        "only.gguf", [](ModelWriter &) {}, keep)));
  };
  CHECK(only([](const std::string &name) { return name != "blk.0.attn_v.weight"; }).layers[0].values_are_keys);
  CHECK(
      !only([](const std::string &name) { return name != "blk.2.layer_output_scale.weight"; }).layers[2].output_scale);
}

// Converters may leave the keys and values of sharing layers in the file. Nothing reads them; training keeps them.
TEST(unread_keys_change_nothing_and_stay_in_the_file) {
  const auto fill = [](int64_t, int64_t rows, float *out) { std::fill_n(out, rows * 32, 0.5f); };
  const std::string path = edited("unread.gguf", [&](ModelWriter &writer) {
    writer.add({"blk.2.attn_k.weight", {32, 4}, GGML_TYPE_F32, fill});
    writer.add({"blk.3.attn_k_norm.weight", {8}, GGML_TYPE_F32, [](int64_t, int64_t, float *out) {
                  std::fill_n(out, 8, 2.0f);
                }});
  });
  CHECK(first_score(path) == first_score(model_path()));
  const ModelFile file = ModelFile::open(path);
  for (const TrainedTensor &tensor : trained_tensors(file)) {
    CHECK_CASE(tensor.name != "blk.2.attn_k.weight" && tensor.name != "blk.3.attn_k_norm.weight" &&
                   !is_constant(tensor.name),
               tensor.name);
  }
  json request = request_into("gemma4-full");
  request["model"] = path;
  request["method"] = "full";
  request["steps"] = 2;
  request.erase("lora");
  train(request);
  const ModelFile trained = ModelFile::open(in_scratch("gemma4-full/model.gguf"));
  for (const char *kept :
       {"blk.2.attn_k.weight", "blk.3.attn_k_norm.weight", "rope_freqs.weight", "blk.1.layer_output_scale.weight"}) {
    const TensorView &before = file.require(kept), &after = trained.require(kept);
    CHECK_CASE(before.bytes == after.bytes && std::equal(before.data, before.data + before.bytes, after.data), kept);
  }
  CHECK(first_score(in_scratch("gemma4-full/model.gguf")) != first_score(path));
}

// Without a backward pass layers lie over each other, but keys that are read later must not.
TEST(shared_keys_have_memory_of_their_own) {
  const HyperParameters p = read_hyper_parameters(ModelFile::open(model_path()));
  PassLimits limits;
  limits.tokens = 16;
  limits.ranks.resize(4);
  std::vector<std::byte> memory(lay_out(p, limits, nullptr).activation_bytes +
                                lay_out(p, limits, nullptr).workspace_bytes);
  const PassMemory at = lay_out(p, limits, memory.data());
  CHECK(at.layers[2].k.data == at.layers[0].k.data && at.layers[3].v.data == at.layers[1].v.data);
  CHECK(at.layers[0].k.data != at.layers[1].k.data && at.layers[0].attention_rstd == at.layers[2].attention_rstd);
  CHECK(at.layers[0].readers_dk.data == nullptr);
  limits.backward = true;
  CHECK(lay_out(p, limits, nullptr).layers[0].readers_dk.cols == 4);
}
