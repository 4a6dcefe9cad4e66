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

struct ThreadPool::State {
  int thread_count = 1;
  std::vector<std::thread> workers;

  // One job at a time. Written before `generation` is raised, read after it was seen raised.
  RangeFunction range_function = nullptr;
  IndexFunction index_function = nullptr;
  const void *task = nullptr;
  int64_t count = 0;
  int64_t granularity = 1;
  bool stopping = false;

  alignas(64) std::atomic<uint32_t> generation{0};
  alignas(64) std::atomic<int32_t> unfinished{0};
  alignas(64) std::atomic<int64_t> next_index{0};

  void run_share(int thread_index) {
    if (range_function != nullptr) {
      const int64_t blocks = (count + granularity - 1) / granularity;
      const int64_t begin = blocks * thread_index / thread_count * granularity;
      const int64_t end = std::min(count, blocks * (thread_index + 1) / thread_count * granularity);
      if (begin < end) range_function(task, begin, end, thread_index);
      return;
    }
    for (int64_t index = next_index.fetch_add(1, std::memory_order_relaxed); index < count;
         index = next_index.fetch_add(1, std::memory_order_relaxed)) {
      index_function(task, index, thread_index);
    }
  }

  void worker(int thread_index) {
    uint32_t seen = 0;
    while (true) {
      seen = wait_while_equal(generation, seen);
      if (stopping) return;
      run_share(thread_index);
      if (unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished.notify_one();
    }
  }

  void run() {
    next_index.store(0, std::memory_order_relaxed);
    unfinished.store(thread_count - 1, std::memory_order_relaxed);
    generation.fetch_add(1, std::memory_order_release);
    generation.notify_all();
    run_share(0);
    for (int32_t left = unfinished.load(std::memory_order_acquire); left != 0;) {
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
  state_->stopping = true;
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
  state_->run();
}

void ThreadPool::run_indices(int64_t count, IndexFunction function, const void *task) {
  if (count <= 0) return;
  if (state_->thread_count == 1 || count == 1) {
    for (int64_t index = 0; index < count; ++index) function(task, index, 0);
    return;
  }
  state_->range_function = nullptr;
  state_->index_function = function;
  state_->task = task;
  state_->count = count;
  state_->run();
}

} // namespace trex
