// Windows 10 and later. All paths become UTF-16 here.
#include "common/platform.h"

#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <psapi.h>
#include <shellapi.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace trex::platform {
namespace {

std::wstring wide(const std::string &text) {
  const int length = MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), nullptr, 0);
  std::wstring result(static_cast<size_t>(length), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), result.data(), length);
  return result;
}

std::string narrow(const wchar_t *text, int length) {
  const int bytes = WideCharToMultiByte(CP_UTF8, 0, text, length, nullptr, 0, nullptr, nullptr);
  std::string result(static_cast<size_t>(bytes), '\0');
  WideCharToMultiByte(CP_UTF8, 0, text, length, result.data(), bytes, nullptr, nullptr);
  return result;
}

std::string last_error() {
  const DWORD code = GetLastError();
  wchar_t text[512];
  DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr, code, 0, text,
                                static_cast<DWORD>(std::size(text)), nullptr);
  while (length > 0 && (text[length - 1] == L'\r' || text[length - 1] == L'\n' || text[length - 1] == L'.')) --length;
  if (length == 0) return "Windows error " + std::to_string(code);
  return narrow(text, static_cast<int>(length));
}

HANDLE as_handle(intptr_t value) { return reinterpret_cast<HANDLE>(value); }

uint64_t working_set(bool peak) {
  PROCESS_MEMORY_COUNTERS counters{};
  counters.cb = sizeof counters;
  if (!K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)) return 0;
  return peak ? counters.PeakWorkingSetSize : counters.WorkingSetSize;
}

} // namespace

std::vector<std::string> utf8_arguments(int, char **) {
  std::vector<std::string> result;
  int count = 0;
  wchar_t **arguments = CommandLineToArgvW(GetCommandLineW(), &count);
  if (arguments == nullptr) return result;
  for (int index = 1; index < count; ++index) {
    std::string text = narrow(arguments[index], -1);
    text.pop_back(); // the length -1 counts the terminating zero
    result.push_back(std::move(text));
  }
  LocalFree(arguments);
  return result;
}

void use_binary_standard_streams() {
  _setmode(_fileno(stdin), _O_BINARY);
  _setmode(_fileno(stdout), _O_BINARY);
}

MapError map_file(const std::string &utf8_path, Mapping &mapping) {
  const HANDLE file = CreateFileW(wide(utf8_path).c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, nullptr,
                                  OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) {
    const DWORD code = GetLastError();
    return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND ? MapError::missing : MapError::unreadable;
  }
  MapError error = MapError::none;
  LARGE_INTEGER size{};
  if (GetFileType(file) != FILE_TYPE_DISK) {
    error = MapError::not_regular;
  } else if (!GetFileSizeEx(file, &size)) {
    error = MapError::unreadable;
  } else if (size.QuadPart > 0) {
    const HANDLE section = CreateFileMappingW(file, nullptr, PAGE_READONLY, 0, 0, nullptr);
    const void *address = section != nullptr ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0) : nullptr;
    if (section != nullptr) CloseHandle(section); // the view keeps the section alive
    if (address == nullptr) {
      error = MapError::map_failed;
    } else {
      mapping = {static_cast<const std::byte *>(address), static_cast<uint64_t>(size.QuadPart)};
    }
  }
  CloseHandle(file);
  return error;
}

void unmap_file(const Mapping &mapping) {
  if (mapping.data != nullptr) UnmapViewOfFile(mapping.data);
}

OutputHandle::~OutputHandle() {
  if (handle_ != -1) CloseHandle(as_handle(handle_));
}

std::string OutputHandle::create(const std::string &utf8_path) {
  const HANDLE file =
      CreateFileW(wide(utf8_path).c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) return last_error();
  handle_ = reinterpret_cast<intptr_t>(file);
  return {};
}

std::string OutputHandle::write(const void *data, size_t bytes) {
  const char *next = static_cast<const char *>(data);
  while (bytes > 0) {
    DWORD written = 0;
    const DWORD piece = static_cast<DWORD>(std::min<size_t>(bytes, size_t{1} << 30));
    if (!WriteFile(as_handle(handle_), next, piece, &written, nullptr)) return last_error();
    next += written;
    bytes -= written;
  }
  return {};
}

std::string OutputHandle::sync() { return FlushFileBuffers(as_handle(handle_)) ? std::string() : last_error(); }

std::string OutputHandle::close() {
  return CloseHandle(as_handle(std::exchange(handle_, intptr_t{-1}))) ? std::string() : last_error();
}

std::string rename_durably(const std::string &utf8_from, const std::string &utf8_to) {
  const std::wstring from = wide(utf8_from);
  const std::wstring to = wide(utf8_to);
  // A virus scanner often holds a fresh file open for a moment; waiting it out is the usual remedy.
  for (int attempt = 0;; ++attempt) {
    if (MoveFileExW(from.c_str(), to.c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) return {};
    const DWORD code = GetLastError();
    const bool held = code == ERROR_ACCESS_DENIED || code == ERROR_SHARING_VIOLATION;
    if (!held || attempt == 10) return last_error();
    Sleep(50);
  }
}

void remove_file(const std::string &utf8_path) { DeleteFileW(wide(utf8_path).c_str()); }
// OutputHandle shares nothing, so the system refuses while one is open.
void remove_file_unless_in_use(const std::string &utf8_path) { remove_file(utf8_path); }

uint64_t process_id() { return GetCurrentProcessId(); }

uint64_t total_memory_bytes() {
  MEMORYSTATUSEX status{};
  status.dwLength = sizeof status;
  return GlobalMemoryStatusEx(&status) ? status.ullTotalPhys : 0;
}

uint64_t free_memory_bytes() {
  MEMORYSTATUSEX status{};
  status.dwLength = sizeof status;
  return GlobalMemoryStatusEx(&status) ? status.ullAvailPhys : 0;
}

uint64_t resident_bytes() { return working_set(false); }
uint64_t peak_resident_bytes() { return working_set(true); }

int logical_processors() { return std::max(1, static_cast<int>(GetActiveProcessorCount(ALL_PROCESSOR_GROUPS))); }

int physical_processors() {
  DWORD bytes = 0;
  GetLogicalProcessorInformationEx(RelationProcessorCore, nullptr, &bytes);
  std::vector<char> buffer(bytes);
  auto *first = reinterpret_cast<SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX *>(buffer.data());
  if (bytes == 0 || !GetLogicalProcessorInformationEx(RelationProcessorCore, first, &bytes)) return logical_processors();
  int cores = 0;
  for (DWORD offset = 0; offset < bytes; ++cores) {
    offset += reinterpret_cast<SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX *>(buffer.data() + offset)->Size;
  }
  return std::max(1, cores);
}

LibraryProbe probe_library(const char *name) {
  // Only the system folder: a library of this name beside the program must not be run.
  const HMODULE library = LoadLibraryExA(name, nullptr, LOAD_LIBRARY_SEARCH_SYSTEM32);
  if (library == nullptr) return {false, last_error()};
  FreeLibrary(library);
  return {true, {}};
}

} // namespace trex::platform
