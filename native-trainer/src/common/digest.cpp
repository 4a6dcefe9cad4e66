#include "common/digest.h"

#include "common/mapped_file.h"

namespace trex {

std::string Sha256::finish() {
  unsigned char digest[SHA256_DIGEST_SIZE];
  sha256_final(&state_, digest);
  std::string text;
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string sha256_of_file(const std::string &utf8_path) {
  const MappedFile file = MappedFile::open(utf8_path);
  Sha256 hash;
  hash.update(file.data(), file.size_bytes());
  return hash.finish();
}

} // namespace trex
