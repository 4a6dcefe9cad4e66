// Which models are accepted, and with which sentence the others are refused.
#include "gguf/hyper_parameters.h"

#include <cmath>
#include <functional>

#include "common/failure.h"
#include "support/check.h"
#include "support/gguf_bytes.h"

namespace {

using trex::Failure;
using trex::HyperParameters;
using trex::ModelFile;
using trex::test::TinyModel;

std::string refusal(const TinyModel &model) {
  try {
    trex::read_hyper_parameters(ModelFile::open(model.save("refused.gguf")));
    return "accepted";
  } catch (const Failure &failure) {
    return failure.cls == trex::FailureClass::config && failure.message.ends_with(".") ? failure.code : "bad failure";
  }
}

// Three experts of width 3, of which a token goes to two.
TinyModel mixture(uint32_t experts = 3, uint32_t used = 2, uint32_t width = 3) {
  TinyModel m;
  m.architecture = "qwen3moe";
  m.leave_out = {"blk.0.ffn_gate.weight", "blk.0.ffn_up.weight", "blk.0.ffn_down.weight"};
  const int64_t e = experts, inner = width == 0 ? 6 / used : width;
  m.extra_tensors = {{"blk.0.ffn_gate_inp.weight", {4, e}},
                     {"blk.0.ffn_gate_exps.weight", {4, inner, e}},
                     {"blk.0.ffn_up_exps.weight", {4, inner, e}},
                     {"blk.0.ffn_down_exps.weight", {inner, 4, e}}};
  m.extra_metadata.u32_entry("qwen3moe.expert_count", experts).u32_entry("qwen3moe.expert_used_count", used);
  m.extra_entries = 2;
  if (width == 0) return m;
  m.extra_metadata.u32_entry("qwen3moe.expert_feed_forward_length", width);
  m.extra_entries = 3;
  return m;
}

struct Case {
  const char *what;
  const char *code;
  std::function<void(TinyModel &)> change;
};

const std::vector<Case> cases = {
    {"mamba", "model.unsupported_architecture", [](TinyModel &m) { m.architecture = "mamba"; }},
    {"qwen3next", "model.unsupported_architecture", [](TinyModel &m) { m.architecture = "qwen3next"; }},
    {"no architecture", "model.unsupported_architecture", [](TinyModel &m) { m.leave_out = {"general.architecture"}; }},
    {"no layer count", "model.missing_metadata", [](TinyModel &m) { m.leave_out = {"block_count"}; }},
    {"no context length", "model.missing_metadata", [](TinyModel &m) { m.leave_out = {"context_length"}; }},
    {"no epsilon", "model.missing_metadata", [](TinyModel &m) { m.leave_out = {"attention.layer_norm_rms_epsilon"}; }},
    {"no tokenizer", "model.missing_metadata", [](TinyModel &m) { m.leave_out = {"tokenizer.ggml.tokens"}; }},
    {"0 layers", "model.bad_dimension", [](TinyModel &m) { m.layers = 0; }},
    {"513 layers", "model.bad_dimension", [](TinyModel &m) { m.layers = 513; }},
    {"4 billion layers", "model.bad_dimension", [](TinyModel &m) { m.layers = UINT32_MAX; }},
    {"0 heads", "model.bad_dimension", [](TinyModel &m) { m.stated_heads = 0; }},
    {"0 key heads", "model.bad_dimension", [](TinyModel &m) { m.stated_kv_heads = 0; }},
    {"heads not a multiple of key heads", "model.bad_dimension", [](TinyModel &m) { m.stated_kv_heads = 3; }},
    {"odd head", "model.bad_dimension", [](TinyModel &m) { m.key_length = 3; }},
    {"partial rotation", "model.bad_dimension", [](TinyModel &m) { m.head_dim = m.key_length = 4, m.rope_dims = 2; }},
    {"qwen2 with wide heads", "model.bad_dimension",
     [](TinyModel &m) { m.architecture = "qwen2", m.head_dim = m.key_length = 4; }},
    {"longrope", "model.unsupported_feature", [](TinyModel &m) { m.rope_scaling = "longrope"; }},
    {"missing layer", "model.missing_tensor", [](TinyModel &m) { m.layers = 3; }},
    {"missing norm", "model.missing_tensor", [](TinyModel &m) { m.leave_out = {"output_norm.weight"}; }},
    {"missing head norm", "model.missing_tensor",
     [](TinyModel &m) { m.architecture = "qwen3", m.leave_out = {"blk.0.attn_q_norm.weight"}; }},
    {"fused projections", "model.unsupported_tensor",
     [](TinyModel &m) { m.extra_tensors = {{"blk.0.attn_qkv.weight", {4, 8}}}; }},
    {"feed-forward bias", "model.unsupported_tensor",
     [](TinyModel &m) { m.architecture = "qwen2", m.extra_tensors = {{"blk.0.ffn_up.bias", {6}}}; }},
    {"a layer too many", "model.unsupported_tensor",
     [](TinyModel &m) { m.extra_tensors = {{"blk.1.attn_norm.weight", {4}}}; }},
    {"some biases", "model.unsupported_feature", [](TinyModel &m) { m.layers = 2, m.extra_tensors = {{"blk.0.attn_q.bias", {4}}}; }},
    {"a dense qwen3moe", "model.missing_metadata", [](TinyModel &m) { m.architecture = "qwen3moe"; }},
    {"one expert", "model.bad_dimension", [](TinyModel &m) { m = mixture(1, 1); }},
    {"513 experts", "model.bad_dimension", [](TinyModel &m) { m = mixture(513, 2); }},
    {"no expert used", "model.bad_dimension", [](TinyModel &m) { m = mixture(3, 0, 3); }},
    {"more experts used than there are", "model.bad_dimension", [](TinyModel &m) { m = mixture(3, 4); }},
    {"groups of experts", "model.unsupported_feature",
     [](TinyModel &m) { m = mixture(), m.extra_metadata.u32_entry("qwen3moe.expert_group_count", 2), ++m.extra_entries; }},
    {"no router", "model.missing_tensor", [](TinyModel &m) { m = mixture(), m.extra_tensors.erase(m.extra_tensors.begin()); }},
    {"experts of another size", "model.bad_shape", [](TinyModel &m) { m = mixture(), m.extra_tensors[1].second[1] = 2; }},
    {"an expert too few", "model.bad_shape", [](TinyModel &m) { m = mixture(), m.extra_tensors[3].second[2] = 2; }},
    {"experts beside a dense block", "model.unsupported_tensor", [](TinyModel &m) { m = mixture(), m.leave_out.clear(); }},
    {"experts in a dense model", "model.unsupported_tensor",
     [](TinyModel &m) { m.extra_tensors = {{"blk.0.ffn_up_exps.weight", {4, 6, 2}}}; }},
    {"head of another size", "model.bad_shape", [](TinyModel &m) { m.extra_tensors = {{"output.weight", {4, 2}}}; }},
    {"more tokens than embeddings", "model.vocabulary_mismatch", [](TinyModel &m) { m.listed_tokens = 4; }},
    {"fewer tokens than embeddings", "model.vocabulary_mismatch", [](TinyModel &m) { m.listed_tokens = 2; }},
};

} // namespace

