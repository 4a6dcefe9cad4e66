#include "peft/load_adapter.h"

#include <algorithm>
#include <system_error>

#include "common/failure.h"
#include "common/mapped_file.h"
#include "common/paths.h"
#include "gguf/hyper_parameters.h"
#include "peft/permutation.h"

namespace trex {
namespace {

// A torch file is a zip archive, or in old versions a bare pickle of protocol 2 and later.
bool is_pickle(const std::filesystem::path &path, const std::string &utf8_path) {
  for (const char *extension : {".bin", ".pt", ".pth", ".pkl", ".ckpt"}) {
    if (path.extension() != extension) continue;
    const MappedFile file = MappedFile::open(utf8_path);
    const std::string_view bytes(reinterpret_cast<const char *>(file.data()), file.size_bytes());
    return !bytes.starts_with("GGUF");
  }
  return false;
}

} // namespace

std::vector<HeadCounts> layer_heads(const ModelFile &base) {
  if (!reorders_query_and_key(base.architecture())) return {};
  const HyperParameters p = read_hyper_parameters(base);
  std::vector<HeadCounts> counts;
  for (const LayerShape &layer : p.layers) counts.push_back({layer.heads, layer.kv_heads});
  return counts;
}

Adapter load_adapter(const std::string &utf8_path, const ModelFile &base) {
  const std::filesystem::path path = path_from_utf8(utf8_path);
  std::error_code error; // a missing path is reported by read_adapter
  if (std::filesystem::is_directory(path, error)) return read_peft_folder(utf8_path, base, layer_heads(base));
  if (path.extension() == ".safetensors") {
    throw config_failure("peft.not_folder", utf8_path + " holds weights without the scale they are to be used with.",
                         "Give the folder that also holds adapter_config.json.");
  }
  if (is_pickle(path, utf8_path)) {
    throw config_failure("peft.pickle",
                         utf8_path + " is a pickle, and opening a pickle runs whatever code its author put into it.",
                         "Load it with PEFT on a machine you can spare and save it as safetensors.");
  }
  return read_adapter(utf8_path, base);
}

} // namespace trex
