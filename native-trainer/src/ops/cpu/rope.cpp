// Rotary position embedding (Su et al., 2021) from a table of cosines and sines. A rotation's transpose is the rotation
// by the opposite angle, so the backward pass is the same loop with direction -1.
#include "ops/cpu/cpu_ops.h"

namespace trex::cpu {

void rope(Device &any, Matrix x, const int32_t *positions, const RopeTable &table, float direction) {
  CpuDevice &device = cpu(any);
  const int64_t half = table.rotary_dims / 2;
  const auto rotate = table.neox ? device.kernels->rotate_halves : device.kernels->rotate_pairs;
  device.pool.split(x.rows, rows_per_share(x.cols), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) {
      const int64_t at = positions[t] * half;
      for (int64_t column = 0; column < x.cols; column += table.head_dim) {
        rotate(x.f32() + t * x.stride + column, table.cosine + at, table.sine + at, direction, half);
      }
    }
  });
}

} // namespace trex::cpu
