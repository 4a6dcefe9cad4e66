#include "peft/adapter_export.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <system_error>

#include "common/failure.h"
#include "common/paths.h"
#include "peft/peft_config.h"
#include "peft/safetensors.h"
#include "peft/tensor_names.h"

namespace trex {
namespace {

std::string module_name(const ModelFile &base, const std::string &tensor, const std::string &path) {
  if (!has_peft_names(base.architecture())) {
    throw config_failure("peft.architecture",
                         "The module names of architecture \"" + base.architecture() + "\" are not known.",
                         "Serve the GGUF adapter itself.");
  }
  const std::optional<std::string> module = module_of_gguf_name(base.architecture(), tensor, path);
  if (module) return *module;
  throw config_failure("peft.unknown_target", "PEFT has no module for the adapter's \"" + tensor + "\".",
                       "Train an adapter without that target.");
}

int64_t most_frequent_rank(const Adapter &adapter) {
  std::map<int64_t, size_t> counts;
  for (const AdapterTensor &tensor : adapter.tensors) ++counts[tensor.rank];
  return std::max_element(counts.begin(), counts.end(),
                          [](const auto &x, const auto &y) { return x.second < y.second; })
      ->first;
}

// "attn_q" of "blk.3.attn_q.weight"; the whole name outside of the layers.
std::string_view kind_of(std::string_view tensor) {
  const size_t dot = tensor.starts_with("blk.") ? tensor.find('.', 4) : std::string_view::npos;
  return dot == std::string_view::npos ? tensor : tensor.substr(dot + 1);
}

// Short names where every layer has its adapter. Full ones otherwise, and inside multimodal models, whose vision part
// has projections of the same short names.
std::vector<std::string> target_modules(const Adapter &adapter, const ModelFile &base,
                                        const std::vector<std::string> &modules, bool multimodal) {
  std::map<std::string_view, size_t> missing;
  for (const TensorView &tensor : base.tensors()) ++missing[kind_of(tensor.name)];
  for (const AdapterTensor &tensor : adapter.tensors) --missing[kind_of(tensor.base)];
  std::set<std::string> names;
  for (size_t i = 0; i < modules.size(); ++i) {
    const bool everywhere = !multimodal && missing[kind_of(adapter.tensors[i].base)] == 0;
    names.insert(everywhere ? modules[i].substr(modules[i].rfind('.') + 1) : modules[i]);
  }
  return {names.begin(), names.end()};
}

// The caller keeps what it has: an older adapter is not replaced half by half.
void refuse_used_folder(const std::string &folder) {
  std::error_code error; // a folder that does not exist is created
  const std::filesystem::path path = path_from_utf8(folder);
  if (!std::filesystem::exists(path, error)) return;
  if (std::filesystem::is_directory(path, error) && std::filesystem::is_empty(path, error)) return;
  throw config_failure("peft.out_exists", folder + " exists and is not an empty folder; nothing was written.",
                       "Choose another name for \"out\".");
}

} // namespace

ExportedAdapter write_peft_folder(const std::string &utf8_folder, const Adapter &adapter, const ModelFile &base,
                                  const std::vector<HeadCounts> &layer_heads, const std::string &path,
                                  const std::string &base_model) {
  refuse_used_folder(utf8_folder);
  PeftConfigFields fields;
  fields.base_model = base_model;
  fields.rank = most_frequent_rank(adapter);
  fields.alpha = adapter.alpha == 0.0 ? static_cast<double>(fields.rank) : adapter.alpha;

  std::vector<std::string> modules;
  std::vector<SafetensorsSource> sources;
  std::deque<std::vector<float>> reordered; // a deque, because sources point into it
  for (const AdapterTensor &tensor : adapter.tensors) {
    const std::string &module = modules.emplace_back(module_name(base, tensor.base, path));
    if (tensor.rank != fields.rank) {
      fields.ranks.emplace_back(module, tensor.rank);
      if (adapter.alpha == 0.0) fields.alphas.emplace_back(module, static_cast<double>(tensor.rank));
    }
    std::span<const float> b = tensor.b;
    const std::optional<int64_t> heads = heads_to_reorder(base.architecture(), tensor.base, layer_heads);
    if (heads) b = reordered.emplace_back(rows_to_hugging_face(b, tensor.rank, *heads));
    sources.push_back({peft_key(module, true), {tensor.rank, tensor.in}, tensor.a});
    sources.push_back({peft_key(module, false), {tensor.out, tensor.rank}, b});
  }
  fields.target_modules = target_modules(adapter, base, modules, path != "model");

  ExportedAdapter written;
  written.weights = write_safetensors(utf8_folder + "/adapter_model.safetensors", std::move(sources));
  const std::string text = peft_config_text(fields);
  AtomicFile config(utf8_folder + "/adapter_config.json");
  config.write(text.data(), text.size());
  written.config = config.commit();
  return written;
}

} // namespace trex
