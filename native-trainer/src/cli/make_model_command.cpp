#include <algorithm>
#include <ostream>
#include <set>

#include "cli/commands.h"
#include "common/failure.h"
#include "common/request.h"
#include "gguf/decode.h"
#include "gguf/model_recipe.h"
#include "gguf/tensor_layout.h"

namespace trex {
namespace {

using nlohmann::json;

constexpr int64_t max_dimension = 1 << 20;
constexpr int32_t max_vocabulary = 1 << 24;

[[noreturn]] void wrong(const std::string &code, const std::string &message, const std::string &hint) {
  throw config_failure(code, message, hint);
}

ggml_type read_type(const std::string &name, const std::string &field) {
  const std::optional<ggml_type> type = writable_type_from_name(name);
  if (type) return *type;
  wrong("request.range", "\"" + field + "\" in the request is \"" + name + "\".",
        "Use one of " + weight_type_list() + ".");
}

Architecture read_architecture(const std::string &name) {
  if (const auto known = architecture_named(name)) return *known;
  std::string names;
  for (const ArchitectureTraits &traits : known_architectures()) names += (names.empty() ? "" : ", ") + std::string(traits.name);
  wrong("request.range", "\"architecture\" in the request is \"" + name + "\".", "Use one of " + names + ".");
}

void read_dimensions(Request request, ModelRecipe &recipe) {
  ModelDimensions &d = recipe.dimensions;
  d.layers = request.integer("layers", 1, 512);
  d.embedding = request.integer("embedding", 2, max_dimension);
  d.feed_forward = request.integer("feedForward", 1, max_dimension);
  d.heads = request.integer("heads", 1, 65536);
  d.kv_heads = request.integer_or("kvHeads", d.heads, 1, 65536);
  const bool divides = d.embedding % d.heads == 0;
  d.head_dim = divides ? request.integer_or("headDim", d.embedding / d.heads, 2, 4096) : request.integer("headDim", 2, 4096);
  d.context_length = request.integer("contextLength", 1, int64_t{1} << 30);
  d.rope_base = request.number_or("ropeBase", 10000.0, 1.0, 1e12);
  d.rms_epsilon = request.number_or("rmsEpsilon", 1e-6, 1e-12, 1.0);
  recipe.tied_embeddings = request.boolean_or("tieEmbeddings", true);
  request.finish();
  if (d.heads % d.kv_heads != 0 || d.head_dim % 2 != 0 ||
      (!traits_of(recipe.architecture).wide_heads && d.heads * d.head_dim != d.embedding)) {
    wrong("request.range", "The dimensions in the request do not fit together.",
          "heads must be a multiple of kvHeads, headDim even, and for qwen2 and phi3 heads * headDim must equal embedding.");
  }
}

// One number for each layer.
std::vector<int32_t> read_layer_list(Request &request, const std::string &key, int32_t minimum, int32_t maximum,
                                     int64_t layers) {
  std::vector<int32_t> list = request.integer_list(key, minimum, maximum);
  if (static_cast<int64_t>(list.size()) == layers) return list;
  wrong("request.range", "\"" + key + "\" in the request has " + std::to_string(list.size()) + " numbers.",
        "Give one for every layer: " + std::to_string(layers) + ".");
}

// What gemma4's tensors say and its metadata does not.
void read_layers_own(Request &request, ModelRecipe &recipe) {
  const std::vector<double> scales = request.number_list_or_empty("outputScales", -1e6, 1e6);
  recipe.output_scales = {scales.begin(), scales.end()};
  if (request.has("valuesFromKeys")) {
    recipe.values_from_keys =
        request.integer_list("valuesFromKeys", 0, static_cast<int32_t>(recipe.dimensions.layers) - 1);
  }
  const ArchitectureTraits &traits = traits_of(recipe.architecture);
  const bool wrong_scales =
      !scales.empty() && (!traits.output_scales || std::ssize(scales) != recipe.dimensions.layers ||
                          std::find(scales.begin(), scales.end(), 0.0) != scales.end());
  if (wrong_scales || (!recipe.values_from_keys.empty() && !traits.optional_values)) {
    wrong("request.range", "The outputScales or valuesFromKeys in the request do not fit the architecture.",
          "Only gemma4 takes them: outputScales with one number other than 0 for every layer.");
  }
}

// The keys of a family's own metadata, with the types that llama.cpp expects.
std::map<std::string, MetadataValue> read_metadata_fields(Request request, const ModelRecipe &recipe) {
  static const std::set<std::string> whole = {"attention.sliding_window",
                                              "attention.sliding_window_pattern",
                                              "rope.dimension_count",
                                              "rope.scaling.original_context_length",
                                              "rope.dimension_count_swa",
                                              "attention.key_length_swa",
                                              "attention.value_length_swa",
                                              "attention.shared_kv_layers",
                                              "embedding_length_per_layer_input",
                                              "expert_count",
                                              "expert_used_count",
                                              "expert_feed_forward_length",
                                              "full_attention_interval",
                                              "ssm.conv_kernel",
                                              "ssm.inner_size",
                                              "ssm.state_size",
                                              "ssm.time_step_rank",
                                              "ssm.group_count"};
  static const std::set<std::string> of_each_layer = {"feed_forward_length", "attention.head_count",
                                                      "attention.head_count_kv"};
  static const std::set<std::string> real = {
      "rope.freq_base_swa",          "rope.scaling.factor",         "rope.scaling.attn_factor",
      "rope.scaling.yarn_beta_fast", "rope.scaling.yarn_beta_slow", "rope.scaling.yarn_log_multiplier",
      "attn_logit_softcapping",      "final_logit_softcapping",     "attention.temperature_scale"};
  std::map<std::string, MetadataValue> values;
  for (const std::string &key : request.keys()) {
    if (of_each_layer.contains(key)) {
      values[key] = read_layer_list(request, key, 1, max_dimension, recipe.dimensions.layers);
    } else if (key == "attention.sliding_window_pattern" && recipe.architecture == Architecture::gemma4) {
      const std::vector<int32_t> flags = read_layer_list(request, key, 0, 1, recipe.dimensions.layers);
      values[key] = std::vector<bool>(flags.begin(), flags.end());
    } else if (whole.contains(key)) {
      values[key] = static_cast<uint32_t>(request.integer(key, 0, UINT32_MAX));
    } else if (real.contains(key)) {
      values[key] = static_cast<float>(request.number_or(key, 0.0, -1e12, 1e12));
    } else if (key == "rope.dimension_sections") {
      values[key] = request.integer_list(key, 0, max_dimension);
    } else if (key == "rope.scaling.type") {
      values[key] = request.text(key);
    } else {
      wrong("request.unknown_field", "\"metadata\" in the request names \"" + key + "\", which is no key of these families.",
            "Write llama.cpp's key without the architecture, for example attention.sliding_window.");
    }
  }
  return values;
}

std::vector<float> read_factors(Request &request, const std::string &key, size_t count) {
  const std::vector<double> numbers = request.number_list_or_empty(key, 1e-6, 1e30);
  if (!numbers.empty() && numbers.size() != count) {
    wrong("request.range", "\"" + key + "\" in the request has " + std::to_string(numbers.size()) + " numbers.",
          "Give one for every pair of rotated dimensions: " + std::to_string(count) + ".");
  }
  return {numbers.begin(), numbers.end()};
}

void read_shape(Request &request, ModelRecipe &recipe) {
  recipe.architecture = read_architecture(request.text("architecture"));
  read_dimensions(request.object("dimensions"), recipe);
  recipe.metadata = read_metadata_fields(request.object_or_empty("metadata"), recipe);
  read_layers_own(request, recipe);
  int64_t rotated = recipe.dimensions.head_dim;
  const auto stated = recipe.metadata.find("rope.dimension_count");
  if (stated != recipe.metadata.end()) rotated = std::get<uint32_t>(stated->second);
  recipe.rope_factors = read_factors(request, "ropeFactors", static_cast<size_t>(rotated / 2));
  recipe.long_factors = read_factors(request, "longRopeFactors", static_cast<size_t>(rotated / 2));
  const ArchitectureTraits &traits = traits_of(recipe.architecture);
  const bool takes_factors = traits.rope_factors || traits.full_factors || traits.long_factors;
  if ((!recipe.rope_factors.empty() && !takes_factors) || (!recipe.long_factors.empty() && !traits.long_factors) ||
      (traits.long_factors && recipe.rope_factors.empty() != recipe.long_factors.empty()) ||
      (traits.full_factors && recipe.rope_factors.empty())) {
    wrong("request.range", "The rope factors in the request do not fit the architecture.",
          "llama and mistral3 take ropeFactors, gemma4 needs them, phi3 takes both ropeFactors and longRopeFactors.");
  }
  if (const auto biases = request.optional_text_list("biases")) {
    const auto names = projection_names();
    for (const std::string &name : *biases) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      wrong("request.range", "\"biases\" in the request names \"" + name + "\", which is no projection.",
            "Use attn_q, attn_k, attn_v, attn_qkv, attn_output, ffn_gate, ffn_up or ffn_down.");
    }
    recipe.biases = *biases;
  } else if (recipe.architecture == Architecture::qwen2) {
    recipe.biases = {"attn_q", "attn_k", "attn_v"}; // as the published models have
  }
}

std::optional<uint32_t> read_token_id(Request &request, const std::string &key, size_t vocabulary) {
  const std::optional<int64_t> id = request.optional_integer(key, 0, static_cast<int64_t>(vocabulary) - 1);
  return id ? std::optional(static_cast<uint32_t>(*id)) : std::nullopt;
}

// What llama.cpp would refuse or, worse, abort on when it loads the file.
void check_tokenizer(const TokenizerRecipe &tokenizer) {
  if (tokenizer.tokens.empty() || tokenizer.tokens.size() > static_cast<size_t>(max_vocabulary)) {
    wrong("tokenizer.size", "The tokenizer in the request lists " + std::to_string(tokenizer.tokens.size()) + " tokens.",
          "Give at least one token.");
  }
  std::vector<std::string> sorted = tokenizer.tokens;
  std::sort(sorted.begin(), sorted.end());
  const auto twin = std::adjacent_find(sorted.begin(), sorted.end());
  if (twin != sorted.end()) {
    wrong("tokenizer.duplicate_token", "The tokenizer in the request lists the token \"" + *twin + "\" twice.",
          "List every token once.");
  }
  if (tokenizer.token_types.size() != tokenizer.tokens.size()) {
    wrong("tokenizer.types", "The tokenizer in the request has a different number of tokens and token types.",
          "Give one type for every token.");
  }
  for (const std::string &merge : tokenizer.merges) {
    const size_t space = merge.find(' ', 1);
    if (space == std::string::npos || space + 1 == merge.size()) {
      wrong("tokenizer.merge", "The merge \"" + merge + "\" in the request is not two tokens with a space between them.",
            "Write merges as \"left right\".");
    }
    const std::string joined = merge.substr(0, space) + merge.substr(space + 1);
    if (!std::binary_search(sorted.begin(), sorted.end(), joined)) {
      wrong("tokenizer.merge", "The merge \"" + merge + "\" in the request makes a token that is not listed.",
            "List every merged token.");
    }
  }
}

TokenizerRecipe read_tokenizer(Request request) {
  if (request.text("model") != "gpt2") {
    wrong("request.range", "\"tokenizer.model\" in the request is not \"gpt2\".",
          "Only byte-level BPE tokenizers can be made; use vocabFrom for others.");
  }
  TokenizerRecipe tokenizer;
  tokenizer.pre = request.text("pre");
  tokenizer.tokens = request.text_list("tokens");
  tokenizer.merges = request.text_list("merges");
  tokenizer.token_types = request.has("tokenTypes") ? request.integer_list("tokenTypes", 0, 6)
                                                    : std::vector<int32_t>(tokenizer.tokens.size(), 1);
  check_tokenizer(tokenizer);
  tokenizer.bos_token_id = read_token_id(request, "bosTokenId", tokenizer.tokens.size());
  tokenizer.eos_token_id = read_token_id(request, "eosTokenId", tokenizer.tokens.size());
  tokenizer.pad_token_id = read_token_id(request, "padTokenId", tokenizer.tokens.size());
  tokenizer.add_bos_token = request.boolean_or("addBosToken", false);
  tokenizer.add_eos_token = request.boolean_or("addEosToken", false);
  request.finish();
  return tokenizer;
}

std::map<std::string, ggml_type> read_types(Request request) {
  std::map<std::string, ggml_type> types;
  for (const std::string &name : request.keys()) {
    const auto targets = projection_names();
    const bool known = name == "token_embd" || name == "per_layer_token_embd" || name == "output" ||
                       std::find(targets.begin(), targets.end(), name) != targets.end();
    if (!known) {
      wrong("request.unknown_field", "\"types\" in the request names \"" + name + "\", which is no weight matrix.",
            "Use token_embd, output or one of info's loraTargets.");
    }
    types[name] = read_type(request.text(name), "types." + name);
  }
  return types;
}

} // namespace

