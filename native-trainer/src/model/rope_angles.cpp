#include "model/rope_angles.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace trex {
namespace {

// YaRN leaves dimensions that turn more than beta_fast times over the original context as they are, scales those that
// turn less than beta_slow times, and mixes in between: a ramp over the index of a dimension pair.
struct Ramp {
  float low = 0.0f, high = 0.0f;

  explicit Ramp(const RopeParameters &rope) {
    const auto dims = static_cast<float>(rope.dims);
    low = std::max(0.0f, std::floor(pair_with_turns(rope, rope.beta_fast)));
    high = std::min(dims - 1.0f, std::ceil(pair_with_turns(rope, rope.beta_slow)));
  }

  // The index of the pair that makes this many turns.
  static float pair_with_turns(const RopeParameters &rope, double turns) {
    const auto context = static_cast<float>(rope.original_context);
    const float length = static_cast<float>(turns) * 2.0f * std::numbers::pi_v<float>;
    return static_cast<float>(rope.dims) * std::log(context / length) /
           (2.0f * std::log(static_cast<float>(rope.base)));
  }

  // How much of the unscaled angle pair i keeps.
  float kept(size_t i) const {
    const float along = (static_cast<float>(i) - low) / std::max(0.001f, high - low);
    return 1.0f - std::min(1.0f, std::max(0.0f, along));
  }
};

} // namespace

void rope_angles(const RopeParameters &rope, int64_t positions, std::vector<float> &cosine, std::vector<float> &sine) {
  const auto pairs = static_cast<size_t>(rope.dims / 2);
  const float step = std::pow(static_cast<float>(rope.base), -2.0f / static_cast<float>(rope.dims));
  const auto scale = static_cast<float>(rope.position_scale), extrapolation = static_cast<float>(rope.extrapolation);
  const bool is_long = !rope.long_factors.empty() && positions > rope.original_context;
  const std::vector<float> &factors = is_long ? rope.long_factors : rope.factors;
  const Ramp ramp(rope);
  auto magnitude = static_cast<float>(rope.magnitude);
  if (extrapolation != 0.0f) magnitude *= 1.0f + 0.1f * std::log(1.0f / scale);
  cosine.resize(static_cast<size_t>(positions) * pairs);
  sine.resize(cosine.size());
  for (int64_t position = 0; position < positions; ++position) {
    auto angle = static_cast<float>(position);
    for (size_t i = 0; i < pairs; ++i) {
      const float unscaled = angle / (factors.empty() ? 1.0f : factors[i]);
      float turned = scale * unscaled;
      if (extrapolation != 0.0f) {
        const float kept = ramp.kept(i) * extrapolation;
        turned = turned * (1.0f - kept) + unscaled * kept;
      }
      const size_t at = static_cast<size_t>(position) * pairs + i;
      cosine[at] = std::cos(turned) * magnitude;
      sine[at] = std::sin(turned) * magnitude;
      angle *= step;
    }
  }
}

} // namespace trex
