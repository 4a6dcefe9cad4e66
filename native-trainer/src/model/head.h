// Logits and their loss, for the rows of a chunk of targets only. N rows, C width, V vocabulary.
#pragma once

#include "model/pass.h"

namespace trex {

struct HeadWeights {
  const Norm &norm;
  const Linear &linear;
};

// Logits [N, V] of the rows target_rows[0, N) of work.final_x, before any cap.
Matrix head_forward(const Pass &pass, const HeadWeights &head, const int32_t *target_rows, int64_t rows);

// losses[i] = -ln p(targets[i]); adds the gradient of the sum of weights[i] * losses[i] to the head's own and writes
// that of the rows of the residual stream into work.dx.
void head_backward(const Pass &pass, const HeadWeights &head, const int32_t *target_rows, const int32_t *targets,
                   int64_t rows, const float *weights, double *losses);

} // namespace trex
