// Models with random weights, so small that one row costs microseconds: for tests that run
// thousands of steps and compare the engine with itself. Made in memory, through the same loading
// as any checkpoint. Whatever fails throws std::runtime_error with the engine's own message.
#pragma once

#include <cstdint>

#include "model/model.h"

namespace gerbil::testing {

inline constexpr int32_t kTinyVocab = 40;
inline constexpr int64_t kTinyContext = 4096;

// Qwen3.5: three layers of Gated DeltaNet (kernel 4, fewer key than value heads), one of attention.
model::Model tiny_hybrid(uint32_t seed);
// Qwen3: a windowed, a full and a windowed layer.
model::Model tiny_windowed(uint32_t seed, int64_t window);
// Qwen3 with full attention alone.
model::Model tiny_full(uint32_t seed);

}  // namespace gerbil::testing
