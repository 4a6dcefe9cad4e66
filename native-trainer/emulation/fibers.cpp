#include "fibers.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "copies.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define TREX_FIBER_ASAN 1
#else
#define TREX_FIBER_ASAN 0
#endif

namespace trex::emulation {
namespace {

constexpr size_t stack_bytes = 128 * 1024;

// ---- Switching -----------------------------------------------------------------------------------------------------
// swapcontext asks the kernel for the signal mask every time, which costs more than the kernels that run here; on
// x86-64 the registers that the calling convention keeps are all there is to save.

#if defined(__x86_64__)
struct Context {
  void *stack_pointer = nullptr;
};
extern "C" void trex_switch_context(void **from, void *to);
asm(R"(
.text
.globl trex_switch_context
.type trex_switch_context, @function
trex_switch_context:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size trex_switch_context, .-trex_switch_context
)");
void switch_context(Context &from, Context &to) { trex_switch_context(&from.stack_pointer, to.stack_pointer); }
void make_context(Context &context, std::byte *stack, size_t bytes, void (*entry)()) {
  auto *top = reinterpret_cast<void **>(stack + bytes);
  *--top = nullptr;                             // keeps the entry's stack aligned as after a call
  *--top = reinterpret_cast<void *>(entry);     // where the first switch returns to
  for (int i = 0; i < 6; ++i) *--top = nullptr; // registers
  context.stack_pointer = top;
}
#else
struct Context {
  ucontext_t value;
};
void switch_context(Context &from, Context &to) { swapcontext(&from.value, &to.value); }
void make_context(Context &context, std::byte *stack, size_t bytes, void (*entry)()) {
  getcontext(&context.value);
  context.value.uc_stack.ss_sp = stack;
  context.value.uc_stack.ss_size = bytes;
  context.value.uc_link = nullptr;
  makecontext(&context.value, entry, 0);
}
#endif

// ---- A block's fibres ----------------------------------------------------------------------------------------------

struct Fiber {
  Thread thread;
  Context context;
  std::byte *stack = nullptr;
  const unsigned *waits_for = nullptr; // runs on when this is no longer `seen`
  unsigned seen = 0;
  bool ended = false;
  CopyGroups copies;
};

struct Machine {
  Context scheduler;
  Fiber *running = nullptr;
  const std::function<void()> *body = nullptr;
  std::vector<std::byte *> stacks;
  uint64_t seed = 0, blocks_run = 0;
  std::byte *shared_pages = nullptr;
  size_t shared_capacity = 0;
};

thread_local Machine machine;

[[maybe_unused]] void to_fiber(Fiber &fiber) {
  machine.running = &fiber;
#if TREX_FIBER_ASAN
  void *fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, fiber.stack, stack_bytes);
#endif
  switch_context(machine.scheduler, fiber.context);
#if TREX_FIBER_ASAN
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

void to_scheduler(Fiber &fiber) {
#if TREX_FIBER_ASAN
  static thread_local const void *bottom = nullptr;
  static thread_local size_t size = 0;
  void *fake = nullptr;
  (void)bottom, (void)size;
  pthread_attr_t attributes;
  pthread_getattr_np(pthread_self(), &attributes);
  void *base = nullptr;
  size_t bytes = 0;
  pthread_attr_getstack(&attributes, &base, &bytes);
  pthread_attr_destroy(&attributes);
  __sanitizer_start_switch_fiber(fiber.ended ? nullptr : &fake, base, bytes);
#endif
  switch_context(fiber.context, machine.scheduler);
#if TREX_FIBER_ASAN
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

void wait_for(const unsigned &generation, unsigned seen) {
  Fiber &fiber = *machine.running;
  fiber.waits_for = &generation;
  fiber.seen = seen;
  while (generation == seen) to_scheduler(fiber);
  fiber.waits_for = nullptr;
}

void release_block(Block &block) {
  block.arrived = 0;
  ++block.generation;
}

void fiber_main() {
#if TREX_FIBER_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
  Fiber &fiber = *machine.running;
  (*machine.body)();
  fiber.ended = true;
  --fiber.thread.warp->live;
  if (fiber.thread.warp->arrived > 0 && fiber.thread.warp->arrived == fiber.thread.warp->live) {
    kernel_fault("a lane ended while the others of its warp wait for it");
  }
  Block &block = *fiber.thread.block;
  if (--block.live > 0 && block.arrived == block.live) release_block(block);
  to_scheduler(fiber);
  std::abort();
}

// Dynamic shared memory that ends at a page nobody may touch.
std::byte *shared_memory(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t rounded = (bytes + page - 1) / page * page;
  if (rounded > machine.shared_capacity) {
    if (machine.shared_pages != nullptr) munmap(machine.shared_pages, machine.shared_capacity + page);
    void *pages = mmap(nullptr, rounded + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) kernel_fault("no memory for a block's shared memory");
    machine.shared_pages = static_cast<std::byte *>(pages);
    machine.shared_capacity = rounded;
    mprotect(machine.shared_pages + rounded, page, PROT_NONE);
  }
  return machine.shared_pages + machine.shared_capacity - (bytes + 15) / 16 * 16;
}

uint3 index_in(dim3 size, size_t linear) {
  const auto x = static_cast<unsigned>(linear % size.x), rest = static_cast<unsigned>(linear / size.x);
  return {x, rest % size.y, rest / size.y};
}

void run_block(Block &block, std::vector<Fiber> &fibers, std::vector<Warp> &warps) {
  const size_t count = fibers.size();
  std::memset(block.shared, 0xFF, block.shared_bytes); // not a number, in every float format
  block.live = static_cast<int>(count);
  block.arrived = 0;
  for (Warp &warp : warps) warp.live = warp.arrived = 0;
  for (size_t i = 0; i < count; ++i) {
    Fiber &fiber = fibers[i];
    Warp &warp = warps[i / warp_lanes];
    ++warp.live;
    fiber.copies.clear();
    fiber.thread = {index_in(block.size, i), static_cast<int>(i % warp_lanes), &warp, &block, &fiber.copies};
    fiber.stack = machine.stacks[i];
    fiber.ended = false;
    fiber.waits_for = nullptr;
    make_context(fiber.context, fiber.stack, stack_bytes, fiber_main);
  }
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::minstd_rand random(static_cast<unsigned>(machine.seed * 2654435761U + machine.blocks_run++ + 1));
  for (size_t left = count; left > 0;) {
    if (machine.seed != 0) std::shuffle(order.begin(), order.end(), random);
    bool moved = false;
    for (const size_t i : order) {
      Fiber &fiber = fibers[i];
      if (fiber.ended || (fiber.waits_for != nullptr && *fiber.waits_for == fiber.seen)) continue;
      to_fiber(fiber);
      moved = true;
      if (!fiber.ended) continue;
      if (!fiber.copies.empty()) kernel_fault("a thread ended before it waited for its cp.async copies");
      --left;
    }
    if (!moved) kernel_fault("every thread of a block waits for another: a barrier was not reached by all");
  }
}

} // namespace

Thread &current() { return machine.running->thread; }

void kernel_fault(const char *what) {
  if (machine.running != nullptr) {
    const Thread &t = machine.running->thread;
    std::fprintf(stderr, "kernel fault: %s (block %u %u %u, thread %u %u %u)\n", what, t.block->index.x,
                 t.block->index.y, t.block->index.z, t.index.x, t.index.y, t.index.z);
  } else {
    std::fprintf(stderr, "kernel fault: %s\n", what);
  }
  std::abort();
}

void block_barrier() {
  Block &block = *current().block;
  const unsigned seen = block.generation;
  if (++block.arrived == block.live) return release_block(block);
  wait_for(block.generation, seen);
}

void warp_collective(Combine combine, const void *operand, size_t bytes, void *result, size_t result_bytes) {
  const Thread &thread = current();
  Warp &warp = *thread.warp;
  const auto *kind = reinterpret_cast<const void *>(combine);
  if (warp.arrived == 0) warp.kind = kind;
  if (warp.kind != kind) kernel_fault("lanes of one warp met in different collectives");
  if (bytes > 0) std::memcpy(warp.operands[thread.lane], operand, bytes);
  const unsigned seen = warp.generation;
  if (++warp.arrived == warp.live) {
    combine(warp);
    warp.arrived = 0;
    ++warp.generation;
  } else {
    wait_for(warp.generation, seen);
  }
  if (result_bytes > 0) std::memcpy(result, warp.results[thread.lane], result_bytes);
}

void run_grid(dim3 grid, dim3 size, size_t shared_bytes, const std::function<void()> &body) {
  const size_t count = size_t{size.x} * size.y * size.z;
  if (count == 0 || count > 1024) kernel_fault("a block must have 1 to 1024 threads");
  if (size_t{grid.x} * grid.y * grid.z == 0 || grid.y > 65535 || grid.z > 65535 || grid.x > 2147483647U) {
    kernel_fault("a grid has no blocks or too many");
  }
  if (machine.running != nullptr) kernel_fault("a kernel may not start another");
  while (machine.stacks.size() < count) machine.stacks.push_back(static_cast<std::byte *>(std::malloc(stack_bytes)));
  std::vector<Fiber> fibers(count);
  std::vector<Warp> warps((count + warp_lanes - 1) / warp_lanes);
  machine.body = &body;
  Block block;
  block.size = size;
  block.grid = grid;
  block.shared_bytes = shared_bytes;
  block.shared = shared_memory(shared_bytes);
  const size_t blocks = size_t{grid.x} * grid.y * grid.z;
  for (size_t i = 0; i < blocks; ++i) {
    block.index = index_in(grid, machine.seed % 2 == 1 ? blocks - 1 - i : i);
    run_block(block, fibers, warps);
  }
  machine.running = nullptr;
  machine.body = nullptr;
}

void set_schedule(uint64_t seed) {
  machine.seed = seed;
  machine.blocks_run = 0;
}

} // namespace trex::emulation
