// A fixed set of threads that split index ranges. One pool per job; nothing is allocated per call.
#pragma once

#include <cstdint>
#include <memory>

namespace trex {

class ThreadPool {
public:
  // thread_count includes the calling thread; 0 means all physical cores.
  explicit ThreadPool(int thread_count);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int thread_count() const;

  // Calls task(begin, end, thread_index) so that [0, count) is covered exactly once, in one contiguous range per
  // thread whose length is a multiple of `granularity` (but for the last). The split depends only on count,
  // granularity and thread_count, so sums are reproducible. Returns when all are done. Tasks must not throw and must
  // not call the pool again.
  template <class Task> void split(int64_t count, int64_t granularity, const Task &task) {
    run_ranges(count, granularity, &call_task<Task>, &task);
  }

  // Calls task(index, thread_index) for every index in [0, count); threads take the next free index, so uneven tasks
  // balance. The order is not reproducible: tasks must write to disjoint places.
  template <class Task> void each(int64_t count, const Task &task) {
    run_indices(count, &call_index<Task>, &task);
  }

private:
  using RangeFunction = void (*)(const void *task, int64_t begin, int64_t end, int thread_index);
  using IndexFunction = void (*)(const void *task, int64_t index, int thread_index);

  template <class Task> static void call_task(const void *task, int64_t begin, int64_t end, int thread_index) {
    (*static_cast<const Task *>(task))(begin, end, thread_index);
  }
  template <class Task> static void call_index(const void *task, int64_t index, int thread_index) {
    (*static_cast<const Task *>(task))(index, thread_index);
  }

  void run_ranges(int64_t count, int64_t granularity, RangeFunction function, const void *task);
  void run_indices(int64_t count, IndexFunction function, const void *task);

  struct State;
  std::unique_ptr<State> state_;
};

} // namespace trex
