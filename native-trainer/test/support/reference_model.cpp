#include "support/reference_model.h"

#include <algorithm>
#include <cmath>

#include "support/check.h"
#include "support/reference_dump.h"
#include "train/activation_bytes.h"

namespace trex::test {
namespace {

using nlohmann::json;

constexpr int threads = 2;
constexpr int64_t most_tokens = 128; // of a micro-batch

TrainRequest make_request(const json &dump, bool full) {
  json request = {{"model", "-"}, {"data", "-"}, {"outDir", "-"}};
  request["optimizer"] = dump.at(full ? "full" : "adapter").at("optimizer");
  request["method"] = full ? "full" : "lora";
  if (!full) request["lora"] = dump.at("lora");
  if (!full) request["lora"]["targets"] = {"*"}; // experts too
  request["batch"] = {{"maxSequenceTokens", dump.at("longest")}};
  return parse_train_request(request);
}

// |got - expected| / |expected|
double vector_error(const float *got, const json &expected) {
  double difference = 0.0, size = 0.0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double want = expected[i], d = static_cast<double>(got[i]) - want;
    difference += d * d;
    size += want * want;
  }
  return std::sqrt(difference / size);
}

// The same of a matrix of which the dump gives the norm and four inner products with directions of signs: the error's
// inner product with such a direction is about as large as the error itself.
double summary_error(const float *got, int64_t count, const json &expected, uint64_t seed) {
  if (expected.contains("values")) return vector_error(got, expected.at("values"));
  double error = 0.0;
  for (uint64_t direction = 0; direction < 4; ++direction) {
    double along = 0.0;
    for (int64_t i = 0; i < count; ++i) {
      along += static_cast<double>(got[i]) *
               rule_sign(seed + 1 + direction, expected.at("name"), static_cast<uint64_t>(i));
    }
    if (!std::isfinite(along)) return along;
    error = std::max(error, std::abs(along - expected.at("along")[direction].get<double>()));
  }
  return error / expected.at("norm").get<double>();
}

} // namespace

void Worst::see(double found, const std::string &place) {
  if (found <= error) return;
  error = std::isfinite(found) ? found : INFINITY;
  where = place;
}

double relative_difference(double got, double expected) { return std::abs(got - expected) / std::abs(expected); }

void append_document(TokenBatch &batch, const json &document) {
  const std::vector<int32_t> tokens = document.at("tokens");
  batch.append(tokens, [&](int32_t position) {
    return std::any_of(document.at("train").begin(), document.at("train").end(),
                       [&](const json &range) { return position >= range[0] && position < range[1]; });
  });
}

ReferenceModel::ReferenceModel(const std::string &name, bool full, Isa isa)
    : dump(read_reference_dump(name)), request(make_request(dump, full)),
      file_(ModelFile::open(write_reference_model(dump, name))), device_(threads, dump.at("longest"), isa) {
  if (full) {
    trained_ = trained_tensors(file_);
    set_ = std::make_unique<ParameterSet>(cpu_ops(), device_, full_pieces(trained_));
    full_ = attach_full(file_, *set_, trained_);
  } else {
    frozen_ = load_frozen_model(file_);
    const std::vector<LoraTensor> tensors = lora_tensors(request.lora.choice, frozen_.model.parameters);
    targets_ = lora_targets(frozen_.model, tensors);
    set_ = std::make_unique<ParameterSet>(cpu_ops(), device_, lora_pieces(tensors));
    attach_lora(frozen_.model, *set_, targets_);
    start_from_adapter(*set_, targets_, request.lora.choice, reference_adapter(dump));
  }
  const Model &model = full ? full_ : frozen_.model;
  const PassLimits limits = training_limits(model.parameters, training_shape(request, model.parameters, threads), most_tokens);
  transformer_ = std::make_unique<Transformer>(cpu_ops(), device_, model, limits, dump.at("longest"));
}

void ReferenceModel::compare(Worst &worst, const float *values, const json &expected) const {
  if (request.full) {
    compare_full(worst, values, expected);
  } else {
    compare_adapter(worst, values, expected);
  }
}

void ReferenceModel::compare_adapter(Worst &worst, const float *values, const json &expected) const {
  CHECK(targets_.size() == expected.size());
  for (const json &pair : expected) {
    const std::string base = pair.at("base");
    const auto target = std::find_if(targets_.begin(), targets_.end(),
                                     [&](const LoraTarget &candidate) { return candidate.tensor.name == base; });
    CHECK_CASE(target != targets_.end(), base);
    if (target == targets_.end()) continue;
    const LoraPair &lora = frozen_.model.layers[target->layer].projections[target->projection].lora;
    worst.see(vector_error(values + (lora.a - set_->values()), pair.at("a")), base + " A");
    worst.see(vector_error(values + (lora.b - set_->values()), pair.at("b")), base + " B");
  }
}

void ReferenceModel::compare_full(Worst &worst, const float *values, const json &expected) const {
  CHECK(trained_.size() == expected.size());
  for (const json &summary : expected) {
    const std::string name = summary.at("name");
    const auto tensor = std::find_if(trained_.begin(), trained_.end(),
                                     [&](const TrainedTensor &candidate) { return candidate.name == name; });
    CHECK_CASE(tensor != trained_.end(), name);
    if (tensor == trained_.end()) continue;
    worst.see(summary_error(values + tensor->offset, tensor->count, summary, dump.at("seed")), name);
  }
}

} // namespace trex::test
