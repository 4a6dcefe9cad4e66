// An adapter file from anywhere, read against a sound model of one layer.
#include "fuzz/input_file.h"
#include "gguf/adapter_file.h"
#include "gguf/model_file.h"
#include "support/gguf_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace trex;
  static const ModelFile base = ModelFile::open(test::TinyModel().save("base.gguf"));
  const std::string path = fuzz::file_with("input.gguf", data, size);
  fuzz::only_fails_as({FailureClass::config}, [&] {
    const Adapter adapter = read_adapter(path, base);
    for (const AdapterTensor &tensor : adapter.tensors) scale_of(adapter, tensor);
  });
  return 0;
}
