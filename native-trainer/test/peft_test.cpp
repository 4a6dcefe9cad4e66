// PEFT folders: scales, refusals, and every architecture's way from a GGUF adapter to PEFT and back.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "common/failure.h"
#include "peft/adapter_export.h"
#include "peft/load_adapter.h"
#include "peft/safetensors.h"
#include "support/check.h"
#include "support/gguf_bytes.h"
#include "support/numbers.h"
#include "support/safetensors_bytes.h"

namespace {

using namespace trex;
using nlohmann::json;
using trex::test::float_bytes;
using trex::test::GgufBytes;
using trex::test::peft_folder;
using trex::test::random_values;
using trex::test::safetensors_bytes;

std::string path_of(const std::string &name) { return trex::test::scratch_folder() + "/" + name; }

// One layer, width 8, two query heads of four over one key-value head.
test::TinyModel wide_head() {
  test::TinyModel model;
  model.embedding = 8, model.head_dim = 4, model.key_length = 4;
  return model;
}

const ModelFile &llama() {
  static const ModelFile file = ModelFile::open(wide_head().save("llama.gguf"));
  return file;
}

struct Matrix {
  std::string key;
  std::vector<int64_t> shape;
  std::vector<float> values;
};

std::string weights_of(const std::vector<Matrix> &matrices) {
  std::string header, buffer;
  for (const Matrix &matrix : matrices) {
    const size_t begin = buffer.size();
    buffer += float_bytes(matrix.values);
    header += (header.empty() ? "" : ",") + json(matrix.key).dump() + ":" +
              json{{"dtype", "F32"}, {"shape", matrix.shape}, {"data_offsets", {begin, buffer.size()}}}.dump();
  }
  return safetensors_bytes("{" + header + "}", buffer);
}

// A pair for a module of eight inputs.
std::vector<Matrix> pair(const std::string &module, int64_t out, int64_t rank) {
  const std::string key = "base_model.model.model.layers.0." + module;
  return {{key + ".lora_A.weight", {rank, 8}, random_values(rank * 8, 1)},
          {key + ".lora_B.weight", {out, rank}, random_values(out * rank, 2)}};
}

std::vector<Matrix> operator+(std::vector<Matrix> x, const std::vector<Matrix> &y) {
  x.insert(x.end(), y.begin(), y.end());
  return x;
}

json config(const json &changes = json::object()) {
  json document = {{"peft_type", "LORA"}, {"r", 2}, {"lora_alpha", 8}, {"target_modules", "all-linear"}};
  document.update(changes);
  return document;
}

Adapter read(const json &document, const std::vector<Matrix> &matrices) {
  return load_adapter(peft_folder("read", document.dump(), weights_of(matrices)), llama());
}

template <class Action> std::string code_of(const Action &action) {
  try {
    action();
    return "accepted";
  } catch (const Failure &failure) {
    return failure.cls == FailureClass::config && failure.message.ends_with(".") && !failure.hint.empty() ? failure.code
                                                                                                         : "bad failure";
  }
}

std::string refusal(const json &document, const std::vector<Matrix> &matrices) {
  return code_of([&] { read(document, matrices); });
}

const AdapterTensor &tensor_of(const Adapter &adapter, const std::string &base) {
  return *std::find_if(adapter.tensors.begin(), adapter.tensors.end(), [&](const auto &t) { return t.base == base; });
}

bool same_bits(const std::vector<float> &x, const std::vector<float> &y) {
  return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
}

// scale * b as the runtime computes it, beside PEFT's.
double effective(const Adapter &adapter, const AdapterTensor &tensor, size_t i) {
  return scale_of(adapter, tensor) * static_cast<double>(tensor.b[i]);
}

const std::vector<Matrix> v2 = pair("self_attn.v_proj", 4, 2);

} // namespace

