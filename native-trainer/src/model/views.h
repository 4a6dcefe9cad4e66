// Parts of matrices, and matrices read another way. Nothing is copied.
#pragma once

#include "ops/ops.h"

namespace trex {

// rows x columns values side by side, `skipped` values behind the start of m.
inline Matrix packed_within(const Matrix &m, int64_t skipped, int64_t rows, int64_t columns) {
  if (m.data == nullptr) return {nullptr, rows, columns, columns, m.element};
  void *start = static_cast<std::byte *>(m.data) + skipped * element_bytes(m.element);
  return {start, rows, columns, columns, m.element};
}

// The first `columns` columns of every row, packed densely: for scratch that is as wide as the widest layer.
inline Matrix narrowed(const Matrix &m, int64_t columns) { return packed_within(m, 0, m.rows, columns); }

// [T, heads * D] as [T * heads, D]
inline Matrix by_head(const Matrix &m, int64_t head_dim) {
  return packed_within(m, 0, m.rows * m.cols / head_dim, head_dim);
}

// The first `rows` rows.
inline Matrix top(Matrix m, int64_t rows) {
  m.rows = rows;
  return m;
}

// Rows [first, first + rows), which may lie before those of m.
inline Matrix rows_of(Matrix m, int64_t first, int64_t rows) {
  if (m.data != nullptr) m.data = m.at(first, 0);
  m.rows = rows;
  return m;
}

inline Matrix rows_from(const Matrix &m, int64_t first) { return rows_of(m, first, m.rows - first); }

inline Matrix columns_of(Matrix m, int64_t first, int64_t count) {
  if (m.data != nullptr) m.data = m.at(0, first);
  m.cols = count;
  return m;
}

} // namespace trex
