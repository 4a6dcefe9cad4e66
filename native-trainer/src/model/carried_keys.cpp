#include "model/carried_keys.h"

#include "model/pass.h"

namespace trex {

void CarriedKeys::clear() {
  before.clear();
  kept.clear();
  kept_from = 0;
}

Matrix with_carried(const Matrix &m, int64_t carried) {
  return rows_of(m, -carried, carried + m.rows);
}

void carry_in(const LayerPass &layer) {
  const Pass &pass = layer.pass;
  const auto rows = static_cast<int64_t>(pass.carry.before.size());
  if (rows == 0 || !layer.shape.has_own_keys()) return;
  const int32_t *from = pass.work.carried_before;
  pass.ops.gather_rows(pass.device, top(with_carried(layer.a.k, rows), rows), from, layer.a.kept_k);
  pass.ops.gather_rows(pass.device, top(with_carried(layer.a.v, rows), rows), from, layer.a.kept_v);
}

void carry_out(const LayerPass &layer) {
  const Pass &pass = layer.pass;
  const auto rows = static_cast<int64_t>(pass.carry.kept.size());
  if (rows == 0 || !layer.shape.has_own_keys()) return;
  const auto kept = [&](const Matrix &m) { return top(with_carried(m, -pass.carry.kept_from), rows); };
  pass.ops.gather_rows(pass.device, kept(layer.a.kept_k), pass.work.carried_kept, layer.a.k);
  pass.ops.gather_rows(pass.device, kept(layer.a.kept_v), pass.work.carried_kept, layer.a.v);
}

} // namespace trex
