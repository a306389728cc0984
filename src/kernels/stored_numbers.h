// Stored numbers on their way into a packed weight, with vectors. Pure; any thread.
#pragma once

#include "base/span.h"

namespace gerbil::kernels {

// Exactly, as tensor::decode_f32; `stored` has two bytes for each of `to`.
void decode_bf16(Bytes stored, Span<float> to);

// Is none of them NaN or infinite?
bool all_finite(Span<const float> numbers);

}  // namespace gerbil::kernels
