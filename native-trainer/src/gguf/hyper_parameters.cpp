// Keys and defaults follow llama.cpp's load_hparams and each family's load_arch_hparams (src/llama-model.cpp and
// src/models at the pinned tag): what it would assume for an absent key is assumed here too, and what its graph would
// compute differently is refused.
#include "gguf/hyper_parameters.h"

#include <algorithm>
#include <cmath>

#include "common/failure.h"
#include "ops/ops.h"

namespace trex {
namespace {

constexpr int64_t max_layers = 512; // llama.cpp's own limit
constexpr int64_t max_experts = 512; // the largest published model has 256; llama.cpp takes 1024
constexpr int64_t max_dimension = int64_t{1} << 24;
constexpr int64_t max_context = int64_t{1} << 31;

std::string supported_names() {
  std::string names;
  for (const ArchitectureTraits &traits : known_architectures()) names += (names.empty() ? "" : ", ") + std::string(traits.name);
  return names;
}

std::string supported_models() {
  std::string names;
  for (const ArchitectureTraits &traits : known_architectures()) names += (names.empty() ? "" : "; ") + std::string(traits.models);
  return names;
}

class Reader {
public:
  explicit Reader(const Metadata &metadata) : metadata_(metadata) {}

  HyperParameters read() {
    HyperParameters p;
    p.architecture = architecture();
    prefix_ = std::string(p.traits().name) + ".";
    refuse_other_features(p.traits().experts);
    read_dimensions(p);
    if (p.traits().experts) read_experts(p);
    read_rope(p);
    read_scalars(p);
    read_family(p);
    return p;
  }

private:
  [[noreturn]] void fail(const char *code, const std::string &what, const std::string &hint) const {
    throw config_failure(code, metadata_.path() + " cannot be trained: " + what + ".", hint);
  }

  Architecture architecture() const {
    const std::string name = metadata_.text("general.architecture").value_or("");
    if (const auto known = architecture_named(name)) return *known;
    fail("model.unsupported_architecture",
         "its architecture is " + (name.empty() ? "not named" : "\"" + name + "\"") + ", not one of " + supported_names(),
         "Choose a model of one of these families: " + supported_models() + ".");
  }

  [[noreturn]] void bad_dimension(const std::string &key, const std::string &value) const {
    fail("model.bad_dimension", "the metadata key \"" + prefix_ + key + "\" has the impossible value " + value,
         "Download or export the file again.");
  }

  [[noreturn]] void missing(const std::string &key) const {
    fail("model.missing_metadata", "the metadata key \"" + prefix_ + key + "\" is missing",
         "Convert the model again with a current llama.cpp.");
  }

  [[noreturn]] void unsupported(const std::string &what) const {
    fail("model.unsupported_feature", what, "Choose a model of one of these families: " + supported_models() + ".");
  }

  int64_t in_range(const std::string &key, int64_t value, int64_t limit) const {
    if (value < 1 || value > limit) bad_dimension(key, std::to_string(value));
    return value;
  }

  int64_t dimension(const std::string &key, std::optional<int64_t> otherwise, int64_t limit = max_dimension) const {
    const std::optional<uint64_t> found = metadata_.unsigned_value(prefix_ + key);
    if (!found && !otherwise) missing(key);
    if (!found) return *otherwise;
    if (*found > static_cast<uint64_t>(limit)) bad_dimension(key, std::to_string(*found));
    return in_range(key, static_cast<int64_t>(*found), limit);
  }

  // One number for all layers, or a list with one for each.
  std::vector<int64_t> per_layer(const std::string &key, const std::vector<int64_t> &otherwise, size_t layers,
                                 int64_t limit) const {
    if (metadata_.is_array(prefix_ + key)) {
      std::vector<int64_t> values = *metadata_.integer_array(prefix_ + key);
      if (values.size() != layers) bad_dimension(key, "of " + std::to_string(values.size()) + " entries");
      for (const int64_t value : values) in_range(key, value, limit);
      return values;
    }
    if (!metadata_.unsigned_value(prefix_ + key) && !otherwise.empty()) return otherwise;
    return std::vector<int64_t>(layers, dimension(key, std::nullopt, limit));
  }

  double number(const std::string &key, double otherwise) const {
    return metadata_.number(prefix_ + key).value_or(otherwise);
  }

