// Identifies what a checkpoint may be continued with.
#pragma once

#include <string>

#include "gguf/hyper_parameters.h"
#include "gguf/model_file.h"
#include "train/packing.h"
#include "train/training_data.h"

namespace trex {

// SHA-256 over everything that changes the numbers of a run: the request, the training data and the model. Of a model
// the names, types and shapes of all tensors count and the ends of their data, because reading many gigabytes would
// cost more than it protects.
std::string job_fingerprint(const TrainRequest &request, const ModelFile &file, const HyperParameters &parameters,
                            const Documents &documents);

// Over everything that changes the reference values of DPO, taken of the training pairs of `seen`. It does not hold the
// learning rate and the like, so that another attempt in the same folder finds them again. Throws Failure CONFIG
// "file.*" when the adapter to start from cannot be read.
std::string reference_fingerprint(const TrainRequest &request, const ModelFile &file, const TrainingData &data,
                                  const StepDocuments &seen);

} // namespace trex
