#include "train/activation_bytes.h"

#include <algorithm>

#include "gguf/tensor_layout.h"
#include "model/activations.h"
#include "ops/backend.h"
#include "plan/memory_plan.h"

namespace trex {

PassLimits training_limits(const HyperParameters &parameters, const TrainingShape &shape, int64_t tokens) {
  PassLimits limits;
  limits.tokens = tokens;
  limits.backward = true;
  limits.recompute = shape.recompute;
  limits.dropout = shape.dropout;
  limits.element = shape.element;
  limits.ranks.resize(parameters.layers.size());
  const auto names = projection_names();
  for (size_t p = 0; p < projection_count; ++p) {
    for (int64_t layer = 0; layer < parameters.layer_count(); ++layer) {
      limits.ranks[static_cast<size_t>(layer)][p] = lora_rank_of(shape.lora, layer_weight_name(layer, names[p]));
    }
  }
  return limits;
}

int64_t micro_batch_tokens(const HyperParameters &parameters, const TrainingShape &shape) {
  constexpr uint64_t comfortable_bytes = 1024ULL * 1024 * 1024;
  constexpr int64_t sample = 1024;
  PassLimits limits = training_limits(parameters, shape, sample);
  limits.recompute = Recompute::nothing; // how a step is cut, and so every rounding, does not depend on what is kept
  const PassMemory measured = lay_out(parameters, limits, nullptr);
  const uint64_t bytes_per_token = std::max<uint64_t>(1, measured.activation_bytes / sample);
  const auto comfortable = static_cast<int64_t>(comfortable_bytes / bytes_per_token);
  const int64_t wanted = std::min(shape.tokens_per_step, comfortable);
  return std::max(wanted, shape.documents_together * shape.max_sequence_tokens);
}

uint64_t activation_bytes(const HyperParameters &parameters, const TrainingShape &shape) {
  const PassLimits limits = training_limits(parameters, shape, micro_batch_tokens(parameters, shape));
  return lay_out(parameters, limits, nullptr).activation_bytes;
}

uint64_t workspace_bytes(const HyperParameters &parameters, const TrainingShape &shape) {
  const int64_t tokens = micro_batch_tokens(parameters, shape);
  const PassLimits limits = training_limits(parameters, shape, tokens);
  uint64_t rope = 0;
  for (const RopeParameters &table : parameters.ropes) {
    rope += 2 * sizeof(float) * static_cast<uint64_t>(shape.max_sequence_tokens * table.dims / 2);
  }
  return lay_out(parameters, limits, nullptr).workspace_bytes + rope +
         backend_scratch_bytes({shape.backend, shape.threads, shape.max_sequence_tokens, tokens});
}

} // namespace trex
