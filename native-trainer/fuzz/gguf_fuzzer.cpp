// A model file from anywhere: validated, opened through ggml, its shape read, its tokenizer looked at and the first rows
// of every tensor decoded. Everything a command does with a file before it trusts it.
#include <vector>

#include "fuzz/input_file.h"
#include "gguf/decode.h"
#include "gguf/hyper_parameters.h"
#include "gguf/model_file.h"

namespace {

void decode_some(const trex::ModelFile &model) {
  constexpr int64_t most_values = 1 << 16;
  for (const trex::TensorView &tensor : model.tensors()) {
    if (!trex::is_readable_type(tensor.type) || tensor.row_length() > most_values) continue;
    std::vector<float> row(static_cast<size_t>(tensor.row_length()));
    for (const int64_t index : {int64_t{0}, tensor.rows() - 1}) {
      trex::decode_row(tensor.type, tensor.row(index), row.data(), tensor.row_length());
    }
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace trex;
  const std::string path = fuzz::file_with("input.gguf", data, size);
  fuzz::only_fails_as({FailureClass::config}, [&] {
    const ModelFile model = ModelFile::open(path);
    decode_some(model);
    fuzz::only_fails_as({FailureClass::config}, [&] { model.text_array("tokenizer.ggml.merges"); });
    fuzz::only_fails_as({FailureClass::config}, [&] { model.integer_array("tokenizer.ggml.token_type"); });
    fuzz::only_fails_as({FailureClass::config}, [&] { model.number("general.file_type"); });
    read_hyper_parameters(model);
  });
  return 0;
}