TEST(each_unsupported_model_has_its_code) {
  for (const Case &entry : cases) {
    TinyModel model;
    entry.change(model);
    const std::string code = refusal(model);
    CHECK_CASE(code == entry.code, std::string(entry.what) + ": " + code);
  }
}

TEST(plain_models_are_read) {
  TinyModel model;
  model.extra_tensors = {{"output.weight", {4, 3}}};
  const HyperParameters llama = trex::read_hyper_parameters(ModelFile::open(model.save("llama.gguf")));
  CHECK(llama.architecture == trex::Architecture::llama && llama.traits().rope_style == trex::RopeStyle::norm);
  CHECK(llama.layer_count() == 1 && llama.embedding == 4 && llama.vocab == 3 && llama.context_length == 8);
  const trex::LayerShape &layer = llama.layers.front();
  CHECK(layer.heads == 2 && layer.kv_heads == 1 && layer.head_dim == 2 && layer.feed_forward == 6);
  CHECK(layer.window == 0 && layer.rope == 0);
  CHECK(!llama.tied_embeddings && llama.biases.empty() && !llama.traits().qk_norm);
  const trex::RopeParameters &rope = llama.ropes.front();
  CHECK(rope.base == 10000.0 && rope.position_scale == 1.0 && rope.magnitude == 1.0 && rope.factors.empty());
  CHECK(std::fabs(llama.rms_epsilon - 1e-5) < 1e-11);
  CHECK(std::fabs(llama.attention_scale - 1.0 / std::sqrt(2.0)) < 1e-15);

  TinyModel qwen2;
  qwen2.architecture = "qwen2";
  qwen2.extra_tensors = {{"blk.0.attn_q.bias", {4}}, {"blk.0.attn_k.bias", {2}}, {"blk.0.attn_v.bias", {2}}};
  const HyperParameters with_bias = trex::read_hyper_parameters(ModelFile::open(qwen2.save("qwen2.gguf")));
  CHECK(with_bias.biases == (std::vector<std::string>{"attn_q", "attn_k", "attn_v"}) && with_bias.tied_embeddings);
  CHECK(with_bias.traits().rope_style == trex::RopeStyle::neox);

  TinyModel qwen3;
  qwen3.architecture = "qwen3";
  qwen3.head_dim = qwen3.key_length = 4; // heads * head_dim = 8, embedding = 4
  const HyperParameters wide = trex::read_hyper_parameters(ModelFile::open(qwen3.save("qwen3.gguf")));
  CHECK(wide.traits().qk_norm && wide.layers.front().q_width() == 8 && wide.layers.front().kv_width() == 4);
}

