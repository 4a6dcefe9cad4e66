// The back end that a command works on. Commands know it by this alone: its operations and its state.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "ops/cpu/cpu_device.h"
#include "ops/ops.h"

namespace trex {

enum class BackendKind : uint8_t { cpu, cuda };

// What a back end must have room for, known before it is opened.
struct BackendNeeds {
  BackendKind kind = BackendKind::cpu;
  int threads = 0;                   // 0: all physical cores
  int64_t longest = 1;               // tokens of the longest document
  int64_t tokens = most_packed_rows; // of one pass
};

struct Backend {
  BackendKind kind = BackendKind::cpu;
  std::string name; // for people
  const Ops *ops = nullptr;
  std::unique_ptr<Device> device; // must outlive all that was allocated of it
};

Backend open_cpu_backend(int threads, int64_t longest, int64_t tokens = most_packed_rows);

// Throws std::bad_alloc, and Failure CONFIG "device.unsupported" for a kind that this build does not have.
Backend open_backend(const BackendNeeds &needs);
using OpenBackend = std::function<Backend(const BackendNeeds &)>;

// What the activations are stored as on this kind.
Element activations_of(BackendKind kind);

// Bytes that opening takes, for the plan. Throws like open_backend for a kind that this build does not have.
uint64_t backend_scratch_bytes(const BackendNeeds &needs);

} // namespace trex
