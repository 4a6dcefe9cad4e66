// Linux and macOS.
#include "common/platform.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#endif
#ifdef __APPLE__
#include <mach/mach.h>
#include <sys/sysctl.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <set>
#include <thread>
#include <utility>

namespace trex::platform {
namespace {

std::string last_error() { return std::strerror(errno); }

int descriptor(intptr_t handle) { return static_cast<int>(handle); }

} // namespace

std::vector<std::string> utf8_arguments(int argument_count, char **arguments) {
  return {arguments + std::min(argument_count, 1), arguments + argument_count};
}

void use_binary_standard_streams() {}

MapError map_file(const std::string &utf8_path, Mapping &mapping) {
  // Non-blocking, so that a named pipe given by mistake is refused instead of waited for.
  const int file = ::open(utf8_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return errno == ENOENT || errno == ENOTDIR ? MapError::missing : MapError::unreadable;
  struct stat status {};
  MapError error = MapError::none;
  if (::fstat(file, &status) != 0) {
    error = MapError::unreadable;
  } else if (!S_ISREG(status.st_mode)) {
    error = MapError::not_regular;
  } else if (status.st_size > 0) {
    void *address = ::mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, file, 0);
    if (address == MAP_FAILED) {
      error = MapError::map_failed;
    } else {
      mapping = {static_cast<const std::byte *>(address), static_cast<uint64_t>(status.st_size)};
    }
  }
  ::close(file);
  return error;
}

void unmap_file(const Mapping &mapping) {
  if (mapping.data != nullptr) ::munmap(const_cast<std::byte *>(mapping.data), mapping.size_bytes);
}

OutputHandle::~OutputHandle() {
  if (handle_ >= 0) ::close(descriptor(handle_));
}

std::string OutputHandle::create(const std::string &utf8_path) {
  for (;;) {
    handle_ = ::open(utf8_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (handle_ < 0) return last_error();
    // Where the file system has no locks, nothing is ever taken for abandoned.
    while (::flock(descriptor(handle_), LOCK_EX) != 0 && errno == EINTR) {
    }
    struct stat status {};
    if (::fstat(descriptor(handle_), &status) != 0 || status.st_nlink > 0) return {};
    ::close(descriptor(handle_)); // another process took it for abandoned before it was locked
  }
}

std::string OutputHandle::write(const void *data, size_t bytes) {
  const char *next = static_cast<const char *>(data);
  while (bytes > 0) {
    // Linux moves at most 2 GiB a call; a smaller piece keeps the loop simple everywhere.
    const ssize_t written = ::write(descriptor(handle_), next, std::min<size_t>(bytes, size_t{1} << 30));
    if (written < 0) {
      if (errno == EINTR) continue;
      return last_error();
    }
    next += written;
    bytes -= static_cast<size_t>(written);
  }
  return {};
}

std::string OutputHandle::sync() {
#ifdef __APPLE__
  // fsync alone leaves data in the drive's own cache on macOS.
  if (::fcntl(descriptor(handle_), F_FULLFSYNC) == 0) return {};
#endif
  return ::fsync(descriptor(handle_)) == 0 ? std::string() : last_error();
}

std::string OutputHandle::close() {
  const int result = ::close(descriptor(std::exchange(handle_, -1)));
  return result == 0 ? std::string() : last_error();
}

std::string rename_durably(const std::string &utf8_from, const std::string &utf8_to) {
  if (::rename(utf8_from.c_str(), utf8_to.c_str()) != 0) return last_error();
  const size_t slash = utf8_to.find_last_of('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : utf8_to.substr(0, slash);
  const int handle = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (handle < 0) return last_error();
  const bool synced = ::fsync(handle) == 0 || errno == EINVAL; // some network file systems cannot sync folders
  std::string error = synced ? std::string() : last_error();
  ::close(handle);
  return error;
}

void remove_file(const std::string &utf8_path) { ::unlink(utf8_path.c_str()); }

void remove_file_unless_in_use(const std::string &utf8_path) {
  const int file = ::open(utf8_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return;
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) ::unlink(utf8_path.c_str());
  ::close(file);
}

uint64_t process_id() { return static_cast<uint64_t>(::getpid()); }

LibraryProbe probe_library(const char *name) {
  void *library = ::dlopen(name, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) {
    const char *reason = ::dlerror();
    return {false, reason != nullptr ? reason : "unknown reason"};
  }
  ::dlclose(library);
  return {true, {}};
}

#ifdef __linux__
namespace {

// A "Name:   123 kB" line of a proc file, in bytes; 0 when absent.
uint64_t proc_kilobytes(const char *path, const std::string &name) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind(name, 0) != 0) continue;
    return std::strtoull(line.c_str() + name.size(), nullptr, 10) * 1024;
  }
  return 0;
}

// One number from a small file; `otherwise` when it is missing or says "max".
uint64_t number_from(const std::string &path, uint64_t otherwise) {
  std::ifstream file(path);
  uint64_t value = 0;
  return file >> value ? value : otherwise;
}

std::vector<int> allowed_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> allowed;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return allowed;
  for (int index = 0; index < CPU_SETSIZE; ++index) {
    if (CPU_ISSET(index, &set)) allowed.push_back(index);
  }
  return allowed;
}

