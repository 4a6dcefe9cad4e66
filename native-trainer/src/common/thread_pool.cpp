#include "common/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

#include "common/platform.h"

namespace trex {
namespace {

// Kernels follow each other within microseconds, so a thread looks this often before it goes to sleep.
constexpr int looks_before_sleep = 2000;

constexpr int64_t most_shares = 0xffffffff; // what fits the ticket; far beyond any real job

void relax() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__) && !defined(_MSC_VER)
  asm volatile("yield");
#endif
}

template <class Value> Value wait_while_equal(const std::atomic<Value> &variable, Value old) {
  for (int look = 0; look < looks_before_sleep; ++look) {
    const Value value = variable.load(std::memory_order_acquire);
    if (value != old) return value;
    relax();
  }
  variable.wait(old, std::memory_order_acquire);
  return variable.load(std::memory_order_acquire);
}

} // namespace

// A job is cut into shares that any thread may claim, so the calling thread does not wait for a worker that the system has
// not woken yet: it does that worker's shares itself. On a busy machine this is the difference between microseconds and
// time slices.
struct ThreadPool::State {
  int thread_count = 1;
  std::vector<std::thread> workers;

  // One job at a time. Written before `ticket` is set and read only by a thread that holds a claimed share, which keeps the
  // job from ending.
  RangeFunction range_function = nullptr;
  IndexFunction index_function = nullptr;
  const void *task = nullptr;
  int64_t count = 0;
  int64_t granularity = 1;
  int64_t shares = 0;

  alignas(64) std::atomic<uint64_t> ticket{0}; // job number in the upper half, unclaimed shares in the lower
  alignas(64) std::atomic<uint32_t> generation{0};
  alignas(64) std::atomic<int64_t> unfinished{0};
  std::atomic<bool> stopping{false};

  void run_share(int64_t share, int thread_index) {
    if (index_function != nullptr) {
      index_function(task, share, thread_index);
      return;
    }
    const int64_t blocks = (count + granularity - 1) / granularity;
    const int64_t begin = blocks * share / shares * granularity;
    const int64_t end = std::min(count, blocks * (share + 1) / shares * granularity);
    if (begin < end) range_function(task, begin, end, thread_index);
  }

  void claim_shares(int thread_index) {
    constexpr uint64_t lower_half = 0xffffffff;
    uint64_t seen = ticket.load(std::memory_order_acquire);
    while ((seen & lower_half) != 0) {
      if (!ticket.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      run_share(shares - static_cast<int64_t>(seen & lower_half), thread_index);
      if (unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished.notify_one();
      seen = ticket.load(std::memory_order_acquire);
    }
  }

  void worker(int thread_index) {
    uint32_t seen = 0;
    while (true) {
      seen = wait_while_equal(generation, seen);
      if (stopping.load(std::memory_order_acquire)) return;
      claim_shares(thread_index);
    }
  }

  void run() {
    unfinished.store(shares, std::memory_order_relaxed);
    const uint64_t job = (ticket.load(std::memory_order_relaxed) >> 32) + 1;
    ticket.store(job << 32 | static_cast<uint64_t>(shares), std::memory_order_release);
    generation.fetch_add(1, std::memory_order_release);
    generation.notify_all();
    claim_shares(0);
    for (int64_t left = unfinished.load(std::memory_order_acquire); left != 0;) {
      left = wait_while_equal(unfinished, left);
    }
  }
};

ThreadPool::ThreadPool(int thread_count) : state_(std::make_unique<State>()) {
  state_->thread_count = std::clamp(thread_count > 0 ? thread_count : platform::physical_processors(), 1, 1024);
  for (int index = 1; index < state_->thread_count; ++index) {
    state_->workers.emplace_back([state = state_.get(), index] { state->worker(index); });
  }
}

ThreadPool::~ThreadPool() {
  state_->stopping.store(true, std::memory_order_release);
  state_->generation.fetch_add(1, std::memory_order_release);
  state_->generation.notify_all();
  for (std::thread &worker : state_->workers) worker.join();
}

int ThreadPool::thread_count() const { return state_->thread_count; }

void ThreadPool::run_ranges(int64_t count, int64_t granularity, RangeFunction function, const void *task) {
  if (count <= 0) return;
  if (state_->thread_count == 1 || count <= granularity) {
    // A single block never pays for waking the others.
    function(task, 0, count, 0);
    return;
  }
  state_->range_function = function;
  state_->index_function = nullptr;
  state_->task = task;
  state_->count = count;
  state_->granularity = granularity;
  state_->shares = state_->thread_count;
  state_->run();
}

void ThreadPool::run_indices(int64_t count, IndexFunction function, const void *task) {
  if (count <= 0) return;
  if (state_->thread_count == 1 || count == 1 || count > most_shares) {
    for (int64_t index = 0; index < count; ++index) function(task, index, 0);
    return;
  }
  state_->range_function = nullptr;
  state_->index_function = function;
  state_->task = task;
  state_->shares = count;
  state_->run();
}

} // namespace trex
