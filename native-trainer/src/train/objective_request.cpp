#include "train/objective_request.h"

#include "common/failure.h"

namespace trex {

ObjectiveRequest parse_objective(Request fields, bool full) {
  ObjectiveRequest objective;
  const std::string type = fields.choice_or("type", "sft", {"sft", "text", "dpo", "orpo"});
  if (type == "text") {
    objective.type = ObjectiveType::text;
    objective.split = fields.boolean_or("split", objective.split);
  } else if (type == "dpo") {
    objective.type = ObjectiveType::dpo;
    objective.beta = fields.number_or("beta", objective.beta, 1e-6, 1e3);
    objective.label_smoothing = fields.number_or("labelSmoothing", objective.label_smoothing, 0.0, 0.5);
    const std::string reference = fields.choice_or("reference", "base", {"base", "start"});
    objective.reference = reference == "start" ? Reference::start : Reference::base;
    if (full) {
      throw config_failure("objective.full_dpo",
                           "DPO compares with the model as it was without its adapter, and method \"full\" changes "
                           "that model itself.",
                           "Use method \"lora\", or objective \"orpo\", which needs no reference.");
    }
  } else if (type == "orpo") {
    objective.type = ObjectiveType::orpo;
    objective.lambda = fields.number_or("lambda", objective.lambda, 0.0, 1e3);
  }
  fields.finish();
  return objective;
}

const char *objective_name(ObjectiveType type) {
  switch (type) {
  case ObjectiveType::sft: return "sft";
  case ObjectiveType::text: return "text";
  case ObjectiveType::dpo: return "dpo";
  case ObjectiveType::orpo: return "orpo";
  }
  return "";
}

nlohmann::json description(const ObjectiveRequest &objective) {
  switch (objective.type) {
  case ObjectiveType::sft: return nullptr;
  case ObjectiveType::text: return {"text", objective.split};
  case ObjectiveType::dpo:
    return {"dpo", objective.beta, objective.label_smoothing, static_cast<int>(objective.reference)};
  case ObjectiveType::orpo: return {"orpo", objective.lambda};
  }
  return nullptr;
}

} // namespace trex
