// Found in place of the toolkit's header of this name when the kernels are compiled for the host.
#pragma once

#include "device_language.h"
#include "runtime_api.h"

#define TREX_EMULATED 1
