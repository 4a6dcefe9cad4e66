#include <ostream>

#include "cli/commands.h"
#include "common/request.h"
#include "peft/adapter_export.h"
#include "peft/load_adapter.h"

namespace trex {

int run_export_adapter(const nlohmann::json &document, std::ostream &out) {
  Request request(document);
  const std::string adapter_path = request.text("adapter");
  const std::string model_path = request.text("model");
  const std::string out_path = request.text("out");
  const std::string base_model = request.text("baseModelName");
  const std::string module_path =
      request.choice_or("modulePath", "model", {"model", "model.language_model", "language_model.model"});
  request.finish();

  const ModelFile model = ModelFile::open(model_path);
  const Adapter adapter = read_adapter(adapter_path, model);
  const ExportedAdapter written =
      write_peft_folder(out_path, adapter, model, layer_heads(model), module_path, base_model);
  const nlohmann::ordered_json answer = {{"out", out_path},
                                         {"sizeBytes", written.weights.size_bytes + written.config.size_bytes},
                                         {"weightsSha256", written.weights.sha256},
                                         {"configSha256", written.config.sha256},
                                         {"architecture", model.architecture()},
                                         {"targets", adapter.tensors.size()}};
  out << json_line(answer) << std::endl;
  return 0;
}

} // namespace trex
