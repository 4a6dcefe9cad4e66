#include "common/atomic_file.h"

#include <algorithm>
#include <atomic>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "common/failure.h"
#include "common/paths.h"

namespace trex {
namespace {

std::atomic<unsigned> files_begun{0};

constexpr std::string_view suffix = ".tmp";

// ".<process>.<number>.tmp", as behind the name of every temporary file.
bool is_temporary_ending(std::string_view text) {
  if (!text.starts_with('.') || !text.ends_with(suffix)) return false;
  text = text.substr(1, text.size() - 1 - suffix.size());
  const size_t dot = text.find('.');
  const auto is_number = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return dot != std::string_view::npos && is_number(text.substr(0, dot)) && is_number(text.substr(dot + 1));
}

// Files of living processes stay. What cannot be listed or removed is in nobody's way.
void remove_abandoned(const std::filesystem::path &folder, const std::string &name) {
  std::error_code error;
  std::vector<std::string> abandoned;
  for (std::filesystem::directory_iterator entry(folder.empty() ? "." : folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string found = path_to_utf8(entry->path().filename());
    if (!found.starts_with(name) || !is_temporary_ending(std::string_view(found).substr(name.size()))) continue;
    abandoned.push_back(path_to_utf8(entry->path()));
  }
  for (const std::string &path : abandoned) platform::remove_file_unless_in_use(path);
}

} // namespace

AtomicFile::AtomicFile(std::string utf8_path) : path_(std::move(utf8_path)) {
  const std::filesystem::path folder = path_from_utf8(path_).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) check(error.message());
  remove_abandoned(folder, path_to_utf8(path_from_utf8(path_).filename()));
  temporary_path_ = path_ + "." + std::to_string(platform::process_id()) + "." + std::to_string(files_begun++);
  temporary_path_ += suffix;
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
