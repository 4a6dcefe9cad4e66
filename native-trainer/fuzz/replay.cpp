// Runs one fuzz target over the files of its corpus, for compilers without libFuzzer: replay FOLDER...
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argument_count, char **arguments) {
  std::vector<std::filesystem::path> files;
  for (int index = 1; index < argument_count; ++index) {
    for (const auto &entry : std::filesystem::directory_iterator(arguments[index])) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path &path : files) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    std::cout << path.filename().string() << std::endl; // the last name printed is the one that crashed
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
  }
  std::cout << files.size() << " files" << std::endl;
  return files.empty() ? 1 : 0;
}
