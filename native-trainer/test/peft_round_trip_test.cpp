// Every architecture's way from a GGUF adapter to PEFT and back, and the two commands.
#include <fstream>
#include <sstream>

#include "cli/commands.h"
#include "peft/adapter_export.h"
#include "peft/safetensors.h"
#include "support/peft_folders.h"

using namespace trex;
using namespace trex::test;
using nlohmann::json;

TEST(every_architecture_survives_gguf_to_peft_to_gguf) {
  struct Case {
    const char *architecture;
    bool fused;
    std::string path;
  };
  for (const Case &c :
       {Case{"llama", false, "model"}, Case{"mistral3", false, "model"},
        Case{"mistral3", false, "model.language_model"}, Case{"smollm3", false, "model"}, Case{"qwen2", false, "model"},
        Case{"qwen3", false, "model"}, Case{"gemma2", false, "model"}, Case{"gemma3", false, "model.language_model"},
        Case{"gemma3", false, "language_model.model"}, Case{"phi3", true, "model"}}) {
    TinyModel model = wide_head();
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
      CHECK_CASE(same_bits(read.a, tensor.a) && same_bits(read.b, tensor.b) && read.rank == tensor.rank,
                 c.architecture + tensor.base);
    }
    // In the PEFT folder the rows of q and k stand in Hugging Face's order: 0 2 1 3 of every head of four.
    const SafetensorsFile weights = SafetensorsFile::open(folder + "/adapter_model.safetensors");
    const bool reordered = std::string(c.architecture) == "llama" || std::string(c.architecture) == "mistral3" ||
                           std::string(c.architecture) == "smollm3";
    const std::string q = "base_model.model." + c.path + ".layers.0.self_attn.q_proj.lora_B.weight";
    const auto found =
        std::find_if(weights.tensors().begin(), weights.tensors().end(), [&](const auto &t) { return t.name == q; });
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
      CHECK_CASE(target.get<std::string>().starts_with(c.path + ".layers.0.") ||
                     target.get<std::string>().ends_with("lm_head"),
                 target.dump());
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
  CHECK(written["alpha_pattern"] == (json{{"model.layers.0.mlp.up_proj", 3}}) &&
        written["rank_pattern"] == written["alpha_pattern"]);
  const Adapter back = load_adapter(folder, llama());
  CHECK(back.alpha == 0.0);
  for (const AdapterTensor &tensor : adapter.tensors)
    CHECK_CASE(same_bits(tensor_of(back, tensor.base).b, tensor.b), tensor.base);
}

TEST(the_commands_refuse_what_they_should) {
  const auto code = [](const std::string &command, const json &request) {
    std::ofstream(path_of("request.json")) << request.dump();
    std::ostringstream out;
    const int exit_code = run_program({command, path_of("request.json")}, out);
    return exit_code == 0 ? "accepted" : json::parse(out.str()).value("code", "none");
  };
  const std::string model = llama().path(), folder = peft_folder("import", config().dump(), weights_of(v2)),
                    gguf = path_of("imported.gguf");
  CHECK(code("import-adapter", {{"adapter", folder}, {"model", model}, {"out", gguf}}) == "accepted");
  CHECK(code("import-adapter", {{"adapter", gguf}, {"model", model}, {"out", path_of("x.gguf")}}) == "peft.not_folder");
  CHECK(code("import-adapter", {{"adapter", folder}, {"model", model}, {"out", model}}) == "import.same_file");
  CHECK(code("import-adapter", {{"adapter", folder}, {"model", model}, {"out", gguf}, {"type", "Q8_0"}}) ==
        "request.range");
  CHECK(code("import-adapter", {{"adapter", folder}, {"model", model}, {"out", gguf}, {"typ", "F16"}}) ==
        "request.unknown_field");
  const json request = {{"adapter", gguf}, {"model", model}, {"out", path_of("out")}, {"baseModelName", "a/b"}};
  CHECK(code("export-adapter", request) == "accepted");
  CHECK(code("export-adapter", request) == "peft.out_exists"); // what was exported is not replaced
  json other = request;
  other["out"] = gguf;
  CHECK(code("export-adapter", other) == "peft.out_exists");
  other["out"] = path_of("out2"), other["modulePath"] = "elsewhere";
  CHECK(code("export-adapter", other) == "request.range");
  TinyModel foreign;
  foreign.architecture = "gpt2";
  const ModelFile base = ModelFile::open(foreign.save("gpt2.gguf"));
  CHECK(code_of([&] { load_adapter(folder, base); }) == "peft.architecture");
}

TEST(an_adapter_of_the_head_is_not_scored_in_silence) {
  TinyModel model = wide_head();
  model.extra_tensors.push_back({"output.weight", {8, 3}});
  const std::string path = model.save("headed.gguf");
  const std::string folder =
      peft_folder("head", config().dump(),
                  weights_of({{"base_model.model.lm_head.lora_A.weight", {2, 8}, v2[0].values},
                              {"base_model.model.lm_head.lora_B.weight", {3, 2}, random_values(6, 5)}}));
  std::ofstream(path_of("pairs.jsonl")) << R"({"id":"x","context":[0],"continuation":[1,2]})"
                                        << "\n";
  std::ofstream(path_of("request.json"))
      << json{{"model", path}, {"adapter", folder}, {"pairs", path_of("pairs.jsonl")}}.dump();
  std::ostringstream out;
  CHECK(run_program({"score", path_of("request.json")}, out) == 10 &&
        json::parse(out.str())["code"] == "adapter.unsupported_target");
}
