// Times work on the device's stream with events, which count what the card does and not how long the host takes to ask.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "ops/cuda/cuda_device.h"

namespace trex::bench {

inline void must(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(error));
}

class Event {
public:
  Event() { must(cudaEventCreate(&event_)); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event &) = delete;
  Event &operator=(const Event &) = delete;
  cudaEvent_t get() const { return event_; }

private:
  cudaEvent_t event_ = nullptr;
};

// Seconds of one run of `work`: the median of `runs` after one to warm up. Before each run `flush` bytes are
// overwritten, so that nothing is found in the card's cache that a training step would not find there.
template <class Work>
double median_seconds(CudaDevice &device, int runs, void *flush, size_t flush_bytes, const Work &work) {
  work();
  std::vector<double> seconds;
  const Event start, stop;
  for (int run = 0; run < runs; ++run) {
    if (flush_bytes > 0) must(cudaMemsetAsync(flush, run, flush_bytes, device.stream));
    must(cudaEventRecord(start.get(), device.stream));
    work();
    must(cudaEventRecord(stop.get(), device.stream));
    must(cudaEventSynchronize(stop.get()));
    float milliseconds = 0.0f;
    must(cudaEventElapsedTime(&milliseconds, start.get(), stop.get()));
    seconds.push_back(static_cast<double>(milliseconds) / 1000.0);
  }
  must(device.first_error());
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

} // namespace trex::bench