// A container's processor quota in whole processors, rounded up; a large number without one.
int container_processors() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  uint64_t quota_us = 0;
  uint64_t period_us = 0;
  if (!(file >> quota_us >> period_us) || period_us == 0) return 1 << 20;
  return static_cast<int>(std::max<uint64_t>(1, (quota_us + period_us - 1) / period_us));
}

} // namespace

uint64_t total_memory_bytes() {
  return std::min(proc_kilobytes("/proc/meminfo", "MemTotal:"), number_from("/sys/fs/cgroup/memory.max", UINT64_MAX));
}

uint64_t free_memory_bytes() {
  const uint64_t machine = proc_kilobytes("/proc/meminfo", "MemAvailable:");
  const uint64_t limit = number_from("/sys/fs/cgroup/memory.max", UINT64_MAX);
  if (limit == UINT64_MAX) return machine;
  const uint64_t used = number_from("/sys/fs/cgroup/memory.current", 0);
  return std::min(machine, limit > used ? limit - used : 0);
}

uint64_t resident_bytes() { return proc_kilobytes("/proc/self/status", "VmRSS:"); }
uint64_t peak_resident_bytes() { return proc_kilobytes("/proc/self/status", "VmHWM:"); }

int logical_processors() {
  const int allowed = static_cast<int>(allowed_processors().size());
  return allowed > 0 ? allowed : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

int physical_processors() {
  std::set<std::pair<uint64_t, uint64_t>> cores;
  for (const int index : allowed_processors()) {
    const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(index) + "/topology/";
    cores.insert({number_from(folder + "physical_package_id", 0),
                  number_from(folder + "core_id", static_cast<uint64_t>(index))});
  }
  const int counted = cores.empty() ? logical_processors() : static_cast<int>(cores.size());
  return std::max(1, std::min(counted, container_processors()));
}
#endif

#ifdef __APPLE__
namespace {

uint64_t system_number(const char *name, uint64_t otherwise) {
  uint64_t value = 0;
  size_t bytes = sizeof value;
  return ::sysctlbyname(name, &value, &bytes, nullptr, 0) == 0 ? value : otherwise;
}

int system_int(const char *name, int otherwise) {
  int value = 0;
  size_t bytes = sizeof value;
  return ::sysctlbyname(name, &value, &bytes, nullptr, 0) == 0 ? value : otherwise;
}

} // namespace

uint64_t total_memory_bytes() { return system_number("hw.memsize", 0); }

uint64_t free_memory_bytes() {
  vm_statistics64_data_t statistics;
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  if (::host_statistics64(::mach_host_self(), HOST_VM_INFO64, reinterpret_cast<host_info64_t>(&statistics), &count) !=
      KERN_SUCCESS) {
    return 0;
  }
  const uint64_t pages = statistics.free_count + statistics.inactive_count + statistics.purgeable_count;
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

uint64_t resident_bytes() {
  mach_task_basic_info info;
  mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;
  const kern_return_t result =
      ::task_info(::mach_task_self(), MACH_TASK_BASIC_INFO, reinterpret_cast<task_info_t>(&info), &count);
  return result == KERN_SUCCESS ? info.resident_size : 0;
}

uint64_t peak_resident_bytes() {
  struct rusage usage {};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<uint64_t>(usage.ru_maxrss) : 0;
}

int logical_processors() { return std::max(1, system_int("hw.logicalcpu", 1)); }
int physical_processors() { return std::max(1, system_int("hw.physicalcpu", 1)); }
#endif

} // namespace trex::platform
