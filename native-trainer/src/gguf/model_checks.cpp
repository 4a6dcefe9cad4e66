// Holds a file's tensors against what its metadata promises, and takes from them what the metadata does not say.
#include <cmath>
#include <unordered_map>

#include "common/failure.h"
#include "gguf/decode.h"
#include "gguf/hyper_parameters.h"
#include "gguf/tensor_layout.h"
#include "gguf/type_mix.h"

namespace trex {
namespace {

class Checker {
public:
  Checker(const ModelFile &file, HyperParameters &parameters) : file_(file), p_(parameters) {}

  void run() {
    p_.vocab = file_.require("token_embd.weight").ne[1];
    p_.tied_embeddings = p_.traits().always_tied || file_.find("output.weight") == nullptr;
    check_tensors();
    find_biases();
    read_layers_own();
    read_factors("rope_freqs.weight", &RopeParameters::factors);
    read_factors("rope_factors_short.weight", &RopeParameters::factors);
    read_factors("rope_factors_long.weight", &RopeParameters::long_factors);
    if (p_.ropes.front().factors.empty() != p_.ropes.front().long_factors.empty() && p_.traits().long_factors) {
      fail("model.missing_tensor", "it has only one of rope_factors_short.weight and rope_factors_long.weight",
           "Convert the model again with a current llama.cpp.");
    }
    check_vocabulary();
  }

private:
  [[noreturn]] void fail(const char *code, const std::string &what, const std::string &hint) const {
    throw config_failure(code, file_.path() + " cannot be trained: " + what + ".", hint);
  }

  void check_tensors() const {
    std::unordered_map<std::string_view, const TensorSpec *> known;
    const std::vector<TensorSpec> specs = expected_tensors(p_);
    for (const TensorSpec &spec : specs) {
      known.emplace(spec.name, &spec);
      if (spec.required) file_.require(spec.name);
    }
    for (const TensorView &tensor : file_.tensors()) {
      const auto found = known.find(tensor.name);
      if (found == known.end()) {
        fail("model.unsupported_tensor",
             "it holds a tensor \"" + tensor.name + "\" that a " + p_.traits().name + " model has not",
             "Choose another edition of the model, converted by a current llama.cpp.");
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
    const bool is_vector = spec.shape.size() == 1 || !takes_storage_type(spec.name, spec.shape.size());
    if (is_vector && tensor.type != GGML_TYPE_F32) {
      fail("model.unsupported_type", "the tensor \"" + tensor.name + "\" is not stored as F32",
           "Convert the model again with a current llama.cpp.");
    }
  }

  void find_biases() {
    for (const std::string_view projection : projection_names()) {
      int64_t found = 0;
      for (int64_t layer = 0; layer < p_.layer_count(); ++layer) {
        found += file_.find("blk." + std::to_string(layer) + "." + std::string(projection) + ".bias") != nullptr;
      }
      if (found != 0 && found != p_.layer_count()) {
        fail("model.unsupported_feature", "only some of its layers have a bias for " + std::string(projection),
             "Choose another edition of the model.");
      }
      if (found != 0) p_.biases.emplace_back(projection);
    }
  }

  // What differs between layers and no metadata says.
  void read_layers_own() {
    for (size_t index = 0; index < p_.layers.size(); ++index) {
      LayerShape &layer = p_.layers[index];
      const std::string prefix = "blk." + std::to_string(index) + ".";
      const bool no_values = p_.traits().optional_values && file_.find(prefix + "attn_v.weight") == nullptr;
      layer.values_are_keys = layer.has_own_keys() && no_values;
      const TensorView *scale = file_.find(prefix + "layer_output_scale.weight");
      if (scale == nullptr) continue;
      float value = 0.0f;
      decode_row(scale->type, scale->data, &value, 1);
      if (!std::isfinite(value) || value == 0.0f) {
        fail("model.bad_dimension", "its " + scale->name + " is not a finite number other than 0",
             "Download or export the file again.");
      }
      layer.output_scale = value;
    }
  }

  void read_factors(const char *name, std::vector<float> RopeParameters::*which) {
    const TensorView *tensor = file_.find(name);
    if (tensor == nullptr) return;
    std::vector<float> &factors = p_.ropes.front().*which;
    factors.resize(static_cast<size_t>(tensor->elements()));
    decode_row(tensor->type, tensor->data, factors.data(), tensor->elements());
    for (const float factor : factors) {
      if (std::isfinite(factor) && factor > 0.0f) continue;
      fail("model.bad_dimension", "its " + std::string(name) + " holds a value that is not a positive number",
           "Download or export the file again.");
    }
  }

  void check_vocabulary() const {
    const std::optional<uint64_t> listed = file_.array_length("tokenizer.ggml.tokens");
    if (!listed) {
      fail("model.missing_metadata", "it has no tokenizer (\"tokenizer.ggml.tokens\" is missing)",
           "Use a model file that includes its tokenizer.");
    }
    if (*listed != static_cast<uint64_t>(p_.vocab)) {
      fail("model.vocabulary_mismatch",
           "its tokenizer lists " + std::to_string(*listed) + " tokens but its embeddings have " +
               std::to_string(p_.vocab) + " rows",
           "Download or export the file again.");
    }
  }

  const ModelFile &file_;
  HyperParameters &p_;
};

} // namespace

HyperParameters read_hyper_parameters(const ModelFile &file) {
  HyperParameters parameters = read_metadata(file.metadata());
  Checker(file, parameters).run();
  return parameters;
}

} // namespace trex
