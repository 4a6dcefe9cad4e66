// Data rows from anywhere: the same bytes as training rows of every kind and as pairs to score, whose ids are printed again.
#include "common/request.h"
#include "fuzz/input_file.h"
#include "train/documents.h"
#include "train/score_pairs.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace trex;
  constexpr int64_t vocabulary = 40, longest = 64; // tokens
  const std::string path = fuzz::file_with("rows.jsonl", data, size);
  for (const RowKind kind : {RowKind::masked, RowKind::text, RowKind::pair}) {
    for (const bool split : {false, true}) {
      if (split && kind != RowKind::text) continue;
      fuzz::only_fails_as({FailureClass::data}, [&] {
        const Documents documents = read_documents(path, "training data", {kind, vocabulary, longest, split});
        if (documents.target_tokens < documents.count()) std::abort(); // a row without a target must be refused
        for (int64_t row = 0; row < documents.count(); ++row) {
          for (const int32_t token : documents.document(row)) {
            if (token < 0 || token >= vocabulary) std::abort();
          }
        }
      });
    }
  }
  fuzz::only_fails_as({FailureClass::data}, [&] {
    for (const ScorePair &pair : read_score_pairs(path, vocabulary)) json_line(pair.id);
  });
  return 0;
}
