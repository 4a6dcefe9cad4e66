// A file that appears whole under its name or not at all: written beside it under a temporary name, synced to the
// device, renamed, and the folder synced. Until then a file that had the name stays as it was.
//
// A process that is killed, or a machine that loses power, may leave "NAME.<process>.<number>.tmp" behind, never more.
// The next AtomicFile for the same NAME removes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/digest.h"
#include "common/platform.h"

namespace trex {

struct WrittenFile {
  std::string path; // utf-8
  uint64_t size_bytes = 0;
  std::string sha256; // lower-case hexadecimal
};

class AtomicFile {
public:
  // Creates missing parent folders and removes what killed processes left of this file. All members throw Failure ENV "file.write" when the system refuses.
  explicit AtomicFile(std::string utf8_path);
  ~AtomicFile(); // removes the temporary file unless committed
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;

  void write(const void *data, size_t bytes);
  void write_zeros(size_t bytes);
  WrittenFile commit();

private:
  void check(const std::string &error) const;

  std::string path_;
  std::string temporary_path_;
  platform::OutputHandle handle_;
  Sha256 hash_;
  uint64_t size_bytes_ = 0;
  bool created_ = false;
};

} // namespace trex
