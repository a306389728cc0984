// Span: gerbil's name for std::span, so that signatures stay short. A view: owns nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gerbil {

template <class T>
using Span = std::span<T>;

using Bytes = Span<const std::byte>;

}  // namespace gerbil
