#include <iostream>

#include "cli/commands.h"
#include "common/interrupt.h"
#include "common/platform.h"

int main(int argument_count, char **arguments) {
  std::ios::sync_with_stdio(false);
  trex::platform::use_binary_standard_streams();
  trex::install_interrupt_handlers();
  return trex::run_program(trex::platform::utf8_arguments(argument_count, arguments), std::cout);
}
