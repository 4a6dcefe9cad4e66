#include "train/train_command.h"

#include "train/event_log.h"
#include "train/training_job.h"

namespace trex {

int run_train(const nlohmann::json &request, std::ostream &out) { return run_train_on(open_backend, request, out); }

int run_train_on(const OpenBackend &open, const nlohmann::json &request, std::ostream &out) {
  EventLog events(out);
  TrainingJob job(parse_train_request(request), events, open);
  return job.run();
}

} // namespace trex
