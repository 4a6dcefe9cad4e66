#include "gguf/model_recipe.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "gguf/decode.h"
#include "gguf/tensor_layout.h"

namespace trex {
namespace {

// splitmix64 (Steele, Lea, Flood 2014): a good 64-bit mix of a counter.
uint64_t mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

// FNV-1a, so that a tensor's values do not change when another is added before it.
uint64_t hash_name(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const unsigned char character : name) hash = (hash ^ character) * 0x100000001b3ULL;
  return hash;
}

// The sum of four uniform 16-bit numbers, centred and scaled to unit variance: close to normal, within 3.5 standard
// deviations, and exact integer arithmetic up to the last step, so the same on every machine.
float normal_like(uint64_t key, uint64_t counter) {
  const uint64_t bits = mix(key + counter * 0xd1342543de82ef95ULL);
  const auto sum = static_cast<int64_t>((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48));
  constexpr double centre = 4 * 65535 / 2.0;
  constexpr double unit = 1.0 / 37837.22669; // 1 / sqrt(4 * (65536^2 - 1) / 12)
  return static_cast<float>((static_cast<double>(sum) - centre) * unit);
}

// "blk.3.attn_q.weight" -> "attn_q", "output.weight" -> "output"
std::string target_of(const std::string &tensor_name) {
  const size_t end = tensor_name.rfind('.');
  const size_t dot = tensor_name.rfind('.', end - 1);
  return dot == std::string::npos ? tensor_name.substr(0, end) : tensor_name.substr(dot + 1, end - dot - 1);
}

void write_dimensions(ModelWriter &writer, const ModelRecipe &recipe) {
  const ModelDimensions &d = recipe.dimensions;
  const std::string prefix = std::string(architecture_name(recipe.architecture)) + ".";
  const auto set = [&](const char *key, int64_t value) { writer.set_u32(prefix + key, static_cast<uint32_t>(value)); };
  set("context_length", d.context_length);
  set("embedding_length", d.embedding);
  set("block_count", d.layers);
  set("feed_forward_length", d.feed_forward);
  set("attention.head_count", d.heads);
  set("attention.head_count_kv", d.kv_heads);
  set("attention.key_length", d.head_dim);
  set("attention.value_length", d.head_dim);
  set("rope.dimension_count", d.head_dim);
  writer.set_f32(prefix + "rope.freq_base", static_cast<float>(d.rope_base));
  writer.set_f32(prefix + "attention.layer_norm_rms_epsilon", static_cast<float>(d.rms_epsilon));
  for (const auto &[key, value] : recipe.metadata) {
    if (const auto *whole = std::get_if<uint32_t>(&value)) writer.set_u32(prefix + key, *whole);
    if (const auto *real = std::get_if<float>(&value)) writer.set_f32(prefix + key, *real);
    if (const auto *text = std::get_if<std::string>(&value)) writer.set_text(prefix + key, *text);
    if (const auto *list = std::get_if<std::vector<int32_t>>(&value)) writer.set_i32_array(prefix + key, *list);
    if (const auto *flags = std::get_if<std::vector<bool>>(&value)) writer.set_bool_array(prefix + key, *flags);
  }
}

// The same reading of the metadata as when the file is opened, so that there is one meaning of every key.
HyperParameters shape_of(const ModelWriter &writer, const ModelRecipe &recipe) {
  HyperParameters shape = read_metadata(writer.metadata());
  shape.vocab = static_cast<int64_t>(recipe.vocabulary != nullptr
                                         ? recipe.vocabulary->array_length("tokenizer.ggml.tokens").value_or(0)
                                         : recipe.tokenizer.tokens.size());
  shape.tied_embeddings = recipe.tied_embeddings || shape.traits().always_tied;
  shape.biases = recipe.biases;
  shape.ropes.front().factors = recipe.rope_factors;
  shape.ropes.front().long_factors = recipe.long_factors;
  for (const int32_t layer : recipe.values_from_keys) {
    LayerShape &one = shape.layers.at(static_cast<size_t>(layer));
    one.values_are_keys = one.has_own_keys();
  }
  for (size_t layer = 0; layer < recipe.output_scales.size(); ++layer) {
    shape.layers.at(layer).output_scale = recipe.output_scales[layer];
  }
  return shape;
}

void write_tokenizer(ModelWriter &writer, const TokenizerRecipe &tokenizer) {
  writer.set_text("tokenizer.ggml.model", "gpt2");
  writer.set_text("tokenizer.ggml.pre", tokenizer.pre);
  writer.set_text_array("tokenizer.ggml.tokens", tokenizer.tokens);
  writer.set_i32_array("tokenizer.ggml.token_type", tokenizer.token_types);
  writer.set_text_array("tokenizer.ggml.merges", tokenizer.merges);
  if (tokenizer.bos_token_id) writer.set_u32("tokenizer.ggml.bos_token_id", *tokenizer.bos_token_id);
  if (tokenizer.eos_token_id) writer.set_u32("tokenizer.ggml.eos_token_id", *tokenizer.eos_token_id);
  if (tokenizer.pad_token_id) writer.set_u32("tokenizer.ggml.padding_token_id", *tokenizer.pad_token_id);
  writer.set_bool("tokenizer.ggml.add_bos_token", tokenizer.add_bos_token);
  writer.set_bool("tokenizer.ggml.add_eos_token", tokenizer.add_eos_token);
}

// The recipe's storage, with another type for single targets.
std::map<std::string, StorageType> chosen_types(const ModelRecipe &recipe, const HyperParameters &shape,
                                                const std::vector<TensorSpec> &specs) {
  std::map<std::string, StorageType> types = storage_types(recipe.storage, specs, mix_shape(shape));
  for (const TensorSpec &spec : specs) {
    const auto chosen = recipe.type_of_target.find(target_of(spec.name));
    if (chosen == recipe.type_of_target.end() || !types.contains(spec.name)) continue;
    types[spec.name] = {chosen->second, storable_type(chosen->second, static_cast<int>(spec.shape.size()), spec.shape[0])};
  }
  return types;
}

// The values of a tensor that the recipe gives; empty for weights.
std::vector<float> constants_of(const std::string &name, const ModelRecipe &recipe) {
  if (name == "rope_factors_long.weight") return recipe.long_factors;
  if (is_rope_factors(name)) return recipe.rope_factors;
  if (is_constant(name))
    return {recipe.output_scales.at(std::stoul(name.substr(4)))}; // "blk.3.layer_output_scale.weight"
  return {};
}

} // namespace

