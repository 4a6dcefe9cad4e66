#include "train/row_rotations.h"

#include <cmath>
#include <limits>
#include <numeric>

namespace trex {
namespace {

struct Rotation {
  double cosine = 1.0, sine = 0.0;
};

void turn(const Rotation &rotation, double *p, double *q, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const double old = p[i];
    p[i] = rotation.cosine * old - rotation.sine * q[i];
    q[i] = rotation.sine * old + rotation.cosine * q[i];
  }
}

// Finds the turn of rows p and q in their plane that makes them orthogonal; false when they already are.
bool find_rotation(Rotation &rotation, const double *p, const double *q, int64_t n) {
  const double p_square = inner_product(p, p, n), q_square = inner_product(q, q, n), cross = inner_product(p, q, n);
  const double tolerance = std::numeric_limits<double>::epsilon() * static_cast<double>(n);
  if (!(std::abs(cross) > tolerance * std::sqrt(p_square) * std::sqrt(q_square))) return false;
  const double zeta = (q_square - p_square) / (2.0 * cross);
  const double tangent = std::copysign(1.0, zeta) / (std::abs(zeta) + std::sqrt(1.0 + zeta * zeta));
  rotation.cosine = 1.0 / std::sqrt(1.0 + tangent * tangent);
  rotation.sine = rotation.cosine * tangent;
  return true;
}

} // namespace

double inner_product(const double *x, const double *y, int64_t n) { return std::transform_reduce(x, x + n, y, 0.0); }

void orthogonalise_rows(const Rows &rows, const Rows &followers) {
  // Convergence is quadratic and takes about ten sweeps; the bound is there so that nothing can go on for ever.
  constexpr int most_sweeps = 40;
  bool turned = true;
  for (int sweep = 0; turned && sweep < most_sweeps; ++sweep) {
    turned = false;
    for (int64_t p = 0; p < rows.count; ++p) {
      for (int64_t q = p + 1; q < rows.count; ++q) {
        Rotation rotation;
        if (!find_rotation(rotation, rows.row(p), rows.row(q), rows.width)) continue;
        turned = true;
        turn(rotation, rows.row(p), rows.row(q), rows.width);
        if (followers.values != nullptr) turn(rotation, followers.row(p), followers.row(q), followers.width);
      }
    }
  }
}

} // namespace trex
