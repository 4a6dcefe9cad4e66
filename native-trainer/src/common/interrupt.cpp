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
  // A reader that went away and a file size limit become write errors, which say what was kept.
#ifdef SIGPIPE
  std::signal(SIGPIPE, SIG_IGN);
#endif
#ifdef SIGXFSZ
  std::signal(SIGXFSZ, SIG_IGN);
#endif
}

bool interrupt_requested() { return requested != 0; }

} // namespace trex
