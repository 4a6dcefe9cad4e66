// Identifies what a checkpoint may be continued with.
#pragma once

#include <string>

#include "gguf/hyper_parameters.h"
#include "gguf/model_file.h"
#include "train/documents.h"
#include "train/train_request.h"

namespace trex {

// SHA-256 over everything that changes the numbers of a run: the request, the training data and the model. Of a model
// the names, types and shapes of all tensors count and the ends of their data, because reading many gigabytes would
// cost more than it protects.
std::string job_fingerprint(const TrainRequest &request, const ModelFile &file, const HyperParameters &parameters,
                            const Documents &documents);

} // namespace trex
