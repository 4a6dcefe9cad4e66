#include "support/check.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <random>
#include <vector>

namespace trex::test {
namespace {

struct Entry {
  const char *name;
  TestFunction function;
};

std::vector<Entry> &entries() {
  static std::vector<Entry> all;
  return all;
}

int failures = 0;
std::filesystem::path scratch;

} // namespace

bool register_test(const char *name, TestFunction function) {
  entries().push_back({name, function});
  return true;
}

void report_failure(const char *file, int line, const std::string &what) {
  ++failures;
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, what.c_str());
}

std::string scratch_folder() {
  if (scratch.empty()) {
    scratch = std::filesystem::temp_directory_path() / ("trex-test-" + std::to_string(std::random_device{}()));
    std::filesystem::create_directories(scratch);
  }
  const std::u8string text = scratch.u8string();
  return {text.begin(), text.end()};
}

} // namespace trex::test

int main(int argument_count, char **arguments) {
  using namespace trex::test;
  const char *filter = argument_count > 1 ? arguments[1] : "";
  int ran = 0;
  for (const Entry &entry : entries()) {
    if (std::strstr(entry.name, filter) == nullptr) continue;
    const int before = failures;
    const auto start = std::chrono::steady_clock::now();
    try {
      entry.function();
    } catch (const std::exception &error) {
      report_failure(entry.name, 0, std::string("unexpected exception: ") + error.what());
    }
    const auto elapsed = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start);
    std::printf("%-6s %s (%.1f ms)\n", failures == before ? "ok" : "FAILED", entry.name, elapsed.count());
    ++ran;
  }
  if (!scratch.empty()) {
    std::error_code ignored; // a leftover folder in the temporary directory is no test failure
    std::filesystem::remove_all(scratch, ignored);
  }
  std::printf("%d tests, %d failed checks\n", ran, failures);
  return ran > 0 && failures == 0 ? 0 : 1;
}
