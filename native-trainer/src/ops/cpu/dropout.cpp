// LoRA dropout: y (= or +=) x * mask / (1 - rate). Whether element (token, column) is kept depends only on the key and
// on where the element is, so forward and backward agree without storing a mask.
#include <cmath>

#include "ops/cpu/cpu_ops.h"
#include "ops/random.h"

namespace trex::cpu {

void apply_dropout(CpuDevice &device, Matrix y, Matrix x, const DropoutKey &key, bool add) {
  const auto threshold = static_cast<uint64_t>(std::ldexp(static_cast<double>(key.rate), 32));
  const float factor = 1.0f / (1.0f - key.rate);
  device.pool.split(x.rows, rows_per_share(4 * x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      const auto row = static_cast<uint64_t>(key.first_token + (key.tokens == nullptr ? t : key.tokens[t])) *
                       static_cast<uint64_t>(x.cols);
      const float *from = x.f32() + t * x.stride;
      float *to = y.f32() + t * y.stride;
      for (int64_t c = 0; c < x.cols; ++c) {
        const uint64_t bits = random_bits(key.seed, key.stream, row + static_cast<uint64_t>(c)) >> 32;
        const float value = bits < threshold ? 0.0f : from[c] * factor;
        to[c] = add ? to[c] + value : value;
      }
    }
  });
}

} // namespace trex::cpu
