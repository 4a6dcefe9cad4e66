// What the tests of the operations share: every instruction set, several numbers of threads, dense and strided
// matrices.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "ops/cpu/cpu_device.h"
#include "support/check.h"
#include "support/numbers.h"

namespace trex::test {

inline Matrix matrix(std::vector<float> &values, int64_t columns) {
  return {values.data(), static_cast<int64_t>(values.size()) / columns, columns, columns};
}

// `columns` columns of a wider matrix, from column `first` on.
inline Matrix part(std::vector<float> &values, int64_t stride, int64_t first, int64_t columns) {
  return {values.data() + first, static_cast<int64_t>(values.size()) / stride, columns, stride};
}

inline std::vector<double> widened(const std::vector<float> &values) { return {values.begin(), values.end()}; }

inline bool same_bits(const std::vector<float> &x, const std::vector<float> &y) {
  return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
}

template <class Body> void on_every_isa(const Body &body, int64_t longest = 200) {
  for (const Isa isa : available_isas()) {
    CpuDevice device(2, longest, isa);
    body(device, std::string(isa_name(isa)));
  }
}

// `run(device)` gives the same bits, whatever the number of threads, on every instruction set.
template <class Run> void check_threads(const std::string &label, const Run &run, int64_t longest = 200) {
  for (const Isa isa : available_isas()) {
    CpuDevice one(1, longest, isa);
    const std::vector<float> expected = run(one);
    for (const int threads : {2, 3, 7}) {
      CpuDevice device(threads, longest, isa);
      CHECK_CASE(same_bits(expected, run(device)),
                 label + ", " + std::to_string(threads) + " threads, " + isa_name(isa));
    }
  }
}

} // namespace trex::test
