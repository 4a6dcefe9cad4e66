#include "peft/adapter_import.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <system_error>

#include "common/failure.h"
#include "common/paths.h"
#include "peft/peft_config.h"
#include "peft/safetensors.h"
#include "peft/tensor_names.h"

namespace trex {
namespace {

namespace fs = std::filesystem;

constexpr const char *config_name = "adapter_config.json";
constexpr const char *weights_name = "adapter_model.safetensors";
constexpr int64_t max_rank = 4096; // as for adapters in a GGUF
constexpr const char *same_model = "Use the adapter with the model it was trained on.";

class FolderReader {
public:
  FolderReader(std::string folder, const ModelFile &base, const std::vector<HeadCounts> &layer_heads)
      : folder_(std::move(folder)), base_(base), layer_heads_(layer_heads) {}

  Adapter read() {
    if (!has_peft_names(base_.architecture())) {
      fail("peft.architecture", "the module names of architecture \"" + base_.architecture() + "\" are not known",
           "Convert it with llama.cpp's convert_lora_to_gguf.py and use the GGUF.");
    }
    const std::string config_path = path_inside(config_name), weights_path = path_inside(weights_name);
    const MappedFile text = MappedFile::open(config_path);
    const PeftConfig config =
        PeftConfig::parse({reinterpret_cast<const char *>(text.data()), text.size_bytes()}, config_path);
    const SafetensorsFile weights = SafetensorsFile::open(weights_path);

    Adapter adapter;
    adapter.name = name();
    std::vector<double> numerators; // of adapter.tensors
    for (const auto &[module, pair] : pairs(weights)) {
      adapter.tensors.push_back(read_pair(config, module, pair));
      numerators.push_back(config.numerator_of(module));
    }
    if (adapter.tensors.empty()) fail("peft.unpaired_tensor", "it holds no tensors", "Export the adapter again.");
    refuse_two_modules_for_one_tensor(adapter);
    set_scales(adapter, numerators);
    return adapter;
  }

private:
  struct Pair {
    const SafetensorsTensor *a = nullptr, *b = nullptr;
  };

  [[noreturn]] void fail(const char *code, const std::string &what, const char *hint) const {
    throw config_failure(code, folder_ + " cannot be used as a PEFT adapter: " + what + ".", hint);
  }

  std::string name() const {
    const fs::path path = path_from_utf8(folder_).lexically_normal();
    return path_to_utf8(path.has_filename() ? path.filename() : path.parent_path().filename());
  }

  std::string path_inside(const char *file) const {
    const fs::path folder = path_from_utf8(folder_);
    std::error_code error;
    if (!fs::exists(folder / file, error)) {
      for (const char *pickled : {"adapter_model.bin", "adapter_model.pt"}) {
        if (std::string_view(file) == weights_name && fs::exists(folder / pickled, error)) {
          fail("peft.pickle",
               std::string("its weights are in ") + pickled +
                   ", a pickle, and opening a pickle runs whatever code its author put into it",
               "Load it with PEFT on a machine you can spare and save it as safetensors.");
        }
      }
      fail("peft.missing_file", std::string("it has no ") + file, "Give the folder that PEFT's save_pretrained wrote.");
    }
    const fs::path real = fs::canonical(folder / file, error), inside = fs::canonical(folder, error);
    const auto [left, rest] = std::mismatch(inside.begin(), inside.end(), real.begin(), real.end());
    if (error || left != inside.end()) {
      fail("peft.outside_folder", std::string("its ") + file + " is a link to a place outside of the folder",
           "Copy the folder with its links followed (cp -L) and use the copy.");
    }
    return path_to_utf8(folder / file);
  }

  std::map<std::string, Pair> pairs(const SafetensorsFile &weights) const {
    std::map<std::string, Pair> found;
    for (const SafetensorsTensor &tensor : weights.tensors()) {
      const std::optional<PeftKey> key = parse_peft_key(tensor.name);
      if (!key) {
        fail("peft.unsupported_tensor",
             "its tensor \"" + tensor.name + "\" is neither lora_A nor lora_B of a linear module",
             "Save a plain LoRA, without biases, DoRA magnitudes, embeddings or saved modules.");
      }
      const SafetensorsTensor *&place = key->is_a ? found[key->module].a : found[key->module].b;
      if (place != nullptr) {
        fail("peft.duplicate_tensor", "it holds \"" + tensor.name + "\" under two names", "Export the adapter again.");
      }
      place = &tensor;
    }
    return found;
  }

