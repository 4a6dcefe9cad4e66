#include <ostream>
#include <system_error>

#include "cli/commands.h"
#include "common/failure.h"
#include "common/paths.h"
#include "common/request.h"
#include "gguf/hyper_parameters.h"
#include "gguf/merge.h"

namespace trex {
namespace {

// Replacing a file that is mapped would pull the weights away from under the merge on some systems.
void refuse_same_file(const std::string &model, const std::string &out) {
  std::error_code error; // a missing `out` is the normal case and is not the same file
  if (!std::filesystem::equivalent(path_from_utf8(model), path_from_utf8(out), error)) return;
  throw config_failure("merge.same_file", "The merged model would replace the model it is made from.",
                       "Choose another name for \"out\".");
}

} // namespace

int run_merge(const nlohmann::json &document, std::ostream &out) {
  Request request(document);
  const std::string model_path = request.text("model");
  const std::optional<std::string> adapter_path = request.optional_text("adapter");
  const double scale = request.number_or("adapterScale", 1.0, -1000.0, 1000.0);
  const std::string out_path = request.text("out");
  const std::string type_name = request.text_or("type", "keep");
  request.finish();
  std::optional<Storage> storage;
  if (type_name != "keep") storage = read_storage(type_name, "type");

  const ModelFile model = ModelFile::open(model_path);
  const HyperParameters parameters = read_hyper_parameters(model);
  refuse_same_file(model_path, out_path);
  std::optional<Adapter> adapter;
  if (adapter_path) adapter = read_adapter(*adapter_path, model);

  ThreadPool threads(0);
  const WrittenFile file = merge_model(model, adapter ? &*adapter : nullptr, scale, storage, out_path, threads);
  const nlohmann::ordered_json answer = {{"out", out_path},
                                 {"sizeBytes", file.size_bytes},
                                 {"sha256", file.sha256},
                                 {"architecture", architecture_name(parameters.architecture)},
                                 {"targets", adapter ? adapter->tensors.size() : 0}};
  out << json_line(answer) << std::endl;
  return 0;
}

} // namespace trex
