#include "train/reference.h"

#include <bit>
#include <cstring>
#include <filesystem>

#include "common/atomic_file.h"
#include "common/digest.h"
#include "common/mapped_file.h"
#include "common/paths.h"

namespace trex {
namespace {

constexpr char magic[] = "TREXREF1";
constexpr size_t digest_digits = 64;
constexpr size_t word_bytes = 8;

void append_word(std::string &text, uint64_t value) {
  for (size_t i = 0; i < word_bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
}

uint64_t word_at(std::string_view text, size_t offset) {
  uint64_t value = 0;
  for (size_t i = word_bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(text[offset + i]);
  return value;
}

std::string digest_of(std::string_view text) {
  Sha256 hash;
  hash.update(text.data(), text.size());
  return hash.finish();
}

std::string header(const std::string &key, uint64_t values) {
  std::string text = magic + key;
  append_word(text, values);
  return text;
}

// Takes the adapter off a model while it lives.
class AdapterOff {
public:
  explicit AdapterOff(Model &model) : model_(model) {
    for_each_projection([this](LoraPair &pair) {
      pairs_.push_back(pair);
      pair = {};
    });
  }
  ~AdapterOff() {
    size_t next = 0;
    for_each_projection([&](LoraPair &pair) { pair = pairs_[next++]; });
  }
  AdapterOff(const AdapterOff &) = delete;
  AdapterOff &operator=(const AdapterOff &) = delete;

private:
  template <class Visit> void for_each_projection(const Visit &visit) {
    for (Layer &layer : model_.layers) {
      for (Linear &linear : layer.projections) visit(linear.lora);
    }
  }

  Model &model_;
  std::vector<LoraPair> pairs_;
};

ReferenceValues values_at(std::string_view text, size_t &offset, int64_t pairs) {
  ReferenceValues values(static_cast<size_t>(pairs));
  for (PairLogProbabilities &pair : values) {
    pair.chosen = std::bit_cast<double>(word_at(text, offset));
    pair.rejected = std::bit_cast<double>(word_at(text, offset + word_bytes));
    offset += 2 * word_bytes;
  }
  return values;
}

} // namespace

std::optional<References> read_references(const std::string &utf8_path, const std::string &key, int64_t training_pairs,
                                          int64_t validation_pairs) {
  if (!std::filesystem::exists(path_from_utf8(utf8_path))) return std::nullopt;
  const MappedFile file = MappedFile::open(utf8_path);
  const std::string_view text(reinterpret_cast<const char *>(file.data()), static_cast<size_t>(file.size_bytes()));
  const auto values = static_cast<uint64_t>(2 * (training_pairs + validation_pairs));
  const std::string expected = header(key, values);
  const size_t body = expected.size() + static_cast<size_t>(values) * word_bytes;
  if (text.size() != body + digest_digits || !text.starts_with(expected)) return std::nullopt;
  if (text.substr(body) != digest_of(text.substr(0, body))) return std::nullopt;
  References references;
  size_t offset = expected.size();
  references.training = values_at(text, offset, training_pairs);
  references.validation = values_at(text, offset, validation_pairs);
  return references;
}

void write_references(const std::string &utf8_path, const std::string &key, const References &references) {
  std::string text = header(key, 2 * (references.training.size() + references.validation.size()));
  for (const ReferenceValues *values : {&references.training, &references.validation}) {
    for (const PairLogProbabilities &pair : *values) {
      append_word(text, std::bit_cast<uint64_t>(pair.chosen));
      append_word(text, std::bit_cast<uint64_t>(pair.rejected));
    }
  }
  text += digest_of(text);
  AtomicFile file(utf8_path);
  file.write(text.data(), text.size());
  file.commit();
}

std::optional<References> compute_references(Reference reference, const TrainingData &data, const StepDocuments &seen,
                                             Model &model, ObjectivePass &pass,
                                             const std::function<void(int64_t)> &progress) {
  std::optional<AdapterOff> off;
  if (reference == Reference::base) off.emplace(model);
  std::optional<ReferenceValues> training = pass.pair_log_probabilities(data.training, seen, progress);
  if (!training) return std::nullopt;
  std::optional<ReferenceValues> validation(std::in_place);
  if (data.validation) {
    const auto before = static_cast<int64_t>(seen.documents.size()) / 2;
    validation = pass.pair_log_probabilities(*data.validation, every_document(*data.validation),
                                             [&](int64_t done) { progress(before + done); });
  }
  if (!validation) return std::nullopt;
  return References{std::move(*training), std::move(*validation)};
}

} // namespace trex
