#include "fuzz/input_file.h"

#include <filesystem>
#include <fstream>
#include <random>

#include "common/paths.h"

namespace trex::fuzz {
namespace {

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("trex-fuzz-" + std::to_string(std::random_device{}()));

  Folder() { std::filesystem::create_directories(path); }
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;
  ~Folder() {
    std::error_code ignored; // a leftover folder in the temporary directory is no finding
    std::filesystem::remove_all(path, ignored);
  }
};

} // namespace

std::string path_of(const std::string &name) {
  static const Folder folder;
  return path_to_utf8(folder.path / name);
}

std::string file_with(const std::string &name, const void *data, size_t bytes) {
  std::string path = path_of(name);
  std::ofstream file(path_from_utf8(path), std::ios::binary | std::ios::trunc);
  if (bytes > 0) file.write(static_cast<const char *>(data), static_cast<std::streamsize>(bytes));
  if (!file.flush()) std::abort(); // a full disk would make every later run a lie
  return path;
}

} // namespace trex::fuzz

// The test support's hand-made files are saved here too.
namespace trex::test {
std::string scratch_folder() { return fuzz::path_of(""); }
} // namespace trex::test
