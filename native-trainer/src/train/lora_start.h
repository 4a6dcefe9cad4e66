// Where the training of a fresh adapter starts.
#pragma once

#include <cstdint>

#include "ops/ops.h"

namespace trex {

// A uniform in +-1/sqrt(in) (Kaiming with a = sqrt 5, as in PEFT), B zero. Random numbers are those of (seed, stream).
void start_kaiming(float *a, float *b, int64_t in, int64_t out, int64_t rank, uint64_t seed, uint64_t stream);

// A normal with standard deviation 1/rank, B zero.
void start_gaussian(float *a, float *b, int64_t in, int64_t out, int64_t rank, uint64_t seed, uint64_t stream);

// PiSSA (Meng, Wang and Zhang, 2024): the pair starts at the base's `rank` principal directions instead of at nothing,
//
//   W ~ U S V^T                          the largest singular values of the dequantised W [out, in]
//   A0 = sqrt(S / s) V^T, B0 = U sqrt(S / s)
//
// so that s B0 A0 is the truncated W. The published method changes W to W - s B0 A0. Here W stays as it is in its file,
// and the difference is trained:
//
//   y = W x + s (B A - B0 A0) x
//
// as one pair of twice the rank whose second half, A0 and -B0, keeps its values. So the adapter is exact against the
// original W whatever the precision of U, S and V, and llama.cpp needs no other file.
//
// U, S and V come from randomised subspace iteration (Halko, Martinsson and Tropp, 2011, algorithm 4.4 and
// section 5.1): 2 * iterations + 2 products of W with rank + 8 vectors through the back end's own linear operation,
// which decodes W a panel at a time, then one-sided Jacobi rotations in fp64. Besides the pair it needs 3 (rank + 8)
// (in + out) values, given back before the activations are allocated. a is [2 rank, in], b [out, 2 rank]. Throws
// std::bad_alloc. rank is at most min(in, out).
void start_principal(const Ops &ops, Device &device, const Weight &w, double scale, float *a, float *b, int64_t rank,
                     uint64_t seed, uint64_t stream);

} // namespace trex