  AdapterTensor read_pair(const PeftConfig &config, const std::string &module, const Pair &pair) const {
    if (pair.a == nullptr || pair.b == nullptr) {
      fail("peft.unpaired_tensor", "\"" + module + "\" has only one of its two tensors", "Export the adapter again.");
    }
    AdapterTensor result;
    result.base = gguf_name_of_module(base_.architecture(), module).value_or("");
    const TensorView *target = base_.find(result.base);
    if (target == nullptr || target->n_dims != 2) {
      fail("peft.unknown_target", "\"" + module + "\" is not a matrix of the model that an adapter can change",
           same_model);
    }
    if (!config.targets(module, layer_of_gguf_name(result.base))) {
      fail("peft.unknown_target",
           std::string(config_name) + " does not target \"" + module + "\", so PEFT would ignore it",
           "Export the adapter again.");
    }
    result.in = target->ne[0];
    result.out = target->ne[1];
    result.rank = pair.a->shape[0];
    if (pair.a->shape != std::vector{result.rank, result.in} || pair.b->shape != std::vector{result.out, result.rank} ||
        result.rank > max_rank) {
      fail("peft.bad_shape", "its tensors for \"" + module + "\" do not fit the model", same_model);
    }
    if (result.rank != config.rank_of(module)) {
      fail("peft.rank_mismatch",
           "\"" + module + "\" has rank " + std::to_string(result.rank) + " but " + config_name + " says " +
               std::to_string(config.rank_of(module)),
           "Export the adapter again.");
    }
    result.a = decode_tensor(*pair.a);
    result.b = decode_tensor(*pair.b);
    const std::optional<int64_t> heads = heads_to_reorder(base_.architecture(), result.base, layer_heads_);
    if (heads) result.b = rows_to_gguf(result.b, result.rank, *heads);
    return result;
  }

  // A text model's layers can be named with and without the path they have inside a multimodal one.
  void refuse_two_modules_for_one_tensor(const Adapter &adapter) const {
    std::set<std::string_view> seen;
    for (const AdapterTensor &tensor : adapter.tensors) {
      if (seen.insert(tensor.base).second) continue;
      fail("peft.duplicate_tensor", "two of its modules are the model's \"" + tensor.base + "\"",
           "Export the adapter again.");
    }
  }

  void set_scales(Adapter &adapter, const std::vector<double> &numerators) const {
    std::map<double, size_t> counts;
    bool scales_are_one = true;
    for (size_t i = 0; i < numerators.size(); ++i) {
      ++counts[numerators[i]];
      scales_are_one = scales_are_one && numerators[i] == static_cast<double>(adapter.tensors[i].rank);
    }
    if (scales_are_one && counts.size() > 1) return; // alpha 0
    const auto most_frequent = std::max_element(counts.begin(), counts.end(),
                                                [](const auto &x, const auto &y) { return x.second < y.second; });
    const auto alpha = static_cast<float>(most_frequent->first);
    if (!std::isnormal(alpha)) {
      fail("peft.scale", "its alpha does not fit into the 32-bit float of a GGUF", "Train it with a usual lora_alpha.");
    }
    adapter.alpha = static_cast<double>(alpha);
    for (size_t i = 0; i < numerators.size(); ++i) {
      if (numerators[i] != most_frequent->first) multiply(adapter.tensors[i], numerators[i] / adapter.alpha);
    }
  }

  void multiply(AdapterTensor &tensor, double factor) const {
    for (float &value : tensor.b) {
      const double exact = factor * static_cast<double>(value);
      value = static_cast<float>(exact);
      if (!std::isfinite(value) || std::abs(static_cast<double>(value) - exact) > std::abs(exact) * FLT_EPSILON / 2) {
        fail("peft.scale", "the scale of \"" + tensor.base + "\" makes values that 32-bit floats cannot hold",
             "Train it with a usual lora_alpha.");
      }
    }
  }

  std::string folder_;
  const ModelFile &base_;
  const std::vector<HeadCounts> &layer_heads_;
};

} // namespace

Adapter read_peft_folder(const std::string &utf8_folder, const ModelFile &base,
                         const std::vector<HeadCounts> &layer_heads) {
  std::error_code error;
  if (!fs::is_directory(path_from_utf8(utf8_folder), error)) {
    throw config_failure("peft.not_folder", utf8_folder + " is not a folder.",
                         "Give the folder that PEFT's save_pretrained wrote.");
  }
  return FolderReader(utf8_folder, base, layer_heads).read();
}

} // namespace trex
