#include "common/interrupt.h"

#include <csignal>

namespace trex {
namespace {

volatile std::sig_atomic_t requested = 0;

// A second signal ends the process at once: the handler puts the default action back.
extern "C" void remember_interrupt(int signal_number) {
  requested = 1;
  std::signal(signal_number, SIG_DFL);
}

} // namespace

void install_interrupt_handlers() {
  std::signal(SIGINT, remember_interrupt);
  std::signal(SIGTERM, remember_interrupt);
}

bool interrupt_requested() { return requested != 0; }

} // namespace trex
