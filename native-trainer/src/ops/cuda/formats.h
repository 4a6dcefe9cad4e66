// Number formats that both host and device code name.
#pragma once

#include <cstdint>

namespace trex {

struct bf16 {
  uint16_t bits;
};

} // namespace trex
