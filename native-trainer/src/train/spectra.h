// How much of its rank each tensor of an adapter uses: the singular values of what the adapter adds to the weights.
//
//   M = scale B A        B [out, r], A [r, in], fp32; M [out, in] is never formed
//   B = Q_B R_B          Householder QR, 64 rows at a time; R_B [r, r]
//   A^T = Q_A R_A        R_A [r, r]
//   M = Q_B (scale R_B R_A^T) Q_A^T, so M and the small matrix share their singular values s_1 >= ... >= s_r; one-sided
//                        Jacobi rotations find them, small ones accurately too (Demmel & Veselic 1992)
//   effective rank = exp(-sum_i p_i ln p_i),  p_i = s_i^2 / sum_j s_j^2
//
// Between 1 (one direction) and r (r directions of equal weight); 0 for M = 0. Roy & Vetterli ("The effective rank: a
// measure of effective dimensionality", EUSIPCO 2007) define it with p_i = s_i / sum_j s_j. The squares are used here:
// p_i is then the share of ||M||_F^2 that a truncated SVD keeps in direction i, and many small values, which is what an
// unused rank looks like after training with noise, do not add up to a large one.
//
// Everything is fp64: about 2 r^2 (in + out) operations for the two R and 60 r^3 for the rotations, once, when training
// is done (A and B alone cost a training step 6 r (in + out) per token). Memory: at most 3 r^2 + 64 r values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "ops/ops.h"
#include "train/lora_parameters.h"

namespace trex {

// All `pair.rank` of them, largest first. Those below 1e-13 |scale| ||B||_F ||A||_F are rounding and become 0. Not a
// number when a value of the pair is not finite.
std::vector<double> singular_values(const LoraPair &pair, int64_t in, int64_t out);

double effective_rank(std::span<const double> singular_values);

struct TensorSpectrum {
  std::string tensor; // "blk.0.attn_q", without ".weight"
  double effective_rank = 0.0;
  std::vector<double> singular_values; // as many as the rank, largest first
};

// Brings the set's values to the host. One per target, in their order; of experts, which share a rank, the root mean square over them of each singular value. A target with a value that is not finite is left out.
std::vector<TensorSpectrum> adapter_spectra(ParameterSet &set, const std::vector<LoraTarget> &targets);

// [{tensor, rank, effectiveRank, singularValues}], numbers with six significant digits.
nlohmann::json to_json(const std::vector<TensorSpectrum> &spectra);

} // namespace trex
