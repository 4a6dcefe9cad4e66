// A back end whose memory the host cannot touch, as a graphics card's: the CPU's operations behind pointers that lead
// nowhere. Every pointer that reaches an operation is looked up among the blocks that the back end itself gave out, and
// must lie inside one of them with all that it names; whoever forgets to bring something over is found out, by a test
// that fails or by a crash. New memory is filled with numbers that are none.
#pragma once

#include "ops/backend.h"

namespace trex::test {

Backend open_foreign_backend(const BackendNeeds &needs);

// Operations that foreign back ends have done in this process, so that a test can tell that one was used.
int64_t foreign_operations();

} // namespace trex::test
