// Stored numbers on their way into a packed weight, with vectors of a level that the processor
// supports. Pure; any thread.
#pragma once

#include "base/span.h"
#include "platform/cpu_features.h"

namespace gerbil::kernels {

// Exactly, as tensor::decode_f32; `stored` has two bytes for each of `to`.
void decode_bf16(platform::Isa isa, Bytes stored, Span<float> to);

// Is none of them NaN or infinite?
bool all_finite(platform::Isa isa, Span<const float> numbers);

}  // namespace gerbil::kernels
