// SIGINT and SIGTERM become a flag that long loops poll, so a job can write its checkpoint before it leaves. The signals
// that would end the process at a failed write are ignored: the write reports its error.
#pragma once

namespace trex {

inline constexpr int interrupted_exit_code = 130;

void install_interrupt_handlers();
bool interrupt_requested();

} // namespace trex
