#include "ptx_emulated.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "copies.h"
#include "fibers.h"
#include "ggml.h"

namespace trex {
namespace {

using emulation::Warp;

template <class T> T read(const std::byte *from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

struct LdmatrixOperand {
  const void *row;
  int matrices;
  bool transposed;
};

// Lane l gives the address of row l % 8 of matrix l / 8. Lane l then holds, of every matrix, elements 2 (l % 4) and
// 2 (l % 4) + 1 of row l / 4; transposed, of column l / 4.
void ldmatrix_warp(Warp &warp) {
  const auto first = read<LdmatrixOperand>(warp.operands[0]);
  uint16_t values[4][8][8];
  for (int m = 0; m < first.matrices; ++m) {
    for (int r = 0; r < 8; ++r) {
      const auto operand = read<LdmatrixOperand>(warp.operands[8 * m + r]);
      if (reinterpret_cast<uintptr_t>(operand.row) % 16 != 0)
        emulation::kernel_fault("ldmatrix needs rows at 16 bytes");
      std::memcpy(values[m][r], operand.row, 16);
    }
  }
  for (int lane = 0; lane < 32; ++lane) {
    for (int m = 0; m < first.matrices; ++m) {
      const int row = lane / 4, column = 2 * (lane % 4);
      const uint32_t low = first.transposed ? values[m][column][row] : values[m][row][column];
      const uint32_t high = first.transposed ? values[m][column + 1][row] : values[m][row][column + 1];
      const uint32_t both = low | (high << 16);
      std::memcpy(warp.results[lane] + 4 * m, &both, 4);
    }
  }
}

// What a lane brings to a product: its fragments of A (16 x K, row-major), B (K x 8, column-major) and C (16 x 8).
template <class C> struct MmaOperand {
  uint32_t a[4], b[2];
  C c[4];
};

// `Values` elements of K to a register; lane l = 4 g + t. a0 and a2 are row g, a1 and a3 row g + 8; a0 and a1 hold the
// elements from Values t on, a2 and a3 those from K / 2 + Values t on; b likewise of column g. c0 and c1 are row g,
// columns 2 t and 2 t + 1; c2 and c3 row g + 8.
template <class C, class Element, int K, class Convert> void mma_warp(Warp &warp, const Convert &convert) {
  constexpr int values = static_cast<int>(4 / sizeof(Element));
  float a[16][K], b[8][K];
  C c[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const auto operand = read<MmaOperand<C>>(warp.operands[lane]);
    const int g = lane / 4, t = lane % 4;
    for (int r = 0; r < 4; ++r) {
      Element parts[values];
      std::memcpy(parts, &operand.a[r], 4);
      for (int v = 0; v < values; ++v) a[g + 8 * (r % 2)][K / 2 * (r / 2) + values * t + v] = convert(parts[v]);
    }
    for (int r = 0; r < 2; ++r) {
      Element parts[values];
      std::memcpy(parts, &operand.b[r], 4);
      for (int v = 0; v < values; ++v) b[g][K / 2 * r + values * t + v] = convert(parts[v]);
    }
    for (int r = 0; r < 4; ++r) c[g + 8 * (r / 2)][2 * t + r % 2] = operand.c[r];
  }
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      C sum = 0;
      for (int k = 0; k < K; ++k) sum += static_cast<C>(a[row][k] * b[column][k]);
      c[row][column] += sum;
    }
  }
  for (int lane = 0; lane < 32; ++lane) {
    const int g = lane / 4, t = lane % 4;
    const C mine[4] = {c[g][2 * t], c[g][2 * t + 1], c[g + 8][2 * t], c[g + 8][2 * t + 1]};
    std::memcpy(warp.results[lane], mine, sizeof mine);
  }
}

float from_bf16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

template <class C> void mma(emulation::Combine combine, C *d, const uint32_t *a, const uint32_t *b) {
  MmaOperand<C> operand;
  std::memcpy(operand.a, a, sizeof operand.a);
  std::memcpy(operand.b, b, sizeof operand.b);
  std::memcpy(operand.c, d, sizeof operand.c);
  emulation::warp_collective(combine, &operand, sizeof operand, d, sizeof operand.c);
}

} // namespace

void emulated_ldmatrix(uint32_t *registers, int matrices, bool transposed, const void *row) {
  const LdmatrixOperand operand{row, matrices, transposed};
  emulation::warp_collective(ldmatrix_warp, &operand, sizeof operand, registers, 4 * static_cast<size_t>(matrices));
}

void emulated_mma_bf16(float *d, const uint32_t *a, const uint32_t *b) {
  mma<float>([](Warp &warp) { mma_warp<float, uint16_t, 16>(warp, from_bf16); }, d, a, b);
}
void emulated_mma_s8(int32_t *d, const uint32_t *a, const uint32_t *b) {
  mma<int32_t>([](Warp &warp) { mma_warp<int32_t, int8_t, 32>(warp, [](int8_t v) { return float(v); }); }, d, a, b);
}
void emulated_mma_e4m3(float *d, const uint32_t *a, const uint32_t *b) {
  mma<float>([](Warp &warp) { mma_warp<float, uint8_t, 32>(warp, emulated_from_e4m3); }, d, a, b);
}

void emulated_cp_async(void *shared, const void *global, unsigned bytes, unsigned valid) {
  if (reinterpret_cast<uintptr_t>(shared) % bytes != 0 ||
      (valid > 0 && reinterpret_cast<uintptr_t>(global) % bytes != 0)) {
    emulation::kernel_fault("cp.async needs both addresses at its own size");
  }
  emulation::current().copies->add(shared, global, bytes, valid);
}
void emulated_cp_async_commit() { emulation::current().copies->commit(); }
void emulated_cp_async_wait(int left) { emulation::current().copies->wait(static_cast<size_t>(left)); }

uint16_t emulated_to_bf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return 0x7FFF;
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

// Sign, four bits of exponent (bias 7), three of mantissa; no infinities, 0x7F is not a number.
float emulated_from_e4m3(uint8_t value) {
  const int exponent = (value >> 3) & 15, mantissa = value & 7;
  if (exponent == 15 && mantissa == 7) return std::nanf("");
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -9)
                                   : std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
  return value & 0x80 ? -size : size;
}

uint8_t emulated_to_e4m3(float value) {
  if (std::isnan(value)) return 0x7F;
  const uint8_t sign = std::signbit(value) ? 0x80 : 0;
  const float size = std::fabs(value);
  if (size >= 448.0f) return static_cast<uint8_t>(sign | 0x7E);
  int exponent = 0;
  std::frexp(size, &exponent);                 // size = f * 2^exponent with f in [0.5, 1)
  const int step = std::max(exponent - 4, -9); // of the last mantissa bit
  const float rounded = std::nearbyint(std::ldexp(size, -step));
  const auto units = static_cast<unsigned>(std::ldexp(rounded, step + 9)); // of 2^-9
  if (units < 8) return static_cast<uint8_t>(sign | units);
  const int top = std::bit_width(units) - 1; // units = 1.mmm * 2^top
  return static_cast<uint8_t>(sign | ((top - 2) << 3) | ((units >> (top - 3)) & 7));
}

float emulated_from_half(uint16_t bits) { return ggml_fp16_to_fp32(bits); }
uint16_t emulated_to_half(float value) { return ggml_fp32_to_fp16(value); }

} // namespace trex
