// PEFT folders: scales, and a code for everything that is refused.
#include <cmath>
#include <fstream>

#include "support/peft_folders.h"

namespace {

using namespace trex;
using namespace trex::test;
using nlohmann::json;

// scale * b as the runtime computes it, beside PEFT's.
double effective(const Adapter &adapter, const AdapterTensor &tensor, size_t i) {
  return scale_of(adapter, tensor) * static_cast<double>(tensor.b[i]);
}

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
  CHECK(
      refusal(config(), {{"base_model.model.lm_head.lora_A.weight", {2, 8}, v2[0].values}, // tied: the base has no head
                         {"base_model.model.lm_head.lora_B.weight", {4, 2}, v2[1].values}}) == "peft.unknown_target");
  for (const char *other : {"base_model.model.model.layers.0.self_attn.v_proj.lora_magnitude_vector",
                            "base_model.model.lm_head.weight", "base_model.model.model.embed_tokens.lora_embedding_A",
                            "base_model.model.model.layers.0.self_attn.v_proj.lora_B.bias", "../../../etc/passwd"}) {
    CHECK_CASE(refusal(config(), v2 + std::vector<Matrix>{{other, {2}, {1, 2}}}) == "peft.unsupported_tensor", other);
  }
  const std::string twin = "base_model.model.model.language_model.layers.0.self_attn.v_proj";
  CHECK(refusal(config(), v2 + std::vector<Matrix>{{twin + ".lora_A.weight", {2, 8}, v2[0].values},
                                                   {twin + ".lora_B.weight", {4, 2}, v2[1].values}}) ==
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
  CHECK(adapter.tensors.size() == 1 && same_bits(adapter.tensors[0].a, v2[0].values) &&
        same_bits(adapter.tensors[0].b, v2[1].values));
  CHECK(adapter.name == "read" && adapter.tensors[0].base == "blk.0.attn_v.weight");
}

TEST(scales_are_those_of_peft) {
  const std::vector<Matrix> three = v2 + pair("self_attn.o_proj", 8, 2) + pair("mlp.up_proj", 6, 4);
  const json ranks = {{"up_proj", 4}};

  // alpha / r: one alpha serves all ranks, so nothing is rescaled.
  Adapter adapter = read(config({{"rank_pattern", ranks}}), three);
  CHECK(adapter.alpha == 8.0 && same_bits(tensor_of(adapter, "blk.0.ffn_up.weight").b, three[5].values));
  CHECK(scale_of(adapter, tensor_of(adapter, "blk.0.ffn_up.weight")) == 2.0 &&
        scale_of(adapter, tensor_of(adapter, "blk.0.attn_v.weight")) == 4.0);

  // alpha / sqrt(r) is alpha' / r with alpha' = alpha sqrt(r), in the fp32 of a GGUF.
  adapter = read(config({{"use_rslora", true}}), v2);
  CHECK(adapter.alpha == static_cast<double>(static_cast<float>(8.0 * std::sqrt(2.0))) &&
        same_bits(adapter.tensors[0].b, v2[1].values));
  CHECK(std::abs(scale_of(adapter, adapter.tensors[0]) - 8.0 / std::sqrt(2.0)) < 4e-7);

  // Differing ranks under rsLoRA and differing alphas: the majority keeps its values, the others' B carries the rest.
  adapter = read(config({{"use_rslora", true}, {"rank_pattern", ranks}, {"alpha_pattern", {{"o_proj", 16}}}}), three);
  for (const auto &[base, scale, stored] :
       std::vector<std::tuple<std::string, double, size_t>>{{"blk.0.attn_v.weight", 8.0 / std::sqrt(2.0), 1},
                                                            {"blk.0.attn_output.weight", 16.0 / std::sqrt(2.0), 3},
                                                            {"blk.0.ffn_up.weight", 4.0, 5}}) {
    const AdapterTensor &tensor = tensor_of(adapter, base);
    for (size_t i = 0; i < tensor.b.size(); ++i) {
      const double exact = scale * static_cast<double>(three[stored].values[i]);
      CHECK_CASE(std::abs(effective(adapter, tensor, i) - exact) <= 2e-7 * std::abs(exact), base);
    }
  }
  adapter = read(config({{"alpha_pattern", {{"o_proj", 16}}}}),
                 v2 + pair("self_attn.o_proj", 8, 2) + pair("mlp.up_proj", 6, 2));
  CHECK(adapter.alpha == 8.0 && effective(adapter, tensor_of(adapter, "blk.0.attn_output.weight"), 0) ==
                                    8.0 * static_cast<double>(three[3].values[0]));

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
  CHECK(refusal(config({{"alpha_pattern", {{"o_proj", 1e30}}}}), large) == "peft.scale");  // overflows
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
