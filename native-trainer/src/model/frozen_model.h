// A model whose matrices stay in their file, quantised as they are. Norms and biases, a few kilobytes, are decoded
// once.
#pragma once

#include <vector>

#include "gguf/model_file.h"
#include "model/hold.h"
#include "model/model.h"

namespace trex {

struct FrozenModel {
  Model model;
  std::vector<std::vector<float>> vectors; // decoded norms and biases that `model` points into
};

// `file` must outlive the result. Throws Failure CONFIG as read_hyper_parameters does, std::bad_alloc as `hold` does.
FrozenModel load_frozen_model(const ModelFile &file, const Hold &hold = as_on_the_host());

} // namespace trex
