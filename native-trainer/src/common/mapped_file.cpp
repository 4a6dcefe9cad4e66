#include "common/mapped_file.h"

#include <utility>

#include "common/failure.h"
#include "common/platform.h"

namespace trex {

MappedFile MappedFile::open(const std::string &utf8_path) {
  platform::Mapping mapping;
  switch (platform::map_file(utf8_path, mapping)) {
  case platform::MapError::none: break;
  case platform::MapError::missing:
    throw config_failure("file.missing", "There is no file at " + utf8_path + ".", "Check the path.");
  case platform::MapError::not_regular:
    throw config_failure("file.not_regular", utf8_path + " is a folder or a device, not a file.",
                         "Give the path of the file itself.");
  case platform::MapError::unreadable:
    throw config_failure("file.unreadable", "The file " + utf8_path + " exists but may not be read.",
                         "Check its permissions.");
  case platform::MapError::map_failed:
    throw env_failure("file.map", "The system could not map " + utf8_path + " into memory.",
                      "Close other programs or move the file to a local disk.");
  }
  MappedFile file;
  file.data_ = mapping.data;
  file.size_bytes_ = mapping.size_bytes;
  return file;
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  if (this != &other) {
    unmap();
    data_ = std::exchange(other.data_, nullptr);
    size_bytes_ = std::exchange(other.size_bytes_, 0);
  }
  return *this;
}

MappedFile::~MappedFile() { unmap(); }

void MappedFile::unmap() noexcept {
  platform::unmap_file({data_, size_bytes_});
  data_ = nullptr;
  size_bytes_ = 0;
}

} // namespace trex
