// Everything that differs between operating systems, behind one small interface. Implemented once per system in
// platform_posix.cpp and platform_windows.cpp; no other file calls the operating system directly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace trex::platform {

// The program's arguments as UTF-8, without the program name.
std::vector<std::string> utf8_arguments(int argument_count, char **arguments);

// Binary, unbuffered-by-locale standard streams (Windows would translate line ends).
void use_binary_standard_streams();

struct Mapping {
  const std::byte *data = nullptr;
  uint64_t size_bytes = 0;
};
enum class MapError { none, missing, not_regular, unreadable, map_failed };
MapError map_file(const std::string &utf8_path, Mapping &mapping);
void unmap_file(const Mapping &mapping);

// A file being written, to be renamed over its target once it is safely on disk. The system knows that it is in use
// until it is closed or the process ends, however that ends.
class OutputHandle {
public:
  OutputHandle() = default;
  OutputHandle(const OutputHandle &) = delete;
  OutputHandle &operator=(const OutputHandle &) = delete;
  ~OutputHandle();

  // All return an empty text when it worked, else the system's words for what went wrong.
  std::string create(const std::string &utf8_path); // fails when the file exists
  std::string write(const void *data, size_t bytes); // loops until everything is written
  std::string sync();                                // to the device, not only the system's cache
  std::string close();

private:
  intptr_t handle_ = -1;
};

// Replaces `to` by `from` in one step, then makes the folder entry durable. Same conventions.
std::string rename_durably(const std::string &utf8_from, const std::string &utf8_to);
void remove_file(const std::string &utf8_path);
void remove_file_unless_in_use(const std::string &utf8_path); // by an OutputHandle of any living process

uint64_t process_id();
uint64_t total_memory_bytes();
uint64_t free_memory_bytes();      // what can be had without swapping
uint64_t resident_bytes();         // of this process, now
uint64_t peak_resident_bytes();    // of this process, so far
int logical_processors();
int physical_processors();         // cores this process may use; at least 1

// Loads a system library by its file name and drops it again; the text says why it could not be loaded.
struct LibraryProbe {
  bool loadable = false;
  std::string reason;
};
LibraryProbe probe_library(const char *name);

} // namespace trex::platform
