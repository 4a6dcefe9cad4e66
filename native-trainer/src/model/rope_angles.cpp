#include "model/rope_angles.h"

#include <cmath>

namespace trex {

void rope_angles(const HyperParameters &parameters, int64_t positions, std::vector<float> &cosine,
                 std::vector<float> &sine) {
  const auto half = static_cast<size_t>(parameters.head_dim / 2);
  const float step =
      std::pow(static_cast<float>(parameters.rope_base), -2.0f / static_cast<float>(parameters.head_dim));
  const auto position_scale = static_cast<float>(parameters.rope_position_scale);
  cosine.resize(static_cast<size_t>(positions) * half);
  sine.resize(cosine.size());
  for (int64_t position = 0; position < positions; ++position) {
    float angle = static_cast<float>(position);
    for (size_t i = 0; i < half; ++i) {
      const float divisor = parameters.rope_factors.empty() ? 1.0f : parameters.rope_factors[i];
      const float scaled = position_scale * (angle / divisor);
      const size_t at = static_cast<size_t>(position) * half + i;
      cosine[at] = std::cos(scaled);
      sine[at] = std::sin(scaled);
      angle *= step;
    }
  }
}

} // namespace trex
