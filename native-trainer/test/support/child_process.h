// trex-train as a process of its own, for what cannot be tried inside the test: signals, closed outputs, file size
// limits. POSIX only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace trex::test {

enum class Output {
  file,        // everything is kept
  closed,      // there is no standard output at all
  full_device, // every write fails: no space left
  broken_pipe, // its reader goes away after the first event
};

class ChildProcess {
public:
  // `command` with the request in a file. `file_bytes_limit` is the largest file it may write; 0: any.
  ChildProcess(const std::string &command, const nlohmann::json &request, Output output = Output::file,
               uint64_t file_bytes_limit = 0);
  ~ChildProcess(); // kills what still runs
  ChildProcess(const ChildProcess &) = delete;
  ChildProcess &operator=(const ChildProcess &) = delete;

  void send(int signal_number) const;
  int wait(); // the exit code, or minus the number of the signal that ended it

  std::string output() const; // so far
  bool said(const std::string &event) const { return output().find("\"event\":\"" + event + "\"") != std::string::npos; }
  // Polls until `condition` holds; false when the process ended or 20 seconds went by before.
  template <class Condition> bool until(const Condition &condition) {
    for (int64_t left = 200'000; left > 0 && is_running(); --left) {
      if (condition()) return true;
      pause();
    }
    return condition();
  }
  nlohmann::json last_line() const; // null when it is not JSON

private:
  bool is_running();
  static void pause(); // 0.1 ms

  std::string output_path_;
  int id_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

} // namespace trex::test