  double positive(const std::string &key, double otherwise) const {
    const double value = number(key, otherwise);
    if (!(value > 0.0)) bad_dimension(key, std::to_string(value));
    return value;
  }

  void refuse_other_features(bool experts) const {
    if (!experts && metadata_.unsigned_value(prefix_ + "expert_count").value_or(0) > 0) {
      unsupported("it is a mixture of experts");
    }
    if (metadata_.unsigned_value(prefix_ + "expert_group_count").value_or(0) > 1) {
      unsupported("it chooses its experts group by group");
    }
    if (metadata_.unsigned_value("split.count").value_or(1) > 1) unsupported("it is one part of a split model");
    if (!metadata_.boolean(prefix_ + "attention.causal").value_or(true)) unsupported("its attention is not causal");
    if (metadata_.unsigned_value(prefix_ + "nextn_predict_layers").value_or(0) > 0) {
      unsupported("it has extra layers that predict several tokens at once");
    }
  }

  void read_dimensions(HyperParameters &p) const {
    const auto layers = static_cast<size_t>(dimension("block_count", std::nullopt, max_layers));
    p.embedding = dimension("embedding_length", std::nullopt);
    p.context_length = dimension("context_length", std::nullopt, max_context);
    const std::vector<int64_t> feed_forward = per_layer(
        "feed_forward_length", p.traits().experts ? std::vector<int64_t>(layers, 0) : std::vector<int64_t>{}, layers,
        max_dimension);
    const std::vector<int64_t> heads = per_layer("attention.head_count", {}, layers, 65536);
    const std::vector<int64_t> kv_heads = per_layer("attention.head_count_kv", heads, layers, 65536);
    const int64_t first_heads = heads.front();
    const std::optional<int64_t> split =
        p.embedding % first_heads == 0 ? std::optional(p.embedding / first_heads) : std::nullopt;
    const int64_t head_dim = dimension("attention.key_length", split, 4096);
    if (head_dim % 2 != 0) bad_dimension("attention.key_length", std::to_string(head_dim));
    const int64_t value_dim = dimension("attention.value_length", split.value_or(head_dim), 4096);
    if (value_dim != head_dim) bad_dimension("attention.value_length", std::to_string(value_dim));
    for (size_t layer = 0; layer < layers; ++layer) {
      if (heads[layer] % kv_heads[layer] != 0) bad_dimension("attention.head_count_kv", std::to_string(kv_heads[layer]));
      p.layers.push_back({heads[layer], kv_heads[layer], head_dim, feed_forward[layer]});
      if (!p.traits().wide_heads && p.layers.back().q_width() != p.embedding) {
        bad_dimension("attention.key_length", std::to_string(head_dim));
      }
    }
  }

  // An expert is feed_forward_length / expert_used_count wide where nothing else is said. "expert_weights_scale" is not
  // read for this architecture, as in llama.cpp.
  void read_experts(HyperParameters &p) const {
    const int64_t experts = dimension("expert_count", std::nullopt, max_experts);
    if (experts < 2) bad_dimension("expert_count", std::to_string(experts));
    for (const char *key : {"expert_used_count", "expert_feed_forward_length"}) {
      if (metadata_.is_array(prefix_ + key)) unsupported("its layers differ in their experts");
    }
    const int64_t used = dimension("expert_used_count", std::nullopt, experts);
    for (LayerShape &layer : p.layers) {
      layer.experts = experts;
      layer.experts_used = used;
      layer.feed_forward = dimension("expert_feed_forward_length", layer.feed_forward / used);
      if (layer.feed_forward < 1) bad_dimension("feed_forward_length", std::to_string(layer.feed_forward));
    }
  }

