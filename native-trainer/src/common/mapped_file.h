// A file mapped read-only into memory. The operating system pages it in on first use, so opening a large model costs
// nothing and its clean pages can be dropped under memory pressure.
//
// A file that another program shortens while it is mapped ends this process with SIGBUS; no check here can prevent
// that, so models must not be rewritten in place while they are in use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace trex {

class MappedFile {
public:
  // Throws Failure CONFIG "file.missing", "file.not_regular" or "file.unreadable", ENV "file.map".
  static MappedFile open(const std::string &utf8_path);

  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;
  ~MappedFile();

  const std::byte *data() const { return data_; } // null when the file is empty
  uint64_t size_bytes() const { return size_bytes_; }

private:
  MappedFile() = default;
  void unmap() noexcept;

  const std::byte *data_ = nullptr;
  uint64_t size_bytes_ = 0;
};

} // namespace trex
