// What the gate of a gated feed-forward block goes through.
#pragma once

namespace trex {

// SwiGLU or GeGLU (Shazeer, "GLU variants improve transformer", 2020); gelu in its tanh form.
enum class Activation { silu, gelu };

} // namespace trex
