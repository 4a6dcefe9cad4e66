// The one way an expected failure travels above the op interface: thrown as a Failure, caught once in cli/main.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace trex {

// Each class is an exit code in native-trainer/README.md.
enum class FailureClass { config = 10, oom = 11, data = 12, env = 13, timeout = 14, diverged = 15 };

struct Failure : std::exception {
  FailureClass cls;
  std::string code;    // stable and machine-readable, e.g. "model.not_gguf"
  std::string message; // one plain sentence: what happened and what was kept
  std::string hint;    // what to do next

  Failure(FailureClass failure_class, std::string failure_code, std::string sentence, std::string next_step)
      : cls(failure_class), code(std::move(failure_code)), message(std::move(sentence)), hint(std::move(next_step)) {}

  const char *what() const noexcept override { return message.c_str(); }
};

inline Failure config_failure(std::string code, std::string message, std::string hint) {
  return {FailureClass::config, std::move(code), std::move(message), std::move(hint)};
}
inline Failure env_failure(std::string code, std::string message, std::string hint) {
  return {FailureClass::env, std::move(code), std::move(message), std::move(hint)};
}
inline Failure oom_failure(std::string code, std::string message, std::string hint) {
  return {FailureClass::oom, std::move(code), std::move(message), std::move(hint)};
}
inline Failure data_failure(std::string code, std::string message, std::string hint) {
  return {FailureClass::data, std::move(code), std::move(message), std::move(hint)};
}

inline const char *failure_class_name(FailureClass cls) {
  switch (cls) {
  case FailureClass::config: return "CONFIG";
  case FailureClass::oom: return "OOM";
  case FailureClass::data: return "DATA";
  case FailureClass::env: return "ENV";
  case FailureClass::timeout: return "TIMEOUT";
  case FailureClass::diverged: return "DIVERGED";
  }
  return "BUG";
}

} // namespace trex
