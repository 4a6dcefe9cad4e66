// Every weight of a model in fp32 for training: decoded from a file of any supported type, written back through
// ModelWriter.
#pragma once

#include <string>
#include <vector>

#include "gguf/model_file.h"
#include "gguf/model_writer.h"
#include "gguf/type_mix.h"
#include "model/model.h"
#include "train/parameter_set.h"

namespace trex {

struct TrainedTensor {
  std::string name;
  std::vector<int64_t> shape; // ggml order
  int64_t offset = 0;         // into the ParameterSet
  int64_t count = 0;
};

// The tensors that training changes (all but rope factors).
std::vector<TrainedTensor> trained_tensors(const ModelFile &file);

// What a ParameterSet for them is made of, in the same order.
std::vector<TrainedPiece> full_pieces(const std::vector<TrainedTensor> &tensors);

// Decodes them into `set` and returns the model that points there.
Model attach_full(const ModelFile &file, ParameterSet &set, std::vector<TrainedTensor> &tensors);

// Writes a whole model stored as `storage` says, with the file's metadata. Throws as ModelWriter does.
WrittenFile write_full_model(const std::string &utf8_path, const ModelFile &file, const ParameterSet &set,
                             const std::vector<TrainedTensor> &tensors, const Storage &storage,
                             ThreadPool &threads);

} // namespace trex
