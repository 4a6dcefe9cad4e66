#include <map>
#include <ostream>

#include "cli/commands.h"
#include "common/failure.h"
#include "common/request.h"
#include "gguf/decode.h"
#include "gguf/hyper_parameters.h"
#include "gguf/model_file.h"
#include "gguf/tensor_layout.h"

namespace trex {
namespace {

using json = nlohmann::ordered_json; // fields in the order the README lists them

json text_or_null(const ModelFile &file, const std::string &key) {
  const std::optional<std::string> text = file.text(key);
  return text ? json(*text) : json(nullptr);
}

void add_shape(json &answer, const HyperParameters &p) {
  const LayerShape &first = p.layers.front();
  answer["layers"] = p.layer_count();
  answer["embedding"] = p.embedding;
  answer["feedForward"] = first.feed_forward;
  answer["heads"] = first.heads;
  answer["kvHeads"] = first.kv_heads;
  answer["headDim"] = first.head_dim;
  answer["contextLength"] = p.context_length;
  answer["vocabSize"] = p.vocab;
  answer["ropeBase"] = p.ropes.front().base;
  answer["tiedEmbeddings"] = p.tied_embeddings;
  answer["loraTargets"] = lora_target_names(p);
}

// A sound file of an unsupported kind is an answer, not an error: the caller shows it greyed out.
void add_no_shape(json &answer) {
  for (const char *key : {"layers", "embedding", "feedForward", "heads", "kvHeads", "headDim", "contextLength",
                          "vocabSize", "ropeBase", "tiedEmbeddings"}) {
    answer[key] = nullptr;
  }
  answer["loraTargets"] = json::array();
}

} // namespace

int run_info(const std::string &model_path, std::ostream &out) {
  const ModelFile file = ModelFile::open(model_path);
  json answer = {{"path", model_path},
                 {"sizeBytes", file.size_bytes()},
                 {"architecture", file.architecture()},
                 {"name", text_or_null(file, "general.name")}};
  try {
    const HyperParameters parameters = read_hyper_parameters(file);
    answer["supported"] = true;
    answer["unsupportedReason"] = nullptr;
    add_shape(answer, parameters);
  } catch (const Failure &failure) {
    if (failure.cls != FailureClass::config) throw;
    answer["supported"] = false;
    answer["unsupportedReason"] = failure.message + " " + failure.hint;
    add_no_shape(answer);
  }
  int64_t elements = 0;
  std::map<std::string, int64_t> count_of_type;
  for (const TensorView &tensor : file.tensors()) {
    elements += tensor.elements();
    ++count_of_type[type_label(tensor.type)];
  }
  answer["parameters"] = elements;
  answer["tensorTypes"] = count_of_type;
  answer["tokenizerModel"] = text_or_null(file, "tokenizer.ggml.model");
  answer["tokenizerPre"] = text_or_null(file, "tokenizer.ggml.pre");
  answer["hasChatTemplate"] = file.text("tokenizer.chat_template").value_or("") != "";
  out << json_line(answer) << std::endl;
  return 0;
}

} // namespace trex