  void read_rope(HyperParameters &p) const {
    RopeParameters rope;
    const int64_t head_dim = p.layers.front().head_dim;
    rope.dims = dimension("rope.dimension_count", head_dim, 4096);
    const bool fits = p.traits().partial_rope ? rope.dims <= head_dim && rope.dims % 2 == 0 : rope.dims == head_dim;
    if (!fits) bad_dimension("rope.dimension_count", std::to_string(rope.dims));
    rope.base = positive("rope.freq_base", 10000.0);
    rope.original_context = dimension("rope.scaling.original_context_length", p.context_length, max_context);
    rope.magnitude = positive("rope.scaling.attn_factor", 1.0);

    const std::string scaling = metadata_.text(prefix_ + "rope.scaling.type").value_or("linear");
    const bool yarn = scaling == "yarn", longrope = scaling == "longrope" && p.traits().long_factors;
    if (scaling != "none" && scaling != "linear" && !yarn && !longrope) {
      unsupported("it uses \"" + scaling + "\" rope scaling");
    }
    if (scaling != "none") {
      const double factor = number("rope.scaling.factor", number("rope.scale_linear", 0.0));
      if (factor < 0.0) bad_dimension("rope.scaling.factor", std::to_string(factor));
      if (factor > 0.0) rope.position_scale = 1.0 / factor;
    }
    if (yarn) read_yarn(rope, p.architecture);
    p.ropes.push_back(std::move(rope));
  }

  // llama.cpp's context (src/llama-context.cpp) corrects the magnitude that its rope (ggml) will apply: together they
  // give m(1) / m(log multiplier) with m(s) = 1 + 0.1 s ln(factor). In single precision, step by step as there.
  void read_yarn(RopeParameters &rope, Architecture architecture) const {
    rope.extrapolation = 1.0;
    double log_multiplier = 0.0;
    if (architecture == Architecture::mistral3) {
      rope.beta_fast = positive("rope.scaling.yarn_beta_fast", rope.beta_fast);
      rope.beta_slow = positive("rope.scaling.yarn_beta_slow", rope.beta_slow);
      log_multiplier = number("rope.scaling.yarn_log_multiplier", 0.0);
    }
    const float factor = 1.0f / static_cast<float>(rope.position_scale);
    const auto m = [factor](float scale) { return factor <= 1.0f ? 1.0f : 0.1f * scale * std::log(factor) + 1.0f; };
    float magnitude = log_multiplier != 0.0 ? m(1.0f) / m(static_cast<float>(log_multiplier)) : m(1.0f);
    magnitude *= 1.0f / (1.0f + 0.1f * std::log(factor));
    rope.magnitude = static_cast<double>(magnitude * static_cast<float>(rope.magnitude));
  }

  void read_scalars(HyperParameters &p) const {
    const std::string key = "attention.layer_norm_rms_epsilon";
    if (!metadata_.number(prefix_ + key)) missing(key);
    p.rms_epsilon = number(key, 0.0);
    if (p.rms_epsilon < 0.0 || p.rms_epsilon > 1.0) bad_dimension(key, std::to_string(p.rms_epsilon));
    p.attention_scale = 1.0 / std::sqrt(static_cast<double>(p.layers.front().head_dim));
    // "attention.scale" is not read for these architectures, as in llama.cpp.
    if (p.traits().scaled_embedding) {
      p.embedding_scale = static_cast<double>(std::sqrt(static_cast<float>(p.embedding)));
    }
  }

  void read_family(HyperParameters &p) const {
    switch (p.architecture) {
    case Architecture::mistral3: return read_mistral3(p);
    case Architecture::smollm3: return read_smollm3(p);
    case Architecture::gemma2: return read_gemma2(p);
    case Architecture::gemma3: return read_gemma3(p);
    case Architecture::qwen35: return read_qwen35(p);
    case Architecture::gemma4: return read_gemma4(p);
    case Architecture::llama:
    case Architecture::qwen2:
    case Architecture::qwen3:
    case Architecture::qwen3moe:
    case Architecture::phi3: return; // phi3's "attention.sliding_window" is ignored, as in llama.cpp
    }
  }

  void read_mistral3(HyperParameters &p) const {
    p.temperature_scale = number("attention.temperature_scale", 0.0);
    p.temperature_length = p.ropes.front().original_context;
  }

  // Every fourth layer has no positions.
  static void read_smollm3(HyperParameters &p) {
    for (size_t layer = 3; layer < p.layers.size(); layer += 4) p.layers[layer].rope = no_rope;
  }

  // All but the last of every `period` layers see a window only and use the second rope.
  void set_windows(HyperParameters &p, int64_t window, uint64_t otherwise, RopeParameters rope) const {
    const std::string key = "attention.sliding_window_pattern";
    if (metadata_.is_array(prefix_ + key)) unsupported("its sliding windows follow a list");
    const uint64_t period = metadata_.unsigned_value(prefix_ + key).value_or(otherwise);
    p.ropes.push_back(std::move(rope));
    for (size_t layer = 0; layer < p.layers.size(); ++layer) {
      if (period != 0 && layer % period >= period - 1) continue;
      p.layers[layer].window = window;
      p.layers[layer].rope = 1;
    }
  }

