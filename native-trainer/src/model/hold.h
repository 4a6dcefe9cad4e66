// How weights that do not change come from the host into a back end's memory.
#pragma once

#include <cstddef>
#include <functional>
#include <new>

#include "ops/ops.h"

namespace trex {

// Gives `bytes` bytes on the host as the operations read them. Throws std::bad_alloc.
using Hold = std::function<const void *(const void *host, size_t bytes)>;

// For a model that is only looked at, or that the CPU works on.
inline Hold as_on_the_host() {
  return [](const void *host, size_t) { return host; };
}

// `device` must outlive what is held.
inline Hold hold_by(const Ops &ops, Device &device) {
  return [&ops, &device](const void *host, size_t bytes) {
    const void *held = ops.hold(device, host, bytes);
    if (held == nullptr && bytes > 0) throw std::bad_alloc();
    return held;
  };
}

} // namespace trex
