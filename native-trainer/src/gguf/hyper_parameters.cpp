// Keys and defaults follow llama.cpp's load_hparams (src/llama-model.cpp at the pinned tag): what it would assume for an
// absent key is assumed here too, and what its graph would compute differently is refused.
#include "gguf/hyper_parameters.h"

#include <cmath>
#include <unordered_map>

#include "common/failure.h"
#include "gguf/decode.h"
#include "gguf/tensor_layout.h"

namespace trex {
namespace {

constexpr int64_t max_layers = 512; // llama.cpp's own limit
constexpr int64_t max_dimension = int64_t{1} << 24;

class Reader {
public:
  explicit Reader(const ModelFile &file) : file_(file) {}

  HyperParameters read() {
    HyperParameters p;
    p.architecture = architecture();
    prefix_ = file_.architecture() + ".";
    p.rope_style = p.architecture == Architecture::llama ? RopeStyle::norm : RopeStyle::neox;
    read_dimensions(p);
    read_rope(p);
    read_scalars(p);
    refuse_other_features();
    const TensorView &embedding = file_.require("token_embd.weight");
    p.vocab = embedding.ne[1];
    p.tied_embeddings = file_.find("output.weight") == nullptr;
    p.qk_norm = p.architecture == Architecture::qwen3;
    check_tensors(p);
    p.qkv_bias = has_biases(p);
    read_rope_factors(p);
    check_vocabulary(p);
    return p;
  }

private:
  [[noreturn]] void fail(const char *code, const std::string &what, const std::string &hint) const {
    throw config_failure(code, file_.path() + " cannot be trained: " + what + ".", hint);
  }

  Architecture architecture() const {
    for (const Architecture known : {Architecture::llama, Architecture::qwen2, Architecture::qwen3}) {
      if (file_.architecture() == architecture_name(known)) return known;
    }
    const std::string shown = file_.architecture().empty() ? "not named" : "\"" + file_.architecture() + "\"";
    fail("model.unsupported_architecture", "its architecture is " + shown + ", not llama, qwen2 or qwen3",
         "Choose a Llama, Qwen2, Qwen2.5 or Qwen3 model.");
  }

  int64_t dimension(const std::string &key, std::optional<int64_t> otherwise, int64_t limit = max_dimension) const {
    const std::optional<uint64_t> found = file_.unsigned_value(prefix_ + key);
    if (!found && otherwise) return *otherwise;
    if (!found) {
      fail("model.missing_metadata", "the metadata key \"" + prefix_ + key + "\" is missing",
           "Convert the model again with a current llama.cpp.");
    }
    if (*found < 1 || *found > static_cast<uint64_t>(limit)) bad_dimension(key, std::to_string(*found));
    return static_cast<int64_t>(*found);
  }

  [[noreturn]] void bad_dimension(const std::string &key, const std::string &value) const {
    fail("model.bad_dimension", "the metadata key \"" + prefix_ + key + "\" has the impossible value " + value,
         "Download or export the file again.");
  }

  // Some writers store per-layer numbers as arrays; models whose layers differ are another architecture to us.
  void refuse_array(const std::string &key) const {
    const int64_t id = gguf_find_key(file_.context(), (prefix_ + key).c_str());
    if (id >= 0 && gguf_get_kv_type(file_.context(), id) == GGUF_TYPE_ARRAY) {
      unsupported("its layers differ in size (\"" + prefix_ + key + "\" is a list)");
    }
  }

  [[noreturn]] void unsupported(const std::string &what) const {
    fail("model.unsupported_feature", what, "Choose a plain Llama, Qwen2, Qwen2.5 or Qwen3 model.");
  }

  void read_dimensions(HyperParameters &p) const {
    for (const char *key : {"feed_forward_length", "attention.head_count", "attention.head_count_kv"}) refuse_array(key);
    p.layers = dimension("block_count", std::nullopt, max_layers);
    p.embedding = dimension("embedding_length", std::nullopt);
    p.feed_forward = dimension("feed_forward_length", std::nullopt);
    p.context_length = dimension("context_length", std::nullopt, int64_t{1} << 31);
    p.heads = dimension("attention.head_count", std::nullopt, 65536);
    p.kv_heads = dimension("attention.head_count_kv", p.heads, 65536);
    if (p.heads % p.kv_heads != 0) bad_dimension("attention.head_count_kv", std::to_string(p.kv_heads));
    const bool even_split = p.embedding % p.heads == 0;
    p.head_dim = dimension("attention.key_length", even_split ? std::optional(p.embedding / p.heads) : std::nullopt, 4096);
    if (p.head_dim % 2 != 0) bad_dimension("attention.key_length", std::to_string(p.head_dim));
    const int64_t value_dim =
        dimension("attention.value_length", even_split ? p.embedding / p.heads : p.head_dim, 4096);
    if (value_dim != p.head_dim) bad_dimension("attention.value_length", std::to_string(value_dim));
    if (p.architecture == Architecture::qwen2 && p.q_width() != p.embedding) {
      bad_dimension("attention.key_length", std::to_string(p.head_dim));
    }
  }

  void read_rope(HyperParameters &p) const {
    p.rope_dims = dimension("rope.dimension_count", p.head_dim, 4096);
    if (p.rope_dims != p.head_dim) bad_dimension("rope.dimension_count", std::to_string(p.rope_dims));
    p.rope_base = file_.number(prefix_ + "rope.freq_base").value_or(10000.0);
    if (!(p.rope_base > 0.0)) bad_dimension("rope.freq_base", std::to_string(p.rope_base));

    const std::string scaling = file_.text(prefix_ + "rope.scaling.type").value_or("linear");
    if (scaling == "none") return;
    if (scaling != "linear") unsupported("it uses \"" + scaling + "\" rope scaling");
    std::optional<double> factor = file_.number(prefix_ + "rope.scaling.factor");
    if (!factor) factor = file_.number(prefix_ + "rope.scale_linear");
    if (!factor || *factor == 0.0) return;
    if (*factor < 0.0) bad_dimension("rope.scaling.factor", std::to_string(*factor));
    p.rope_position_scale = 1.0 / *factor;
  }

