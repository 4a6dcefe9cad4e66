// AdamW whose two moments are kept in eight bits (Dettmers et al., "8-bit Optimizers via Block-wise Quantization",
// 2022).
//
// A block of 256 values shares one fp32 number, its largest size; a value is its code's entry in a map times that
// number. The maps are the paper's dynamic quantisation: behind the sign come z zero bits, which choose the decade
// [0.1, 1] * 10^-z, then a one, then f bits that choose the middle of one of the decade's 2^f equal parts.
//
//   first moment   sign, z = 0..6, f = 6 - z:     127 values of either sign, 0 and 1
//   second moment  no sign, z = 0..6, f = 7 - z:  254 values, 0 and 1
//
// A block is decoded, stepped by the fp32 kernel and encoded again: per value 2 bytes of states read and written
// instead of 8, and 16 comparisons to find the two nearest codes. Threads own whole blocks, so neither their number nor
// their order changes a bit.
//
// One thing is not the paper's: a second moment above zero is never rounded to zero, but up to the smallest code. The
// next step would divide by next to nothing otherwise.
#include <algorithm>
#include <array>
#include <cmath>

#include "ops/cpu/cpu_ops.h"

namespace trex::cpu {
namespace {

struct CodeMap {
  std::array<float, 256> values;     // increasing
  std::array<float, 255> thresholds; // halfway between neighbours

  // The nearest value's code: the number of thresholds below x.
  uint8_t nearest(float x) const {
    size_t code = 0;
    for (size_t step = 128; step > 0; step /= 2) code += thresholds[code + step - 1] < x ? step : 0;
    return static_cast<uint8_t>(code);
  }
};

CodeMap make_map(bool is_signed) {
  CodeMap map{};
  size_t count = 0;
  for (int zeros = 0; zeros <= 6; ++zeros) {
    const int parts = 1 << ((is_signed ? 6 : 7) - zeros);
    for (int part = 0; part < parts; ++part) {
      const double middle = 0.1 + 0.9 * (part + 0.5) / parts;
      const auto value = static_cast<float>(middle * std::pow(10.0, -zeros));
      map.values[count++] = value;
      if (is_signed) map.values[count++] = -value;
    }
  }
  map.values[count++] = 0.0f;
  map.values[count++] = 1.0f;
  std::sort(map.values.begin(), map.values.end());
  for (size_t i = 0; i < map.thresholds.size(); ++i) {
    map.thresholds[i] = 0.5f * (map.values[i] + map.values[i + 1]);
  }
  return map;
}

void decode(float *to, const CodeMap &map, const uint8_t *codes, float largest, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = map.values[codes[i]] * largest;
}

// Returns the block's largest size. Codes of a block of zeros are the code of 0, whatever they are multiplied by.
float encode(uint8_t *codes, const CodeMap &map, const float *from, int64_t count, uint8_t smallest_above_zero) {
  float largest = 0.0f;
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(from[i]));
  const float factor = largest > 0.0f ? largest : 1.0f;
  for (int64_t i = 0; i < count; ++i) {
    codes[i] = map.nearest(from[i] / factor);
    if (from[i] > 0.0f) codes[i] = std::max(codes[i], smallest_above_zero);
  }
  return largest;
}

} // namespace

void adamw8(Device &any, float *values, const CodedMoment &first, const CodedMoment &second, const float *gradient,
            int64_t count, const AdamW &options) {
  static const CodeMap signed_map = make_map(true), unsigned_map = make_map(false);
  CpuDevice &device = cpu(any);
  const AdamWFactors factors = adamw_factors(options);
  const int64_t blocks = coded_blocks(count);
  device.pool.split(blocks, values_per_share / (8 * coded_block), [&](int64_t begin, int64_t end, int) {
    std::array<float, coded_block> m, v;
    for (int64_t block = begin; block < end; ++block) {
      const int64_t at = block * coded_block, n = std::min(coded_block, count - at);
      decode(m.data(), signed_map, first.codes + at, first.largest[block], n);
      decode(v.data(), unsigned_map, second.codes + at, second.largest[block], n);
      device.kernels->adamw(values + at, m.data(), v.data(), gradient + at, n, options.grad_scale, options.beta1,
                            options.beta2, factors.step_size, options.epsilon, factors.root_correction, factors.decay);
      first.largest[block] = encode(first.codes + at, signed_map, m.data(), n, 0);
      second.largest[block] = encode(second.codes + at, unsigned_map, v.data(), n, 1);
    }
  });
}

} // namespace trex::cpu
