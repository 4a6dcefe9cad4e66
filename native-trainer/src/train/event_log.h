// JSON lines on standard output: one event, one line, flushed, because someone is watching.
#pragma once

#include <chrono>
#include <ostream>

#include <nlohmann/json.hpp>

#include "common/failure.h"
#include "common/request.h"

namespace trex {

class EventLog {
public:
  explicit EventLog(std::ostream &out) : out_(out) {}

  double elapsed_ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count();
  }

  // Throws Failure ENV "output.closed" when nobody reads any more or the disk of the output is full.
  void emit(const char *event, nlohmann::json fields) {
    fields["event"] = event;
    fields["elapsedMs"] = static_cast<int64_t>(elapsed_ms());
    out_ << json_line(fields) << '\n' << std::flush;
    if (!out_) {
      throw env_failure("output.closed", "The events of this job could not be written: nobody reads them any more, or their disk is full.",
                        "Start it again with \"resume\": true; it goes on from the last checkpoint.");
    }
  }

private:
  std::ostream &out_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

} // namespace trex
