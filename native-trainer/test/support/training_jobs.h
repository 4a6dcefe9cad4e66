// Whole training jobs through run_train on a made model of two layers.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ops/backend.h"

namespace trex::test {

constexpr int vocab = 40;

std::string in_scratch(const std::string &name);
void write_text(const std::string &name, const std::string &text); // into the scratch folder

// qwen2, Q8_0, width 32, feed-forward width 64, four heads of 8, two of them for keys and values. Made once.
const std::string &tiny_model();
// The same shape in another family, with that family's own metadata as make-model takes it (qwen3moe has six experts of
// width 32, two used, unless it says otherwise). Throws as make-model does.
std::string tiny_model_of(const std::string &architecture, const nlohmann::json &metadata = nlohmann::json::object());

// Counting up, in documents of 4 to 30 tokens.
const std::string &counting_rows();

// A train request of nine steps into a folder of the scratch folder.
nlohmann::json request_into(const std::string &folder);

struct Outcome {
  int exit_code = 0; // a Failure's class when one was thrown
  std::string code, message;
  std::vector<nlohmann::json> events;

  const nlohmann::json &last(const std::string &event) const {
    for (size_t i = events.size(); i-- > 0;) {
      if (events[i].at("event") == event) return events[i];
    }
    throw std::runtime_error("no event " + event);
  }
};

Outcome train(const nlohmann::json &request, const OpenBackend &open = open_backend);

// Of what the request's job wrote.
std::string hash_of(const nlohmann::json &request);

// The same, one process life a step: every run resumes the last one's checkpoint and is ended by its time limit. The
// outcome is the last run's, after as many runs as the request has steps.
Outcome train_step_by_step(nlohmann::json request);

// Losses and gradient norms of all steps: the norms see every gradient.
std::vector<double> course_of(const Outcome &outcome);

nlohmann::json plan_of(const nlohmann::json &request);

std::string adapter_of(const nlohmann::json &request); // its path

// What `score` answers, line by line.
std::vector<nlohmann::json> scored_lines(const nlohmann::json &request, const OpenBackend &open = open_backend);

// Mean -ln p over all targets of the counting rows, through `score` and the exported file.
double scored_loss(const nlohmann::json &request);

} // namespace trex::test
