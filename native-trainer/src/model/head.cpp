#include "model/head.h"

namespace trex {

Matrix head_forward(const Pass &pass, const HeadWeights &head, const int32_t *target_rows, int64_t rows) {
  const Workspace &w = pass.work;
  const Matrix x = top(w.head_x, rows), normed = top(w.head_normed, rows), logits = top(w.logits, rows);
  pass.ops.gather_rows(pass.device, x, target_rows, w.final_x);
  norm_forward(pass, normed, w.head_rstd, x, head.norm);
  pass.ops.linear_forward(pass.device, logits, normed, head.linear.weight, nullptr, nullptr, {}, {}, {}, {});
  return logits;
}

void head_backward(const Pass &pass, const HeadWeights &head, const int32_t *target_rows, const int32_t *targets,
                   int64_t rows, const float *weights, double *losses) {
  const Workspace &w = pass.work;
  const Matrix logits = head_forward(pass, head, target_rows, rows);
  const Element element = w.dx.element; // the gradient's rows begin where those of the logits do
  const Matrix dlogits{logits.data, rows, logits.cols, logits.stride * element_bytes(logits.element) / element_bytes(element),
                       element};
  pass.ops.cross_entropy(pass.device, losses, dlogits, logits, targets, weights,
                         static_cast<float>(pass.parameters.logit_softcap));
  const Matrix d = top(w.head_dx, rows);
  pass.ops.linear_backward(pass.device, d, false, dlogits, top(w.head_normed, rows), head.linear.weight,
                           head.linear.dweight, nullptr, nullptr, {}, {}, {}, {});
  norm_backward(pass, d, false, d, top(w.head_x, rows), head.norm, w.head_rstd);
  pass.ops.scatter_rows(pass.device, w.dx, target_rows, d);
}

} // namespace trex
