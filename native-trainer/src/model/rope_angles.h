// cos and sin of every position's rotation angles.
#pragma once

#include <vector>

#include "gguf/hyper_parameters.h"

namespace trex {

// [positions][dims / 2] each, for documents of at most `positions` tokens. Su et al. (RoFormer, 2021), linear scaling,
// per-dimension factors and YaRN (Peng et al., 2023). The angles are computed in single precision, step by step, as
// llama.cpp does when it serves the model: at position 1000 a more exact angle would differ from the served one by about
// 1e-4.
void rope_angles(const RopeParameters &rope, int64_t positions, std::vector<float> &cosine, std::vector<float> &sine);

} // namespace trex
