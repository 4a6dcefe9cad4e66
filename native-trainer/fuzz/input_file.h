// What every fuzz target shares: untrusted bytes become a file, because files are what the trainer opens, and only the
// failures a header promises may come out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <iostream>
#include <string>

#include "common/failure.h"

namespace trex::fuzz {

// A path in a folder of this process, removed at exit. TMPDIR in memory (/dev/shm) makes the fuzzers faster.
std::string path_of(const std::string &name);

// The path of a file that holds exactly these bytes.
std::string file_with(const std::string &name, const void *data, size_t bytes);

// Runs `use`. A Failure of an expected class with a code, a sentence and a hint is a proper answer; any other failure
// or exception is a finding and ends the process.
template <class Use> void only_fails_as(std::initializer_list<FailureClass> expected, const Use &use) {
  try {
    use();
  } catch (const Failure &failure) {
    for (const FailureClass cls : expected) {
      if (failure.cls == cls && !failure.code.empty() && failure.message.ends_with(".") && !failure.hint.empty()) return;
    }
    std::cerr << failure_class_name(failure.cls) << " " << failure.code << ": " << failure.message << std::endl;
    std::abort();
  }
}

} // namespace trex::fuzz