TEST(each_wrong_adapter_has_its_code) {
  CHECK(refusal(config(), v2) == "accepted");
  CHECK(refusal(config(), {}) == "peft.unpaired_tensor");
  CHECK(refusal(config(), {v2[0]}) == "peft.unpaired_tensor");
  CHECK(refusal(config(), {v2[1]}) == "peft.unpaired_tensor");
  CHECK(refusal(config(), pair("self_attn.v_proj", 8, 2)) == "peft.bad_shape");
  CHECK(refusal(config(), {v2[0], {v2[1].key, {2, 4}, v2[1].values}}) == "peft.bad_shape");
  CHECK(refusal(config(), {{v2[0].key, {16}, v2[0].values}, v2[1]}) == "peft.bad_shape");
  CHECK(refusal(config(), {{v2[0].key, {2, 8, 1}, v2[0].values}, v2[1]}) == "peft.bad_shape");
  CHECK(refusal(config({{"r", 3}}), v2) == "peft.rank_mismatch");
  CHECK(refusal(config({{"rank_pattern", {{"v_proj", 4}}}}), v2) == "peft.rank_mismatch");
  CHECK(refusal(config({{"target_modules", {"q_proj"}}}), v2) == "peft.unknown_target");
  CHECK(refusal(config(), pair("self_attn.w_proj", 4, 2)) == "peft.unknown_target");
  CHECK(refusal(config(), {{"base_model.model.model.layers.7.self_attn.v_proj.lora_A.weight", {2, 8}, v2[0].values},
                           {"base_model.model.model.layers.7.self_attn.v_proj.lora_B.weight", {4, 2}, v2[1].values}}) ==
        "peft.unknown_target");
  CHECK(refusal(config(), {{"base_model.model.lm_head.lora_A.weight", {2, 8}, v2[0].values}, // tied: the base has no head
                           {"base_model.model.lm_head.lora_B.weight", {4, 2}, v2[1].values}}) == "peft.unknown_target");
  for (const char *other : {"base_model.model.model.layers.0.self_attn.v_proj.lora_magnitude_vector", "base_model.model.lm_head.weight",
                            "base_model.model.model.embed_tokens.lora_embedding_A", "base_model.model.model.layers.0.self_attn.v_proj.lora_B.bias",
                            "../../../etc/passwd"}) {
    CHECK_CASE(refusal(config(), v2 + std::vector<Matrix>{{other, {2}, {1, 2}}}) == "peft.unsupported_tensor", other);
  }
  const std::string twin = "base_model.model.model.language_model.layers.0.self_attn.v_proj";
  CHECK(refusal(config(), v2 + std::vector<Matrix>{{twin + ".lora_A.weight", {2, 8}, v2[0].values}, {twin + ".lora_B.weight", {4, 2}, v2[1].values}}) ==
        "peft.duplicate_tensor");
  const std::string again = "base_model.model.model.layers.0.self_attn.v_proj.lora_A.default.weight";
  CHECK(refusal(config(), v2 + std::vector<Matrix>{{again, {2, 8}, v2[0].values}}) == "peft.duplicate_tensor");
  std::vector<Matrix> nan = v2;
  nan[1].values[3] = NAN;
  CHECK(refusal(config(), nan) == "peft.not_finite");
  CHECK(refusal(config({{"use_dora", true}}), v2) == "peft.dora");
}

TEST(keys_may_name_the_default_adapter) {
  std::vector<Matrix> named = v2;
  for (Matrix &matrix : named) matrix.key.insert(matrix.key.size() - 7, ".default");
  const Adapter adapter = read(config(), named);
  CHECK(adapter.tensors.size() == 1 && same_bits(adapter.tensors[0].a, v2[0].values) && same_bits(adapter.tensors[0].b, v2[1].values));
  CHECK(adapter.name == "read" && adapter.tensors[0].base == "blk.0.attn_v.weight");
}

