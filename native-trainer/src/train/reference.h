// What DPO compares with: the log-probabilities of every answer under the reference. The reference is the frozen model
// itself, so no second one is needed: one pass with the adapter off (or as training began with it) before the first
// step, kept as two doubles a pair.
//
// The pass costs about a third of what training on the same pairs once does; only pairs that the job's steps will see
// go through it. Its results lie in outDir/reference.trex for the next attempt. The file:
// 8 bytes "TREXREF1"; the key as 64 hexadecimal digits; the number of values as 8 little-endian bytes; the values, fp64
// little-endian, chosen and rejected of each pair, those of the training data first; the SHA-256 of all of it as 64
// hexadecimal digits. It is a cache: a file that is torn, altered or of another key is made anew.
#pragma once

#include <optional>
#include <string>

#include "train/objective_pass.h"
#include "train/training_data.h"

namespace trex {

struct References {
  ReferenceValues training, validation;
};

// nullopt when there is no whole file of this key with that many pairs. Throws Failure CONFIG "file.*" when a file that
// is there cannot be read.
std::optional<References> read_references(const std::string &utf8_path, const std::string &key, int64_t training_pairs,
                                          int64_t validation_pairs);

// Throws Failure ENV "file.write".
void write_references(const std::string &utf8_path, const std::string &key, const References &references);

// Passes the training pairs of `seen` and all of the validation's through the model, with the adapter off for
// Reference::base. Calls `progress` with the number of pairs done. nullopt when interrupted on the way. `model` is the
// one that `pass` works on.
std::optional<References> compute_references(Reference reference, const TrainingData &data, const StepDocuments &seen,
                                             Model &model, ObjectivePass &pass,
                                             const std::function<void(int64_t)> &progress);

} // namespace trex
