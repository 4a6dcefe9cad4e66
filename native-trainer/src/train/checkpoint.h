// Everything a training job needs to go on as if it had never stopped.
//
// The file: 8 bytes "TREXCKP1"; the header's length as 8 little-endian bytes; the header, one JSON object; then the
// trainable values as fp32; AdamW's two moments as ParameterSet keeps them (train/optimizer_states.h: all fp32, or
// codes and block sizes); the values' running average as fp32 when one is kept; then the SHA-256 of all of it as 64
// hexadecimal digits. The request decides which parts there are, and it is part of the fingerprint. Data order,
// dropout, noise and learning rate are functions of the seed and the step, so the step is all that is kept of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "train/parameter_set.h"

namespace trex {

struct TrainingProgress {
  int64_t step = 0; // optimiser steps done
  double last_loss = 0.0;
  double smoothed_loss = 0.0; // see DivergenceGuard
  double best_smoothed_loss = 0.0;
  int64_t tokens = 0; // that went through the model so far
};

// Replaces an older checkpoint atomically. `fingerprint` ties it to the request, the data and the model. Throws Failure
// ENV "file.write".
void write_checkpoint(const std::string &utf8_path, const std::string &fingerprint, const TrainingProgress &progress,
                      const ParameterSet &set);

// Fills `set` and returns where to go on, or nullopt when there is no checkpoint. Throws Failure CONFIG
// "checkpoint.damaged" when the file is torn or altered, "checkpoint.other_job" when it belongs to another job.
std::optional<TrainingProgress> read_checkpoint(const std::string &utf8_path, const std::string &fingerprint,
                                                ParameterSet &set);

} // namespace trex