TEST(scales_are_those_of_peft) {
  const std::vector<Matrix> three = v2 + pair("self_attn.o_proj", 8, 2) + pair("mlp.up_proj", 6, 4);
  const json ranks = {{"up_proj", 4}};

  // alpha / r: one alpha serves all ranks, so nothing is rescaled.
  Adapter adapter = read(config({{"rank_pattern", ranks}}), three);
  CHECK(adapter.alpha == 8.0 && same_bits(tensor_of(adapter, "blk.0.ffn_up.weight").b, three[5].values));
  CHECK(scale_of(adapter, tensor_of(adapter, "blk.0.ffn_up.weight")) == 2.0 && scale_of(adapter, tensor_of(adapter, "blk.0.attn_v.weight")) == 4.0);

  // alpha / sqrt(r) is alpha' / r with alpha' = alpha sqrt(r), in the fp32 of a GGUF.
  adapter = read(config({{"use_rslora", true}}), v2);
  CHECK(adapter.alpha == static_cast<double>(static_cast<float>(8.0 * std::sqrt(2.0))) && same_bits(adapter.tensors[0].b, v2[1].values));
  CHECK(std::abs(scale_of(adapter, adapter.tensors[0]) - 8.0 / std::sqrt(2.0)) < 4e-7);

  // Differing ranks under rsLoRA and differing alphas: the majority keeps its values, the others' B carries the rest.
  adapter = read(config({{"use_rslora", true}, {"rank_pattern", ranks}, {"alpha_pattern", {{"o_proj", 16}}}}), three);
  for (const auto &[base, scale, stored] : std::vector<std::tuple<std::string, double, size_t>>{
           {"blk.0.attn_v.weight", 8.0 / std::sqrt(2.0), 1}, {"blk.0.attn_output.weight", 16.0 / std::sqrt(2.0), 3}, {"blk.0.ffn_up.weight", 4.0, 5}}) {
    const AdapterTensor &tensor = tensor_of(adapter, base);
    for (size_t i = 0; i < tensor.b.size(); ++i) {
      const double exact = scale * static_cast<double>(three[stored].values[i]);
      CHECK_CASE(std::abs(effective(adapter, tensor, i) - exact) <= 2e-7 * std::abs(exact), base);
    }
  }
  adapter = read(config({{"alpha_pattern", {{"o_proj", 16}}}}), v2 + pair("self_attn.o_proj", 8, 2) + pair("mlp.up_proj", 6, 2));
  CHECK(adapter.alpha == 8.0 && effective(adapter, tensor_of(adapter, "blk.0.attn_output.weight"), 0) == 8.0 * static_cast<double>(three[3].values[0]));

  // An alpha that fp32 does not hold is rounded, once, without touching B.
  adapter = read(config({{"lora_alpha", 0.1}}), v2);
  CHECK(adapter.alpha == static_cast<double>(0.1f) && same_bits(adapter.tensors[0].b, v2[1].values));
}

TEST(a_scale_that_cannot_be_held_is_refused) {
  CHECK(refusal(config({{"lora_alpha", 1e39}}), v2) == "peft.scale");
  CHECK(refusal(config({{"lora_alpha", 1e-39}}), v2) == "peft.scale"); // subnormal: fewer digits
  const std::vector<Matrix> three = v2 + pair("self_attn.o_proj", 8, 2) + pair("mlp.up_proj", 6, 2);
  CHECK(refusal(config({{"alpha_pattern", {{"o_proj", 1e30}}}}), three) == "accepted"); // 1e29 b fits
  std::vector<Matrix> large = three;
  large[3].values[0] = 1e15f;
  CHECK(refusal(config({{"alpha_pattern", {{"o_proj", 1e30}}}}), large) == "peft.scale"); // overflows
  CHECK(refusal(config({{"alpha_pattern", {{"o_proj", 1e-44}}}}), three) == "peft.scale"); // underflows
}

TEST(the_folder_is_all_that_is_opened) {
  const std::string good = config().dump(), weights = weights_of(v2);
  const auto verdict = [&](const std::string &folder) { return code_of([&] { load_adapter(folder, llama()); }); };
  CHECK(verdict(peft_folder("good", good, weights)) == "accepted");
  CHECK(verdict(path_of("good/")) == "accepted" && load_adapter(path_of("good/"), llama()).name == "good");
  CHECK(verdict(path_of("nowhere")) == "file.missing");
  CHECK(verdict(peft_folder("no-config", "", weights)) == "peft.missing_file");
  CHECK(verdict(peft_folder("no-weights", good, "")) == "peft.missing_file");
  CHECK(verdict(path_of("good/adapter_model.safetensors")) == "peft.not_folder");
  CHECK(code_of([&] { read_peft_folder(path_of("good/adapter_config.json"), llama(), {}); }) == "peft.not_folder");

  const std::string pickled = peft_folder("pickled", good, "");
  for (const char *name : {"adapter_model.bin", "adapter_model.pt"}) {
    std::ofstream(pickled + "/" + name, std::ios::binary) << "PK\x03\x04";
    CHECK_CASE(verdict(pickled) == "peft.pickle", name);
    CHECK_CASE(verdict(pickled + "/" + name) == "peft.pickle", name);
    std::filesystem::remove(pickled + "/" + name);
  }

  const std::string linked = peft_folder("linked", good, "");
  std::filesystem::create_symlink(path_of("good/adapter_model.safetensors"), linked + "/adapter_model.safetensors");
  CHECK(verdict(linked) == "peft.outside_folder");
  const std::string sibling = peft_folder("linked-sibling", good, ""); // "linked" is a prefix of its name
  std::filesystem::remove(linked + "/adapter_model.safetensors");
  std::ofstream(sibling + "/adapter_model.safetensors", std::ios::binary) << weights;
  std::filesystem::create_symlink("../linked-sibling/adapter_model.safetensors", linked + "/adapter_model.safetensors");
  CHECK(verdict(linked) == "peft.outside_folder");
  const std::string inner = peft_folder("inner", good, "");
  std::ofstream(inner + "/real", std::ios::binary) << weights;
  std::filesystem::create_symlink("real", inner + "/adapter_model.safetensors");
  CHECK(verdict(inner) == "accepted"); // a link that stays
  std::filesystem::create_directory_symlink(inner, path_of("door"));
  CHECK(verdict(path_of("door")) == "accepted"); // the user's own link to the folder
  std::filesystem::remove(inner + "/adapter_model.safetensors");
  std::filesystem::create_directory(inner + "/adapter_model.safetensors");
  CHECK(verdict(inner) == "file.not_regular");
}

