// SHA-256 of bytes that arrive in pieces.
#pragma once

#include <cstddef>
#include <string>

extern "C" {
#include "sha256.h" // the vendored implementation, see cmake/llama_source.cmake
}

namespace trex {

class Sha256 {
public:
  Sha256() { sha256_init(&state_); }
  void update(const void *data, size_t bytes) { sha256_update(&state_, static_cast<const unsigned char *>(data), bytes); }
  // Ends the computation; 64 lower-case hexadecimal digits.
  std::string finish();

private:
  sha256_t state_;
};

// Of a whole file. Throws Failure as MappedFile::open does.
std::string sha256_of_file(const std::string &utf8_path);

} // namespace trex
