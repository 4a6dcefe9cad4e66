#include "train/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/atomic_file.h"
#include "common/failure.h"
#include "common/mapped_file.h"
#include "common/paths.h"

namespace trex {
namespace {

constexpr char magic[8] = {'T', 'R', 'E', 'X', 'C', 'K', 'P', '1'};
constexpr size_t digest_digits = 64;

[[noreturn]] void damaged(const std::string &path) {
  throw config_failure("checkpoint.damaged",
                       "The checkpoint " + path + " is torn or was altered; it was left as it is.",
                       "Delete it to start this job from the beginning.");
}

class HashingWriter {
public:
  explicit HashingWriter(const std::string &path) : file_(path) {}

  void write(const void *data, size_t bytes) {
    file_.write(data, bytes);
    hash_.update(data, bytes);
  }
  void finish() {
    const std::string digest = hash_.finish();
    file_.write(digest.data(), digest.size());
    file_.commit();
  }

private:
  AtomicFile file_;
  Sha256 hash_;
};

// What a checkpoint holds of a set, in the order of the file and in the back end's memory.
std::vector<std::span<std::byte>> blocks_of(const ParameterSet &set) {
  const auto floats = [&](float *values) {
    return std::span(reinterpret_cast<std::byte *>(values), static_cast<size_t>(set.count()) * sizeof(float));
  };
  std::vector<std::span<std::byte>> blocks = {floats(set.values()), set.states()};
  if (set.average() != nullptr) blocks.push_back(floats(set.average()));
  return blocks;
}

// By way of the host, piece by piece.
void write_block(HashingWriter &writer, const ParameterSet &set, std::span<const std::byte> block) {
  std::vector<std::byte> piece(std::min<size_t>(block.size(), size_t{4} << 20));
  for (size_t at = 0; at < block.size(); at += piece.size()) {
    const size_t bytes = std::min(piece.size(), block.size() - at);
    set.download(piece.data(), block.data() + at, bytes);
    writer.write(piece.data(), bytes);
  }
}

uint64_t little_endian(const unsigned char *bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

} // namespace

void write_checkpoint(const std::string &utf8_path, const std::string &fingerprint, const TrainingProgress &progress,
                      const ParameterSet &set) {
  const std::string header = nlohmann::json{
      {"fingerprint", fingerprint},
      {"values", set.count()},
      {"step", progress.step},
      {"lastLoss", progress.last_loss},
      {"smoothedLoss", progress.smoothed_loss},
      {"bestSmoothedLoss", progress.best_smoothed_loss},
      {"tokens",
       progress.tokens}}.dump();
  unsigned char length[8];
  for (size_t i = 0; i < 8; ++i) length[i] = static_cast<unsigned char>(header.size() >> (8 * i));
  HashingWriter writer(utf8_path);
  writer.write(magic, sizeof magic);
  writer.write(length, sizeof length);
  writer.write(header.data(), header.size());
  for (const std::span<std::byte> block : blocks_of(set)) write_block(writer, set, block);
  writer.finish();
}

std::optional<TrainingProgress> read_checkpoint(const std::string &utf8_path, const std::string &fingerprint,
                                                ParameterSet &set) {
  if (!std::filesystem::exists(path_from_utf8(utf8_path))) return std::nullopt;
  const MappedFile file = MappedFile::open(utf8_path);
  const auto *bytes = reinterpret_cast<const unsigned char *>(file.data());
  constexpr size_t prefix = sizeof magic + 8;
  if (file.size_bytes() < prefix + digest_digits || std::memcmp(bytes, magic, sizeof magic) != 0) damaged(utf8_path);
  const auto body = static_cast<size_t>(file.size_bytes()) - digest_digits;
  Sha256 hash;
  hash.update(bytes, body);
  if (hash.finish() != std::string(reinterpret_cast<const char *>(bytes) + body, digest_digits)) damaged(utf8_path);

  // From here on the bytes are the ones that were written, so only a different job or an attacker can disagree with them.
  const uint64_t header_bytes = little_endian(bytes + sizeof magic);
  if (header_bytes > body - prefix) damaged(utf8_path);
  const auto header = nlohmann::json::parse(bytes + prefix, bytes + prefix + header_bytes, nullptr, false);
  if (!header.is_object()) damaged(utf8_path);
  const auto has = [&header](const char *name, bool (nlohmann::json::*is)() const noexcept) {
    const auto found = header.find(name);
    return found == header.end() || ((*found).*is)();
  };
  using nlohmann::json;
  bool sound = has("fingerprint", &json::is_string);
  for (const char *name : {"values", "step", "tokens"}) sound = sound && has(name, &json::is_number_integer);
  for (const char *name : {"lastLoss", "smoothedLoss", "bestSmoothedLoss"}) sound = sound && has(name, &json::is_number);
  if (!sound || header.value("step", int64_t{0}) < 0) damaged(utf8_path);
  if (header.value("fingerprint", "") != fingerprint || header.value("values", int64_t{-1}) != set.count()) {
    throw config_failure("checkpoint.other_job",
                         "The checkpoint " + utf8_path +
                             " belongs to a job with another request, model or data; it was kept.",
                         "Resume with the request it was made with, or choose another outDir.");
  }
  const std::vector<std::span<std::byte>> blocks = blocks_of(set);
  size_t block_bytes = 0;
  for (const std::span<std::byte> block : blocks) block_bytes += block.size();
  if (body - prefix - header_bytes != block_bytes) damaged(utf8_path);
  const unsigned char *from = bytes + prefix + header_bytes;
  for (const std::span<std::byte> block : blocks) {
    set.upload(block.data(), from, block.size());
    from += block.size();
  }
  return TrainingProgress{header.value("step", int64_t{0}), header.value("lastLoss", 0.0),
                          header.value("smoothedLoss", 0.0), header.value("bestSmoothedLoss", 0.0),
                          header.value("tokens", int64_t{0})};
}

} // namespace trex
