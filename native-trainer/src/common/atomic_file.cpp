#include "common/atomic_file.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <utility>

#include "common/failure.h"
#include "common/paths.h"

namespace trex {
namespace {

std::atomic<unsigned> files_begun{0};

} // namespace

AtomicFile::AtomicFile(std::string utf8_path) : path_(std::move(utf8_path)) {
  const std::filesystem::path folder = path_from_utf8(path_).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) check(error.message());
  temporary_path_ = path_ + "." + std::to_string(platform::process_id()) + "." + std::to_string(files_begun++) + ".tmp";
  check(handle_.create(temporary_path_));
  created_ = true;
}

AtomicFile::~AtomicFile() {
  if (!created_) return;
  handle_.close(); // an error no longer matters: the file goes
  platform::remove_file(temporary_path_);
}

void AtomicFile::check(const std::string &error) const {
  if (error.empty()) return;
  throw env_failure("file.write",
                    "Writing " + path_ + " failed (" + error + "); nothing was left behind and an earlier file of that name is untouched.",
                    "Free some disk space or choose a folder that can be written to.");
}

void AtomicFile::write(const void *data, size_t bytes) {
  check(handle_.write(data, bytes));
  hash_.update(data, bytes);
  size_bytes_ += bytes;
}

void AtomicFile::write_zeros(size_t bytes) {
  static constexpr char zeros[4096] = {};
  while (bytes > 0) {
    const size_t piece = std::min(bytes, sizeof zeros);
    write(zeros, piece);
    bytes -= piece;
  }
}

WrittenFile AtomicFile::commit() {
  check(handle_.sync());
  check(handle_.close());
  check(platform::rename_durably(temporary_path_, path_));
  created_ = false;
  return {path_, size_bytes_, hash_.finish()};
}

} // namespace trex
