// Names and row order of the same matrix in Hugging Face's programs and in a GGUF.
#include <algorithm>
#include <map>
#include <numeric>

#include "common/failure.h"
#include "peft/permutation.h"
#include "peft/tensor_names.h"
#include "support/check.h"

namespace {

using namespace trex;

const std::map<std::string, std::string> plain = {{"self_attn.q_proj", "attn_q"}, {"self_attn.k_proj", "attn_k"},
                                                  {"self_attn.v_proj", "attn_v"}, {"self_attn.o_proj", "attn_output"},
                                                  {"mlp.gate_proj", "ffn_gate"},  {"mlp.up_proj", "ffn_up"},
                                                  {"mlp.down_proj", "ffn_down"}};
const std::map<std::string, std::string> fused = {{"self_attn.qkv_proj", "attn_qkv"},
                                                  {"self_attn.o_proj", "attn_output"},
                                                  {"mlp.gate_up_proj", "ffn_up"},
                                                  {"mlp.down_proj", "ffn_down"}};

std::vector<float> counting(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

} // namespace

TEST(every_architecture_has_its_names) {
  for (const char *architecture : {"llama", "mistral3", "smollm3", "qwen2", "qwen3", "gemma2", "gemma3", "gemma4", "phi3"}) {
    CHECK_CASE(has_peft_names(architecture), architecture);
    const auto &names = std::string(architecture) == "phi3" ? fused : plain;
    for (const auto &[module, gguf] : names) {
      for (const char *path : {"model", "model.language_model", "language_model.model"}) {
        const std::string full = std::string(path) + ".layers.12." + module, tensor = "blk.12." + gguf + ".weight";
        CHECK_CASE(gguf_name_of_module(architecture, full) == tensor, architecture + (" " + full));
        CHECK_CASE(module_of_gguf_name(architecture, tensor, path) == full, architecture + (" " + tensor));
      }
      CHECK(gguf_name_of_module(architecture, "layers.0." + module) == "blk.0." + gguf + ".weight");
    }
    CHECK(gguf_name_of_module(architecture, "lm_head") == "output.weight");
    CHECK(module_of_gguf_name(architecture, "output.weight", "model") == "lm_head");
    CHECK(module_of_gguf_name(architecture, "output.weight", "model.language_model") == "lm_head");
    CHECK(module_of_gguf_name(architecture, "output.weight", "language_model.model") == "language_model.lm_head");
  }
  CHECK(gguf_name_of_module("gemma4", "model.language_model.layers.7.per_layer_input_gate") == "blk.7.inp_gate.weight");
  CHECK(module_of_gguf_name("gemma4", "blk.7.proj.weight", "model") == "model.layers.7.per_layer_projection");
  CHECK(!gguf_name_of_module("gemma3", "model.layers.7.per_layer_projection"));
  CHECK(!gguf_name_of_module("phi3", "model.layers.0.self_attn.q_proj"));
  CHECK(!gguf_name_of_module("phi3", "model.layers.0.mlp.gate_proj"));
  CHECK(!gguf_name_of_module("llama", "model.layers.0.self_attn.qkv_proj"));
  CHECK(gguf_name_of_module("qwen3moe", "model.layers.0.self_attn.q_proj") == "blk.0.attn_q.weight");
  CHECK(!gguf_name_of_module("qwen3moe", "model.layers.0.mlp.experts.3.up_proj"));
  CHECK(!has_peft_names("gpt2") && !gguf_name_of_module("gpt2", "lm_head") &&
        !module_of_gguf_name("gpt2", "output.weight", "model"));
}

TEST(other_modules_have_no_name) {
  for (const char *module :
       {"model.vision_tower.encoder.layers.0.self_attn.q_proj", "vision_model.layers.0.self_attn.q_proj",
        "model.layers.0.self_attn.q_proj.base_layer", "model.layers.00.self_attn.q_proj",
        "model.layers.-1.self_attn.q_proj", "model.layers.1x.self_attn.q_proj", "model.layers..self_attn.q_proj",
        "model.layers.99999999999999999999.self_attn.q_proj", "model.embed_tokens", "model.layers.0.mlp",
        "model.layers.0", "", "model.layers.", "x.model.layers.0.self_attn.q_proj"}) {
    CHECK_CASE(!gguf_name_of_module("gemma3", module), module);
  }
  for (const char *tensor :
       {"blk.0.attn_norm.weight", "blk.0.attn_q.bias", "blk.x.attn_q.weight", "token_embd.weight", "blk.0"}) {
    CHECK_CASE(!module_of_gguf_name("llama", tensor, "model"), tensor);
  }
  CHECK(layer_of_gguf_name("blk.17.ffn_up.weight") == 17 && !layer_of_gguf_name("output.weight"));
}

TEST(peft_keys_are_taken_apart) {
  const auto key = [](const std::string &text) {
    const std::optional<PeftKey> found = parse_peft_key(text);
    return found ? found->module + (found->is_a ? " A" : " B") : "none";
  };
  CHECK(key("base_model.model.model.layers.0.mlp.up_proj.lora_A.weight") == "model.layers.0.mlp.up_proj A");
  CHECK(key("base_model.model.model.layers.0.mlp.up_proj.lora_B.default.weight") == "model.layers.0.mlp.up_proj B");
  CHECK(key(peft_key("lm_head", true)) == "lm_head A" && key(peft_key("lm_head", false)) == "lm_head B");
  for (const char *other :
       {"base_model.model.lm_head.weight", "base_model.model.lm_head.lora_B.bias", "model.lm_head.lora_A.weight",
        "base_model.model.x.lora_magnitude_vector", "base_model.model.x.lora_embedding_A", "lora_A.weight",
        "base_model.model.lora_A.weight", "base_model.model..lora_A.other.weight", "base_model.model.x.lora_C.weight",
        "base_model.model.x.lora_A.weight.weight"}) {
    CHECK_CASE(key(other) == "none", other);
  }
}

TEST(rows_move_as_the_formula_says) {
  // Two heads of six, one column: rows 0 1 2 | 3 4 5 of a head become 0 3 1 4 2 5.
  const std::vector<float> reordered = rows_to_gguf(counting(12), 1, 2);
  CHECK(reordered == (std::vector<float>{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11}));
  // As one head of twelve they would go elsewhere: the number of heads matters.
  CHECK(rows_to_gguf(counting(12), 1, 1) == (std::vector<float>{0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11}));
  // A row moves as a whole.
  CHECK(rows_to_gguf(counting(8), 2, 1) == (std::vector<float>{0, 1, 4, 5, 2, 3, 6, 7}));
}

TEST(the_two_directions_undo_each_other) {
  for (const int64_t heads : {1, 2, 3, 8}) {
    for (const int64_t head_dim : {2, 6, 64}) {
      const std::vector<float> values = counting(static_cast<size_t>(heads * head_dim * 5));
      CHECK(rows_to_hugging_face(rows_to_gguf(values, 5, heads), 5, heads) == values);
      CHECK(rows_to_gguf(rows_to_hugging_face(values, 5, heads), 5, heads) == values);
      if (head_dim > 4) CHECK(rows_to_gguf(values, 5, heads) != rows_to_hugging_face(values, 5, heads));
    }
  }
}

TEST(rows_that_make_no_heads_are_refused) {
  for (const auto &[count, columns, heads] :
       std::vector<std::array<int64_t, 3>>{{12, 1, 4}, {12, 1, 5}, {12, 5, 1}, {12, 1, 0}, {0, 1, 1}, {4, 0, 1}}) {
    try {
      rows_to_gguf(counting(static_cast<size_t>(count)), columns, heads);
      CHECK_CASE(false, std::to_string(heads));
    } catch (const Failure &failure) {
      CHECK(failure.code == "peft.bad_shape");
    }
  }
}

TEST(only_the_llama_family_is_reordered) {
  for (const char *reordered : {"llama", "mistral3", "smollm3"})
    CHECK_CASE(reorders_query_and_key(reordered), reordered);
  for (const char *kept : {"qwen2", "qwen3", "qwen3moe", "gemma2", "gemma3", "gemma4", "phi3"})
    CHECK_CASE(!reorders_query_and_key(kept), kept);
}
