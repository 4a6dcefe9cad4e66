// cp.async of one emulated thread: a copy is made when its group is waited for and no earlier, so that a kernel which
// reads too soon finds the not-a-numbers that shared memory starts with.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

namespace trex::emulation {

struct CopyGroups {
  struct Copy {
    void *to;
    const void *from;
    unsigned bytes, valid; // the rest becomes zeros
    size_t group;
  };
  std::vector<Copy> pending;
  size_t open = 0; // number of the group that is being filled

  void clear() {
    pending.clear();
    open = 0;
  }
  bool empty() const { return pending.empty(); }
  void add(void *to, const void *from, unsigned bytes, unsigned valid) {
    pending.push_back({to, from, bytes, valid, open});
  }
  void commit() { ++open; }
  // Until at most `left` committed groups are under way.
  void wait(size_t left) {
    if (open <= left) return;
    size_t kept = 0;
    for (const Copy &copy : pending) {
      if (copy.group >= open - left) {
        pending[kept++] = copy;
        continue;
      }
      if (copy.valid > 0) std::memcpy(copy.to, copy.from, copy.valid);
      std::memset(static_cast<std::byte *>(copy.to) + copy.valid, 0, copy.bytes - copy.valid);
    }
    pending.resize(kept);
  }
};

} // namespace trex::emulation
