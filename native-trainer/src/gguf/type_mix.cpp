#include "gguf/type_mix.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "common/failure.h"
#include "gguf/decode.h"
#include "gguf/model_writer.h"

namespace trex {
namespace {

struct NamedMix {
  Mix mix;
  const char *name;
  ggml_type type;     // of most matrices
  uint32_t file_type; // enum llama_ftype in llama.h
};

constexpr NamedMix mixes[] = {
    {Mix::q4_0, "MOSTLY_Q4_0", GGML_TYPE_Q4_0, 2},        {Mix::q4_1, "MOSTLY_Q4_1", GGML_TYPE_Q4_1, 3},
    {Mix::q5_0, "MOSTLY_Q5_0", GGML_TYPE_Q5_0, 8},        {Mix::q5_1, "MOSTLY_Q5_1", GGML_TYPE_Q5_1, 9},
    {Mix::q4_k_s, "Q4_K_S", GGML_TYPE_Q4_K, 14},          {Mix::q4_k_m, "Q4_K_M", GGML_TYPE_Q4_K, 15},
    {Mix::q5_k_s, "Q5_K_S", GGML_TYPE_Q5_K, 16},          {Mix::q5_k_m, "Q5_K_M", GGML_TYPE_Q5_K, 17},
    {Mix::iq4_nl, "MOSTLY_IQ4_NL", GGML_TYPE_IQ4_NL, 25}, {Mix::iq4_xs, "MOSTLY_IQ4_XS", GGML_TYPE_IQ4_XS, 30},
    {Mix::mxfp4_moe, "MXFP4_MOE", GGML_TYPE_MXFP4, 38},
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// 3 for "blk.3.attn_q.weight", -1 for a tensor outside the layers.
int64_t layer_of(std::string_view name) {
  int64_t layer = -1;
  if (name.starts_with("blk.")) std::from_chars(name.data() + 4, name.data() + name.size(), layer);
  return layer;
}

// The first and the last eighth of the layers, and every third one between.
bool gets_more_bits(int64_t layer, int64_t layers) {
  return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

// Asked for one tensor after another in the order of their layers: the rules count the value and down projections they
// have seen, so a model that has them in some layers only is served as llama.cpp serves it.
class MixRules {
public:
  MixRules(Mix mix, ggml_type base, std::span<const TensorSpec> tensors, const MixShape &shape)
      : mix_(mix), base_(base), shape_(shape) {
    for (const TensorSpec &spec : tensors) {
      if (is_value(spec.name)) ++values_;
      if (spec.name == "output.weight") tied_ = false;
    }
  }

  ggml_type next(const TensorSpec &spec) {
    const std::string_view name = spec.name;
    const bool embedding = name == "token_embd.weight" || name == "per_layer_token_embd.weight";
    if (name == "output.weight" || (tied_ && embedding)) return of_output(spec.shape[0]);
    const bool expert = spec.shape.size() > 2 && spec.shape[2] > 1;
    if (mix_ == Mix::mxfp4_moe) return expert ? GGML_TYPE_MXFP4 : GGML_TYPE_Q8_0;
    if (embedding) return base_;
    if (is_value(name)) return of_value(values_seen_++);
    if (contains(name, "attn_k.weight")) return shape_.experts == 8 ? GGML_TYPE_Q8_0 : base_;
    if (contains(name, "attn_output.weight")) return of_attention_output();
    if (contains(name, "ffn_down")) {
      const int64_t seen = downs_seen_++;
      return of_down(shape_.experts > 1 ? layer_of(name) : seen);
    }
    return base_;
  }

private:
  // Fused projections hold the values too.
  static bool is_value(std::string_view name) {
    return contains(name, "attn_v.weight") || contains(name, "attn_qkv.weight") || contains(name, "attn_kv_b.weight");
  }

  ggml_type of_output(int64_t row_length) const {
    const bool fits = row_length % ggml_blck_size(base_) == 0;
    return mix_ == Mix::mxfp4_moe || !fits ? GGML_TYPE_Q8_0 : GGML_TYPE_Q6_K;
  }

  ggml_type of_value(int64_t index) const {
    if (shape_.experts == 8) return GGML_TYPE_Q8_0;
    ggml_type type = base_;
    switch (mix_) {
    case Mix::iq4_nl:
    case Mix::iq4_xs:
      if (shape_.heads_per_kv_head >= 4) type = GGML_TYPE_Q5_K;
      break;
    case Mix::q4_k_m:
    case Mix::q5_k_m:
      if (gets_more_bits(index, values_)) type = GGML_TYPE_Q6_K;
      break;
    case Mix::q4_k_s:
      if (index < 4) type = GGML_TYPE_Q5_K;
      break;
    default: break;
    }
    return shape_.shares_values_widely && type == GGML_TYPE_Q4_K ? GGML_TYPE_Q5_K : type;
  }

  ggml_type of_attention_output() const {
    const bool four_bits = mix_ == Mix::q4_k_s || mix_ == Mix::q4_k_m || mix_ == Mix::iq4_nl || mix_ == Mix::iq4_xs;
    return shape_.experts == 8 && four_bits ? GGML_TYPE_Q5_K : base_;
  }

  ggml_type of_down(int64_t index) const {
    const bool early = index < shape_.layers / 8;
    switch (mix_) {
    case Mix::q4_k_m:
    case Mix::q5_k_m: return gets_more_bits(index, shape_.layers) ? GGML_TYPE_Q6_K : base_;
    case Mix::q4_k_s:
    case Mix::iq4_nl:
    case Mix::iq4_xs: return early ? GGML_TYPE_Q5_K : base_;
    default: return base_;
    }
  }

  Mix mix_;
  ggml_type base_;
  MixShape shape_;
  bool tied_ = true;
  int64_t values_ = 0, values_seen_ = 0, downs_seen_ = 0;
};

} // namespace

std::optional<Storage> storage_from_name(std::string_view name) {
  if (const std::optional<ggml_type> type = writable_type_from_name(name)) return Storage{*type, Mix::none};
  for (const NamedMix &known : mixes) {
    if (name == known.name) return Storage{known.type, known.mix};
  }
  return std::nullopt;
}

Storage read_storage(const std::string &name, const std::string &field) {
  if (const std::optional<Storage> storage = storage_from_name(name)) return *storage;
  std::string list = weight_type_list();
  for (const NamedMix &known : mixes) list += ", " + std::string(known.name);
  throw config_failure("request.range", "\"" + field + "\" in the request is \"" + name + "\".",
                       "Use one of " + list + ".");
}

std::optional<uint32_t> file_type_of(const Storage &storage) {
  for (const NamedMix &known : mixes) {
    if (storage.mix == known.mix) return known.file_type;
  }
  return std::nullopt;
}

MixShape mix_shape(const HyperParameters &parameters) {
  MixShape shape;
  const LayerShape &first = parameters.layers.front();
  shape.layers = parameters.layer_count();
  shape.experts = first.experts;
  shape.heads_per_kv_head = first.heads / first.kv_heads;
  const bool eighty = parameters.layers.size() == 80;
  shape.shares_values_widely =
      eighty && (parameters.architecture == Architecture::qwen2 ||
                 (parameters.architecture == Architecture::llama && first.heads != first.kv_heads));
  return shape;
}

bool takes_storage_type(std::string_view name, size_t dimensions) {
  return dimensions > 1 && name.ends_with("weight") && !contains(name, "_norm.weight") &&
         !contains(name, "ffn_gate_inp.weight") && !contains(name, "ssm_conv1d") &&
         !contains(name, "per_layer_model_proj");
}

std::map<std::string, StorageType> storage_types(const Storage &storage, std::span<const TensorSpec> tensors,
                                                 const MixShape &shape) {
  std::vector<const TensorSpec *> ordered;
  for (const TensorSpec &spec : tensors) {
    if (takes_storage_type(spec.name, spec.shape.size())) ordered.push_back(&spec);
  }
  std::sort(ordered.begin(), ordered.end(), [](const TensorSpec *left, const TensorSpec *right) {
    const int64_t left_layer = layer_of(left->name), right_layer = layer_of(right->name);
    return left_layer != right_layer ? left_layer < right_layer : left->name < right->name;
  });
  std::optional<MixRules> rules;
  if (storage.mix != Mix::none) rules.emplace(storage.mix, storage.type, tensors, shape);
  std::map<std::string, StorageType> types;
  for (const TensorSpec *spec : ordered) {
    const ggml_type wanted = rules ? rules->next(*spec) : storage.type;
    types[spec->name] = {wanted, storable_type(wanted, static_cast<int>(spec->shape.size()), spec->shape[0])};
  }
  return types;
}

} // namespace trex
