// What a training job optimises: the request's "objective".
#pragma once

#include <nlohmann/json.hpp>

#include "common/request.h"

namespace trex {

enum class ObjectiveType {
  sft,  // the tokens that a row's `train` ranges name
  text, // every token: continued pre-training
  dpo,  // preference pairs against a reference (Rafailov et al., 2023)
  orpo, // preference pairs without a reference (Hong et al., 2024)
};

// What DPO measures the adapter against: the model without any adapter, or with the adapter that training began with.
enum class Reference { base, start };

struct ObjectiveRequest {
  ObjectiveType type = ObjectiveType::sft;
  bool split = true; // text: cut rows that are too long instead of dropping them
  double beta = 0.1; // dpo: nats of reward per nat of log-probability ratio; how closely the reference is kept to
  double label_smoothing = 0.0; // dpo: the share of pairs that are taken to be the wrong way round
  Reference reference = Reference::base;
  double lambda = 0.1; // orpo: weight of the odds ratio's term beside the likelihood of what was chosen

  bool reads_pairs() const { return type == ObjectiveType::dpo || type == ObjectiveType::orpo; }
};

// `fields` may be empty: sft. Only the options of the named type are known. Throws Failure CONFIG as common/request.h
// says, and "objective.full_dpo": without an adapter there is nothing that could be taken off to find the reference.
ObjectiveRequest parse_objective(Request fields, bool full);

const char *objective_name(ObjectiveType type);

// What a checkpoint's fingerprint must hold of it; null for sft, so that checkpoints from before there were objectives
// can still be continued.
nlohmann::json description(const ObjectiveRequest &objective);

} // namespace trex
