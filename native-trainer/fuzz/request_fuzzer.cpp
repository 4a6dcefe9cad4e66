// A train request as it comes from a file or standard input.
#include "common/request.h"
#include "fuzz/input_file.h"
#include "train/train_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace trex;
  const std::string path = fuzz::file_with("request.json", data, size);
  fuzz::only_fails_as({FailureClass::config}, [&] { parse_train_request(read_request(path)); });
  return 0;
}