  void read_scalars(HyperParameters &p) const {
    const std::optional<double> epsilon = file_.number(prefix_ + "attention.layer_norm_rms_epsilon");
    if (!epsilon) {
      fail("model.missing_metadata", "the metadata key \"" + prefix_ + "attention.layer_norm_rms_epsilon\" is missing",
           "Convert the model again with a current llama.cpp.");
    }
    if (*epsilon < 0.0 || *epsilon > 1.0) bad_dimension("attention.layer_norm_rms_epsilon", std::to_string(*epsilon));
    p.rms_epsilon = *epsilon;
    p.attention_scale = 1.0 / std::sqrt(static_cast<double>(p.head_dim));
    // "attention.scale" is not read for these architectures, as in llama.cpp.
  }

  void refuse_other_features() const {
    if (file_.unsigned_value(prefix_ + "expert_count").value_or(0) > 0) unsupported("it is a mixture of experts");
    if (file_.unsigned_value("split.count").value_or(1) > 1) unsupported("it is one part of a split model");
    if (!file_.boolean(prefix_ + "attention.causal").value_or(true)) unsupported("its attention is not causal");
    if (file_.unsigned_value(prefix_ + "nextn_predict_layers").value_or(0) > 0) {
      unsupported("it has extra layers that predict several tokens at once");
    }
  }

  void check_tensors(const HyperParameters &p) const {
    std::unordered_map<std::string_view, const TensorSpec *> known;
    const std::vector<TensorSpec> specs = expected_tensors(p);
    for (const TensorSpec &spec : specs) {
      known.emplace(spec.name, &spec);
      if (spec.required) file_.require(spec.name);
    }
    for (const TensorView &tensor : file_.tensors()) {
      const auto found = known.find(tensor.name);
      if (found == known.end()) {
        fail("model.unsupported_tensor", "it holds a tensor \"" + tensor.name + "\" that a plain model has not",
             "Choose a plain Llama, Qwen2, Qwen2.5 or Qwen3 model.");
      }
      check_tensor(tensor, *found->second);
    }
  }

  void check_tensor(const TensorView &tensor, const TensorSpec &spec) const {
    for (size_t index = 0; index < tensor.ne.size(); ++index) {
      const int64_t expected = index < spec.shape.size() ? spec.shape[index] : 1;
      if (tensor.ne[index] == expected) continue;
      fail("model.bad_shape",
           "the tensor \"" + tensor.name + "\" has " + std::to_string(tensor.ne[index]) + " instead of " +
               std::to_string(expected) + " values in dimension " + std::to_string(index),
           "Download or export the file again.");
    }
    if (!is_readable_type(tensor.type)) {
      fail("model.unsupported_type",
           "the tensor \"" + tensor.name + "\" is stored as " + type_label(tensor.type) +
               ", which the trainer cannot read",
           "Choose an edition in one of " + weight_type_list() + ".");
    }
    if (spec.shape.size() == 1 && tensor.type != GGML_TYPE_F32) {
      fail("model.unsupported_type", "the tensor \"" + tensor.name + "\" is not stored as F32",
           "Convert the model again with a current llama.cpp.");
    }
  }

  bool has_biases(const HyperParameters &p) const {
    int64_t found = 0;
    for (int64_t layer = 0; layer < p.layers; ++layer) {
      for (const char *name : {"attn_q", "attn_k", "attn_v"}) {
        found += file_.find("blk." + std::to_string(layer) + "." + name + ".bias") != nullptr;
      }
    }
    if (found != 0 && found != p.layers * 3) unsupported("only some of its layers have biases");
    return found != 0;
  }

  void read_rope_factors(HyperParameters &p) const {
    const TensorView *tensor = file_.find("rope_freqs.weight");
    if (tensor == nullptr) return;
    p.rope_factors.resize(static_cast<size_t>(p.head_dim / 2));
    decode_row(tensor->type, tensor->data, p.rope_factors.data(), p.head_dim / 2);
    for (const float factor : p.rope_factors) {
      if (!(std::isfinite(factor) && factor > 0.0f)) {
        fail("model.bad_dimension", "its rope_freqs.weight holds a value that is not a positive number",
             "Download or export the file again.");
      }
    }
  }

  void check_vocabulary(const HyperParameters &p) const {
    const std::optional<uint64_t> listed = file_.array_length("tokenizer.ggml.tokens");
    if (!listed) {
      fail("model.missing_metadata", "it has no tokenizer (\"tokenizer.ggml.tokens\" is missing)",
           "Use a model file that includes its tokenizer.");
    }
    if (*listed != static_cast<uint64_t>(p.vocab)) {
      fail("model.vocabulary_mismatch",
           "its tokenizer lists " + std::to_string(*listed) + " tokens but its embeddings have " +
               std::to_string(p.vocab) + " rows",
           "Download or export the file again.");
    }
  }

  const ModelFile &file_;
  std::string prefix_;
};

} // namespace

const char *architecture_name(Architecture architecture) {
  switch (architecture) {
  case Architecture::llama: return "llama";
  case Architecture::qwen2: return "qwen2";
  case Architecture::qwen3: return "qwen3";
  }
  return "unknown";
}

HyperParameters read_hyper_parameters(const ModelFile &file) { return Reader(file).read(); }

} // namespace trex