MadeModel make_model(const ModelRecipe &recipe, const std::string &utf8_path, ThreadPool &threads) {
  ModelWriter writer;
  writer.set_text("general.architecture", architecture_name(recipe.architecture));
  writer.set_text("general.type", "model");
  writer.set_text("general.name", recipe.name);
  write_dimensions(writer, recipe);
  if (recipe.vocabulary != nullptr) {
    writer.copy_keys(*recipe.vocabulary, "tokenizer.");
  } else {
    write_tokenizer(writer, recipe.tokenizer);
  }
  if (recipe.chat_template) writer.set_text("tokenizer.chat_template", *recipe.chat_template);

  MadeModel made;
  made.shape = shape_of(writer, recipe);
  writer.set_u32(std::string(architecture_name(recipe.architecture)) + ".vocab_size",
                 static_cast<uint32_t>(made.shape.vocab));
  const std::vector<TensorSpec> specs = present_tensors(made.shape);
  const std::map<std::string, StorageType> types = chosen_types(recipe, made.shape, specs);
  writer.set_file_type(file_type_of(recipe.storage));
  for (const TensorSpec &spec : specs) {
    const auto type = types.find(spec.name);
    TensorSource source;
    source.name = spec.name;
    source.shape = spec.shape;
    source.type = type == types.end() ? GGML_TYPE_F32 : type->second.stored;
    const bool is_norm = spec.name.ends_with("_norm.weight"), is_rate = spec.name.ends_with(".ssm_a");
    const std::vector<float> given = constants_of(spec.name, recipe);
    source.fill = [&recipe, key = mix(recipe.seed ^ hash_name(spec.name)), columns = spec.shape[0], is_norm,
                   is_rate, given](int64_t first_row, int64_t rows, float *out) {
      if (!given.empty()) {
        std::copy(given.begin(), given.end(), out);
      } else if (is_norm) {
        std::fill_n(out, rows * columns, 1.0f);
      } else {
        const auto scale = static_cast<float>(recipe.init_std);
        const auto first = static_cast<uint64_t>(first_row * columns);
        for (int64_t index = 0; index < rows * columns; ++index) {
          const float value = normal_like(key, first + static_cast<uint64_t>(index));
          out[index] = is_rate ? -std::exp(value) : scale * value; // rates of decay are below zero
        }
      }
    };
    uint64_t elements = 1;
    for (const int64_t length : spec.shape) elements *= static_cast<uint64_t>(length);
    made.parameters += elements;
    ++made.tensor_types[type_label(source.type)];
    if (type != types.end() && type->second.wanted != source.type) {
      ++made.fallbacks[std::string(type_label(type->second.wanted)) + " -> " + type_label(source.type)];
    }
    writer.add(std::move(source));
  }
  made.file = writer.write(utf8_path, threads);
  return made;
}

} // namespace trex
