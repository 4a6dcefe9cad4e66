// The instructions of ops/cuda/ptx.cuh on the host. Which lane holds which element of a fragment follows the PTX
// ISA 9.0, sections 9.7.14 (warp-level matrix instructions: m16n8k16 .bf16, m16n8k32 .s8 and .e4m3; ldmatrix)
// and 9.7.9.25 (cp.async). A product's sum is taken in fp32 in the order of k, which hardware does not promise: results
// are compared with a tolerance.
#pragma once

#include <cstdint>

namespace trex {

void emulated_ldmatrix(uint32_t *registers, int matrices, bool transposed, const void *row);
void emulated_mma_bf16(float *d, const uint32_t *a, const uint32_t *b);
void emulated_mma_s8(int32_t *d, const uint32_t *a, const uint32_t *b);
void emulated_mma_e4m3(float *d, const uint32_t *a, const uint32_t *b);
void emulated_cp_async(void *shared, const void *global, unsigned bytes, unsigned valid);
void emulated_cp_async_commit();
void emulated_cp_async_wait(int left);

uint16_t emulated_to_bf16(float value); // nearest, ties to even
uint8_t emulated_to_e4m3(float value);  // nearest, ties to even; beyond 448 it is 448
float emulated_from_e4m3(uint8_t value);
float emulated_from_half(uint16_t bits);
uint16_t emulated_to_half(float value);

} // namespace trex