TEST(every_architecture_survives_gguf_to_peft_to_gguf) {
  struct Case {
    const char *architecture;
    bool fused;
    std::string path;
  };
  for (const Case &c : {Case{"llama", false, "model"}, Case{"mistral3", false, "model"}, Case{"mistral3", false, "model.language_model"},
                        Case{"smollm3", false, "model"}, Case{"qwen2", false, "model"}, Case{"qwen3", false, "model"},
                        Case{"gemma2", false, "model"}, Case{"gemma3", false, "model.language_model"},
                        Case{"gemma3", false, "language_model.model"}, Case{"phi3", true, "model"}}) {
    test::TinyModel model = wide_head();
    model.architecture = c.architecture;
    model.layers = 2;
    model.extra_tensors.push_back({"output.weight", {8, 3}});
    if (c.fused) {
      model.leave_out = {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight", "blk.0.ffn_gate.weight"};
      model.extra_tensors.push_back({"blk.0.attn_qkv.weight", {8, 16}});
    }
    const ModelFile base = ModelFile::open(model.save("base.gguf"));
    Adapter adapter;
    adapter.alpha = 3.5;
    uint64_t stream = 10;
    for (const TensorView &tensor : base.tensors()) {
      const bool in_layer_0 = tensor.name.starts_with("blk.0.") && tensor.n_dims == 2; // layer 1 keeps its weights
      if (!in_layer_0 && tensor.name != "output.weight") continue;
      AdapterTensor &added = adapter.tensors.emplace_back();
      added = {tensor.name, tensor.ne[0], tensor.ne[1], tensor.name.ends_with("ffn_up.weight") ? 3 : 2, {}, {}};
      added.a = random_values(added.rank * added.in, ++stream);
      added.b = random_values(added.rank * added.out, ++stream);
    }
    const std::vector<HeadCounts> heads = {{2, 1}, {2, 1}};
    const std::string folder = path_of("exported");
    std::filesystem::remove_all(folder);
    write_peft_folder(folder, adapter, base, heads, c.path, "x");
    const Adapter back = read_peft_folder(folder, base, heads);
    CHECK_CASE(back.alpha == adapter.alpha && back.tensors.size() == adapter.tensors.size(), c.architecture);
    for (const AdapterTensor &tensor : adapter.tensors) {
      const AdapterTensor &read = tensor_of(back, tensor.base);
      CHECK_CASE(same_bits(read.a, tensor.a) && same_bits(read.b, tensor.b) && read.rank == tensor.rank, c.architecture + tensor.base);
    }
    // In the PEFT folder the rows of q and k stand in Hugging Face's order: 0 2 1 3 of every head of four.
    const SafetensorsFile weights = SafetensorsFile::open(folder + "/adapter_model.safetensors");
    const bool reordered = std::string(c.architecture) == "llama" || std::string(c.architecture) == "mistral3" || std::string(c.architecture) == "smollm3";
    const std::string q = "base_model.model." + c.path + ".layers.0.self_attn.q_proj.lora_B.weight";
    const auto found = std::find_if(weights.tensors().begin(), weights.tensors().end(), [&](const auto &t) { return t.name == q; });
    CHECK_CASE((found == weights.tensors().end()) == c.fused, c.architecture);
    if (found != weights.tensors().end()) {
      const std::vector<float> rows = decode_tensor(*found);
      const size_t order[] = {0, 2, 1, 3, 4, 6, 5, 7};
      for (size_t row = 0; row < 8; ++row) {
        const size_t from = reordered ? order[row] : row;
        CHECK_CASE(rows[row * 2] == tensor_of(adapter, "blk.0.attn_q.weight").b[from * 2], c.architecture);
      }
    }
    // Layer 1 has no adapter, so short names would say too much.
    std::ifstream text(folder + "/adapter_config.json");
    for (const json &target : json::parse(text)["target_modules"]) {
      CHECK_CASE(target.get<std::string>().starts_with(c.path + ".layers.0.") || target.get<std::string>().ends_with("lm_head"), target.dump());
    }
  }
}

TEST(an_alpha_of_zero_means_scale_one_on_both_sides) {
  Adapter adapter;
  for (const auto &[base, out, rank] : std::vector<std::tuple<std::string, int64_t, int64_t>>{
           {"blk.0.attn_q.weight", 8, 2}, {"blk.0.attn_v.weight", 4, 2}, {"blk.0.ffn_up.weight", 6, 3}}) {
    adapter.tensors.push_back({base, 8, out, rank, random_values(rank * 8, 3), random_values(out * rank, 4)});
  }
  const std::string folder = path_of("scale-one");
  write_peft_folder(folder, adapter, llama(), {{2, 1}}, "model", "x");
  std::ifstream text(folder + "/adapter_config.json");
  const json written = json::parse(text);
  CHECK(written["r"] == 2 && written["lora_alpha"] == 2);
  CHECK(written["alpha_pattern"] == (json{{"model.layers.0.mlp.up_proj", 3}}) && written["rank_pattern"] == written["alpha_pattern"]);
  const Adapter back = load_adapter(folder, llama());
  CHECK(back.alpha == 0.0);
  for (const AdapterTensor &tensor : adapter.tensors) CHECK_CASE(same_bits(tensor_of(back, tensor.base).b, tensor.b), tensor.base);
}

TEST(the_commands_refuse_what_they_should) {
  const auto code = [](const std::string &command, const json &request) {
    std::ofstream(path_of("request.json")) << request.dump();
    std::ostringstream out;
    const int exit_code = run_program({command, path_of("request.json")}, out);
    return exit_code == 0 ? "accepted" : json::parse(out.str()).value("code", "none");
  };
  const std::string model = llama().path(), folder = peft_folder("import", config().dump(), weights_of(v2)), gguf = path_of("imported.gguf");
  CHECK(code("import-adapter", {{"adapter", folder}, {"model", model}, {"out", gguf}}) == "accepted");
  CHECK(code("import-adapter", {{"adapter", gguf}, {"model", model}, {"out", path_of("x.gguf")}}) == "peft.not_folder");
  CHECK(code("import-adapter", {{"adapter", folder}, {"model", model}, {"out", model}}) == "import.same_file");
  CHECK(code("import-adapter", {{"adapter", folder}, {"model", model}, {"out", gguf}, {"type", "Q8_0"}}) == "request.range");
  CHECK(code("import-adapter", {{"adapter", folder}, {"model", model}, {"out", gguf}, {"typ", "F16"}}) == "request.unknown_field");
  const json request = {{"adapter", gguf}, {"model", model}, {"out", path_of("out")}, {"baseModelName", "a/b"}};
  CHECK(code("export-adapter", request) == "accepted");
  CHECK(code("export-adapter", request) == "peft.out_exists"); // what was exported is not replaced
  json other = request;
  other["out"] = gguf;
  CHECK(code("export-adapter", other) == "peft.out_exists");
  other["out"] = path_of("out2"), other["modulePath"] = "elsewhere";
  CHECK(code("export-adapter", other) == "request.range");
  test::TinyModel foreign;
  foreign.architecture = "gpt2";
  const ModelFile base = ModelFile::open(foreign.save("gpt2.gguf"));
  CHECK(code_of([&] { load_adapter(folder, base); }) == "peft.architecture");
}

TEST(an_adapter_of_the_head_is_not_scored_in_silence) {
  test::TinyModel model = wide_head();
  model.extra_tensors.push_back({"output.weight", {8, 3}});
  const std::string path = model.save("headed.gguf");
  const std::string folder = peft_folder("head", config().dump(), weights_of({{"base_model.model.lm_head.lora_A.weight", {2, 8}, v2[0].values},
                                                                              {"base_model.model.lm_head.lora_B.weight", {3, 2}, random_values(6, 5)}}));
  std::ofstream(path_of("pairs.jsonl")) << R"({"id":"x","context":[0],"continuation":[1,2]})" << "\n";
  std::ofstream(path_of("request.json")) << json{{"model", path}, {"adapter", folder}, {"pairs", path_of("pairs.jsonl")}}.dump();
  std::ostringstream out;
  CHECK(run_program({"score", path_of("request.json")}, out) == 10 && json::parse(out.str())["code"] == "adapter.unsupported_target");
}
