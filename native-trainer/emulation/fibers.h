// Runs the threads of a CUDA block on one processor thread, each as a fibre with a stack of its own, so that the
// kernels of ops/cuda run and are tested where there is no graphics card.
//
// A fibre runs until it waits: for its block at a barrier, or for its warp in a collective (shuffle, ldmatrix, mma).
// The order in which fibres that may run are taken is drawn from a seed for every block, so that a missing barrier
// shows as a result that depends on the seed. A block all of whose fibres wait is a deadlock and ends the program with
// a sentence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

namespace trex::emulation {

inline constexpr int warp_lanes = 32;
inline constexpr size_t most_operand_bytes = 96; // that a lane brings to a collective

struct Warp {
  int live = 0, arrived = 0;
  unsigned generation = 0;
  const void *kind = nullptr; // of the collective that is gathering
  alignas(16) std::byte operands[warp_lanes][most_operand_bytes];
  alignas(16) std::byte results[warp_lanes][most_operand_bytes];
};

struct Block {
  dim3 size, grid;
  uint3 index;
  std::byte *shared = nullptr; // dynamic shared memory, ends where reading on would fault
  size_t shared_bytes = 0;
  int live = 0, arrived = 0;
  unsigned generation = 0;
};

struct CopyGroups; // cp.async of one thread

struct Thread {
  uint3 index;
  int lane;
  Warp *warp;
  Block *block;
  CopyGroups *copies;
};

Thread &current();

// Waits until every thread of the block that has not ended has come.
void block_barrier();

// Every live lane of the warp brings `bytes` of operands; when all have come, `combine` is called once with the warp,
// whose operands it turns into results; then each goes on with its own result. `kind` must be the same address for all:
// lanes that meet in different collectives have diverged, which ends the program.
using Combine = void (*)(Warp &warp);
void warp_collective(Combine combine, const void *operand, size_t bytes, void *result, size_t result_bytes);

// Stops with a sentence about what a kernel did wrong.
[[noreturn]] void kernel_fault(const char *what);

// All blocks of a grid, one after another.
void run_grid(dim3 grid, dim3 block, size_t shared_bytes, const std::function<void()> &body);

// The order of fibres and blocks from now on; 0 is the plain order.
void set_schedule(uint64_t seed);

} // namespace trex::emulation
