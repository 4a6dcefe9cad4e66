// One-sided Jacobi rotations: the rows of a matrix are turned in pairs until all are orthogonal. The lengths of the
// rows are then the matrix's singular values, the small ones accurate too (Demmel & Veselic 1992), and the rows
// themselves the right singular vectors times them. 60 r^3 operations or so for r rows of r values, in fp64.
#pragma once

#include <cstdint>

namespace trex {

struct Rows {
  double *values = nullptr; // row-major, without gaps
  int64_t count = 0, width = 0;

  double *row(int64_t i) const { return values + i * width; }
};

double inner_product(const double *x, const double *y, int64_t n);

// Every rotation is applied to the same rows of `followers` (none, or as many rows) as well: when F^T M is a product of
// the two, it stays what it was.
void orthogonalise_rows(const Rows &rows, const Rows &followers);

} // namespace trex
