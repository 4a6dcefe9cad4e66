// What a gate goes through before it multiplies.
#pragma once

namespace trex {

// SwiGLU or GeGLU (Shazeer, "GLU variants improve transformer", 2020); gelu in its tanh form. sigmoid gates attention.
enum class Activation { silu, gelu, sigmoid };

} // namespace trex