  // The largest models of both families scale q.k by the width per head instead of the head's own.
  static void scale_by_width(HyperParameters &p, size_t layers_of_largest) {
    if (p.layers.size() != layers_of_largest) return;
    p.attention_scale = 1.0 / std::sqrt(static_cast<double>(p.embedding / p.layers.front().heads));
  }

  void read_gemma2(HyperParameters &p) const {
    RopeParameters local = p.ropes.front();
    local.base = positive("rope.freq_base_swa", local.base);
    set_windows(p, dimension("attention.sliding_window", 4096, max_context), 2, local);
    p.attention_softcap = positive("attn_logit_softcapping", 50.0);
    p.logit_softcap = positive("final_logit_softcapping", 30.0);
    scale_by_width(p, 46);
  }

  void read_gemma3(HyperParameters &p) const {
    const uint64_t window = metadata_.unsigned_value(prefix_ + "attention.sliding_window").value_or(0);
    if (window > static_cast<uint64_t>(max_context)) bad_dimension("attention.sliding_window", std::to_string(window));
    if (window > 0) {
      RopeParameters local = p.ropes.front();
      local.base = positive("rope.freq_base_swa", 10000.0);
      local.position_scale = 1.0;
      set_windows(p, static_cast<int64_t>(window), 6, local);
    }
    p.logit_softcap = number("final_logit_softcapping", 0.0);
    if (p.logit_softcap < 0.0) bad_dimension("final_logit_softcapping", std::to_string(p.logit_softcap));
    scale_by_width(p, 62);
  }

  // All but the last of every `full_attention_interval` layers have a gated delta net.
  void read_qwen35(HyperParameters &p) const {
    check_rope_sections(p.ropes.front().dims / 2);
    if (metadata_.array_length(prefix_ + "attention.recurrent_layers")) unsupported("its recurrent layers follow a list");
    DeltaNetShape delta;
    delta.key_heads = dimension("ssm.group_count", std::nullopt, 65536);
    delta.value_heads = dimension("ssm.time_step_rank", std::nullopt, 65536);
    delta.head_dim = dimension("ssm.state_size", std::nullopt);
    delta.kernel = dimension("ssm.conv_kernel", std::nullopt, 64);
    const int64_t inner = dimension("ssm.inner_size", std::nullopt);
    if (inner != delta.value_width()) bad_dimension("ssm.inner_size", std::to_string(inner));
    if (delta.value_heads % delta.key_heads != 0) bad_dimension("ssm.group_count", std::to_string(delta.key_heads));
    if (delta.head_dim > most_delta_dim) {
      unsupported("its recurrent layers have heads of " + std::to_string(delta.head_dim) + " values, more than " +
                  std::to_string(most_delta_dim));
    }
    const int64_t interval = dimension("full_attention_interval", 4, max_layers);
    for (size_t layer = 0; layer < p.layers.size(); ++layer) {
      if ((static_cast<int64_t>(layer) + 1) % interval != 0) p.layers[layer].delta = delta;
    }
  }

  // Pairs of dimensions take turns with time, height and width, as long as each has some left; the rest would have a
  // position that is always 0. A text's time, height and width are one, so plain rotary positions are meant exactly when
  // no pair is left over (ggml_mrope_cache_init, interleaved).
  void check_rope_sections(int64_t pairs) const {
    const std::string key = "rope.dimension_sections";
    const std::optional<std::vector<int64_t>> sections = metadata_.integer_array(prefix_ + key);
    if (!sections) missing(key);
    if (sections->size() < 3 || sections->size() > 4) bad_dimension(key, "of " + std::to_string(sections->size()) + " entries");
    int64_t sum = 0;
    for (const int64_t section : *sections) {
      if (section < 0 || section > max_dimension) bad_dimension(key, std::to_string(section));
      sum += section;
    }
    for (int64_t pair = 0; pair < pairs; ++pair) {
      const int64_t sector = sum > 0 ? pair % sum : 0;
      if (sector < 3 * (*sections)[static_cast<size_t>(sector % 3)]) continue;
      unsupported("some of its rotary dimensions have no position in a text");
    }
  }