int run_make_model(const json &document, std::ostream &out) {
  Request request(document);
  const std::string path = request.text("out");
  ModelRecipe recipe;
  read_shape(request, recipe);
  recipe.name = request.text_or("name", "untitled");
  recipe.chat_template = request.optional_text("chatTemplate");
  recipe.storage = read_storage(request.text_or("type", "F32"), "type");
  recipe.type_of_target = read_types(request.object_or_empty("types"));
  recipe.seed = static_cast<uint64_t>(request.integer_or("seed", 1, 0, INT64_MAX));
  recipe.init_std = request.number_or("initStd", 0.02, 0.0, 100.0);

  std::optional<ModelFile> vocabulary;
  if (request.has("vocabFrom") == request.has("tokenizer")) {
    wrong("request.missing", "The request must have either \"vocabFrom\" or \"tokenizer\".",
          "Give the path of a GGUF file with a tokenizer, or the tokenizer itself.");
  }
  if (request.has("vocabFrom")) {
    vocabulary.emplace(ModelFile::open(request.text("vocabFrom")));
    const uint64_t tokens = vocabulary->array_length("tokenizer.ggml.tokens").value_or(0);
    if (tokens == 0) {
      wrong("tokenizer.missing", vocabulary->path() + " has no tokenizer.", "Choose a model or vocabulary file with one.");
    }
    recipe.vocabulary = &*vocabulary;
  } else {
    recipe.tokenizer = read_tokenizer(request.object("tokenizer"));
  }
  request.finish();

  ThreadPool threads(0);
  const MadeModel made = make_model(recipe, path, threads);
  const nlohmann::ordered_json answer = {{"out", path},
                       {"sizeBytes", made.file.size_bytes},
                       {"sha256", made.file.sha256},
                       {"parameters", made.parameters},
                       {"vocabSize", made.shape.vocab},
                       {"tensorTypes", made.tensor_types},
                       {"fallbacks", made.fallbacks}};
  out << json_line(answer) << std::endl;
  return 0;
}

} // namespace trex