TEST(mixtures_of_experts_are_read) {
  const auto layer_of = [](const TinyModel &model) {
    return trex::read_hyper_parameters(ModelFile::open(model.save("mixture.gguf"))).layers.front();
  };
  const trex::LayerShape stated = layer_of(mixture(5, 2, 3));
  CHECK(stated.experts == 5 && stated.experts_used == 2 && stated.feed_forward == 3);
  CHECK(layer_of(mixture(3, 2, 0)).feed_forward == 3); // 6 / 2
  CHECK(layer_of(mixture(3, 3, 0)).feed_forward == 2); // 6 / 3
  TinyModel no_dense_width = mixture();
  no_dense_width.leave_out.push_back("feed_forward_length");
  CHECK(layer_of(no_dense_width).feed_forward == 3);
}

TEST(rope_frequencies_must_be_positive) {
  TinyModel model;
  model.extra_tensors = {{"rope_freqs.weight", {1}}}; // written as zero
  CHECK(refusal(model) == "model.bad_dimension");
}

TEST(metadata_of_another_type_is_refused) {
  trex::test::GgufBytes file;
  file.header(3, 0, 4).text_entry("text", "x").u32_entry("number", 7);
  file.string("negative").number<uint32_t>(trex::test::i32).number<int32_t>(-1);
  file.f32_entry("infinite", INFINITY);
  const ModelFile model = ModelFile::open(file.save("metadata.gguf"));
  CHECK(model.unsigned_value("number") == 7 && model.number("number") == 7.0 && model.text("text") == "x");
  CHECK(!model.unsigned_value("absent") && !model.text("absent") && !model.text_array("absent"));
  const auto code = [&](const auto &read) -> std::string {
    try {
      read();
      return "accepted";
    } catch (const Failure &failure) {
      return failure.code;
    }
  };
  CHECK(code([&] { model.unsigned_value("text"); }) == "model.metadata_type");
  CHECK(code([&] { model.unsigned_value("negative"); }) == "model.metadata_type");
  CHECK(code([&] { model.number("infinite"); }) == "model.metadata_type");
  CHECK(code([&] { model.text("number"); }) == "model.metadata_type");
  CHECK(code([&] { model.boolean("number"); }) == "model.metadata_type");
  CHECK(code([&] { model.text_array("text"); }) == "model.metadata_type");
}
