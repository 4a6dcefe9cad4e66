// The `lora` part of a train request.
#pragma once

#include <optional>
#include <string>

#include "common/request.h"
#include "plan/lora_choice.h"

namespace trex {

// How a fresh pair starts. B is zero but for pissa, so that training starts at the base model.
//   kaiming   A uniform in +-1/sqrt(in) (Kaiming with a = sqrt 5, as in PEFT)
//   gaussian  A normal with standard deviation 1/rank (as PEFT's "gaussian")
//   pissa     the base's principal directions, and a frozen copy of them that is subtracted: train/principal_start.h
enum class LoraInit { kaiming, gaussian, pissa };

struct LoraRequest {
  LoraChoice choice;
  LoraInit init = LoraInit::kaiming;
  double dropout = 0.0; // probability that an input value of A is dropped
  std::optional<std::string> init_from;
};

// Throws Failure CONFIG as common/request.h says, "request.targets" when lora.targets is empty, and "request.conflict"
// for two fields that exclude each other.
LoraRequest parse_lora(Request fields);

} // namespace trex
