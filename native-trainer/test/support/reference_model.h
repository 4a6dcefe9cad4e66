// A model of test/reference under training, attached as a job attaches it, and the comparison of its tensors with the
// dump's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/frozen_model.h"
#include "model/transformer.h"
#include "ops/cpu/cpu_device.h"
#include "train/full_parameters.h"
#include "train/lora_parameters.h"
#include "train/train_request.h"

namespace trex::test {

// The largest error seen of a kind, with where it was.
struct Worst {
  double error = 0.0;
  std::string where = "-";

  void see(double found, const std::string &place); // what is not a number is an infinite error
};

double relative_difference(double got, double expected); // of `expected`

// A document of a dump, {"tokens", "train"}.
void append_document(TokenBatch &batch, const nlohmann::json &document);

class ReferenceModel {
public:
  // All weights are trained, or an adapter that starts as the reference's did.
  ReferenceModel(const std::string &name, bool full, Isa isa);

  const nlohmann::json dump;
  TrainRequest request; // with the dump's "lora" and its "optimizer"

  ParameterSet &set() { return *set_; }
  Transformer &transformer() { return *transformer_; }
  Model &frozen() { return frozen_.model; }

  // `values` is the parameter set's block of values or of gradients, `expected` the dump's list of the same.
  void compare(Worst &worst, const float *values, const nlohmann::json &expected) const;

private:
  void compare_adapter(Worst &worst, const float *values, const nlohmann::json &expected) const;
  void compare_full(Worst &worst, const float *values, const nlohmann::json &expected) const;

  ModelFile file_;
  CpuDevice device_;
  std::unique_ptr<ParameterSet> set_;
  std::vector<TrainedTensor> trained_;
  Model full_;
  FrozenModel frozen_;
  std::vector<LoraTarget> targets_;
  std::unique_ptr<Transformer> transformer_;
};

} // namespace trex::test