  // Full layers have the first rope and head size, windowed ones the second.
  void read_gemma4(HyperParameters &p) const {
    const int64_t window = dimension("attention.sliding_window", std::nullopt, max_context);
    const int64_t head_dim = dimension("attention.key_length_swa", std::nullopt, 4096);
    if (head_dim % 2 != 0) bad_dimension("attention.key_length_swa", std::to_string(head_dim));
    const int64_t value_dim = dimension("attention.value_length_swa", std::nullopt, 4096);
    if (value_dim != head_dim) bad_dimension("attention.value_length_swa", std::to_string(value_dim));
    RopeParameters local = p.ropes.front();
    local.base = positive("rope.freq_base_swa", 10000.0);
    local.position_scale = 1.0;
    local.dims = dimension("rope.dimension_count_swa", local.dims, 4096);
    if (local.dims % 2 != 0 || local.dims > head_dim)
      bad_dimension("rope.dimension_count_swa", std::to_string(local.dims));
    p.ropes.push_back(std::move(local));
    const std::vector<bool> windowed = windowed_layers(p.layers.size());
    for (size_t layer = 0; layer < p.layers.size(); ++layer) {
      if (!windowed[layer]) continue;
      p.layers[layer].window = window;
      p.layers[layer].rope = 1;
      p.layers[layer].head_dim = head_dim;
    }
    share_keys(p);
    p.attention_scale = 1.0;
    p.logit_softcap = number("final_logit_softcapping", 30.0);
    if (p.logit_softcap < 0.0) bad_dimension("final_logit_softcapping", std::to_string(p.logit_softcap));
    const std::string key = "embedding_length_per_layer_input";
    if (!metadata_.unsigned_value(prefix_ + key)) missing(key);
    if (metadata_.unsigned_value(prefix_ + key) != 0)
      p.per_layer_embedding = dimension(key, std::nullopt, max_dimension);
  }

  // One value for all layers, or a list with one for each. llama.cpp needs at least one windowed layer.
  std::vector<bool> windowed_layers(size_t layers) const {
    const std::string key = "attention.sliding_window_pattern";
    std::vector<bool> windowed;
    if (metadata_.is_array(prefix_ + key)) {
      windowed = *metadata_.boolean_array(prefix_ + key);
    } else {
      const std::optional<uint64_t> all = metadata_.unsigned_value(prefix_ + key);
      if (!all) missing(key);
      windowed.assign(layers, *all != 0);
    }
    if (windowed.size() != layers) bad_dimension(key, "of " + std::to_string(windowed.size()) + " entries");
    if (std::find(windowed.begin(), windowed.end(), true) == windowed.end())
      bad_dimension(key, "without a windowed layer");
    return windowed;
  }

  // The last layers read the keys and values of the last layer of their kind that has its own: in llama.cpp always the
  // last but one for windowed layers and the last for full ones.
  void share_keys(HyperParameters &p) const {
    const std::string key = "attention.shared_kv_layers";
    const uint64_t shared = metadata_.unsigned_value(prefix_ + key).value_or(0);
    if (shared + 2 > p.layers.size()) bad_dimension(key, std::to_string(shared));
    const size_t own = p.layers.size() - static_cast<size_t>(shared);
    for (size_t layer = own; layer < p.layers.size(); ++layer) {
      LayerShape &reader = p.layers[layer];
      const size_t from = own - (reader.window > 0 ? 2 : 1);
      if (p.layers[from].window != reader.window || p.layers[from].kv_heads != reader.kv_heads) {
        bad_dimension(key, std::to_string(shared));
      }
      reader.keys_from = static_cast<int>(from);
    }
  }

  const Metadata &metadata_;
  std::string prefix_;
};

} // namespace

bool HyperParameters::has_bias(std::string_view projection) const {
  return std::find(biases.begin(), biases.end(), projection) != biases.end();
}

bool HyperParameters::later_layers_read_keys_of(size_t layer) const {
  return std::any_of(layers.begin(), layers.end(),
                     [layer](const LayerShape &other) { return other.keys_from == static_cast<int>(layer); });
}

HyperParameters read_metadata(const Metadata &metadata) { return Reader(metadata).read(); }

} // namespace trex
