// Paths travel through the program as UTF-8 text; only the file system calls see std::filesystem::path.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

namespace trex {

inline std::filesystem::path path_from_utf8(const std::string &text) {
  return std::filesystem::path(std::u8string(text.begin(), text.end()));
}

inline std::string path_to_utf8(const std::filesystem::path &path) {
  const std::u8string text = path.u8string();
  return {text.begin(), text.end()};
}

// False when one of them does not exist.
inline bool is_same_file(const std::string &utf8_a, const std::string &utf8_b) {
  std::error_code error;
  return std::filesystem::equivalent(path_from_utf8(utf8_a), path_from_utf8(utf8_b), error);
}

} // namespace trex
