#ifndef _WIN32
#include "support/child_process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/check.h"

namespace trex::test {
namespace {

std::string new_path(const char *ending) {
  static int made = 0;
  return scratch_folder() + "/child-" + std::to_string(made++) + ending;
}

// Only calls that are safe between fork and exec.
[[noreturn]] void become(const char *const *arguments, int output, uint64_t file_bytes_limit) {
  if (output < 0) {
    ::close(STDOUT_FILENO);
  } else {
    ::dup2(output, STDOUT_FILENO);
  }
  if (file_bytes_limit > 0) {
    struct rlimit limit {};
    limit.rlim_cur = limit.rlim_max = static_cast<rlim_t>(file_bytes_limit);
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ::execv(arguments[0], const_cast<char *const *>(arguments));
  ::_exit(127);
}

} // namespace

ChildProcess::ChildProcess(const std::string &command, const nlohmann::json &request, Output output,
                           uint64_t file_bytes_limit)
    : output_path_(new_path(".out")) {
  const std::string request_path = new_path(".json");
  std::ofstream(request_path) << request.dump();
  const char *const arguments[] = {TREX_PROGRAM, command.c_str(), request_path.c_str(), nullptr};

  int pipe_ends[2] = {-1, -1};
  int handle = -1;
  if (output == Output::file) handle = ::open(output_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output == Output::full_device) handle = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (output == Output::broken_pipe && ::pipe(pipe_ends) == 0) {
    handle = pipe_ends[1];
    for (const int end : pipe_ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  }
  if (handle < 0 && output != Output::closed) throw std::runtime_error("no standard output for the child");

  id_ = ::fork();
  if (id_ < 0) throw std::runtime_error("no child process");
  if (id_ == 0) become(arguments, handle, file_bytes_limit);
  if (handle >= 0) ::close(handle);
  if (output == Output::broken_pipe) {
    char byte = 0;
    while (::read(pipe_ends[0], &byte, 1) == 1 && byte != '\n') {
    }
    ::close(pipe_ends[0]);
  }
}

ChildProcess::~ChildProcess() {
  if (ended_) return;
  send(SIGKILL);
  wait();
}

void ChildProcess::send(int signal_number) const { ::kill(id_, signal_number); }

bool ChildProcess::is_running() {
  if (!ended_ && ::waitpid(id_, &status_, WNOHANG) == id_) ended_ = true;
  return !ended_;
}

int ChildProcess::wait() {
  if (!ended_) ::waitpid(id_, &status_, 0);
  ended_ = true;
  return WIFSIGNALED(status_) ? -WTERMSIG(status_) : WEXITSTATUS(status_);
}

std::string ChildProcess::output() const {
  std::ifstream file(output_path_, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

nlohmann::json ChildProcess::last_line() const {
  const std::string text = output();
  const size_t end = text.find_last_not_of('\n') + 1;
  const size_t start = text.rfind('\n', end == 0 ? 0 : end - 1);
  nlohmann::json line = nlohmann::json::parse(text.substr(start == std::string::npos ? 0 : start + 1), nullptr, false);
  return line.is_discarded() ? nlohmann::json() : line;
}

void ChildProcess::pause() { ::usleep(100); }

} // namespace trex::test
#endif
