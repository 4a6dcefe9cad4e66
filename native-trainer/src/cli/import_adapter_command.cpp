#include <ostream>

#include "cli/commands.h"
#include "common/failure.h"
#include "common/paths.h"
#include "common/request.h"
#include "gguf/decode.h"
#include "peft/load_adapter.h"

namespace trex {

int run_import_adapter(const nlohmann::json &document, std::ostream &out) {
  Request request(document);
  const std::string adapter_path = request.text("adapter");
  const std::string model_path = request.text("model");
  const std::string out_path = request.text("out");
  const std::string type = request.choice_or("type", "F32", {"F32", "F16"});
  request.finish();

  if (is_same_file(model_path, out_path)) {
    throw config_failure("import.same_file", "The adapter would replace the model it is for.",
                         "Choose another name for \"out\".");
  }
  const ModelFile model = ModelFile::open(model_path);
  const Adapter adapter = read_peft_folder(adapter_path, model, layer_heads(model));
  std::vector<AdapterTensorView> views;
  for (const AdapterTensor &tensor : adapter.tensors) {
    views.push_back({tensor.base, tensor.in, tensor.out, tensor.rank, tensor.a.data(), tensor.b.data()});
  }
  const WrittenFile file = write_adapter(out_path, model, adapter.name, adapter.alpha, views,
                                         writable_type_from_name(type).value_or(GGML_TYPE_F32));
  const nlohmann::ordered_json answer = {{"out", out_path},        {"sizeBytes", file.size_bytes},
                                         {"sha256", file.sha256},  {"architecture", model.architecture()},
                                         {"alpha", adapter.alpha}, {"targets", adapter.tensors.size()}};
  out << json_line(answer) << std::endl;
  return 0;
}

} // namespace trex
