// Weight roles by class, for people: which part of a model its bytes belong to. One table, by
// words of the role ("layers.3.attention.qkv"); a family whose roles have new names adds its row
// here. Pure functions.
#pragma once

#include <string_view>

#include "base/span.h"

namespace gerbil::api {

// Of all classes, in the order that a plan lists them.
Span<const std::string_view> weight_classes();

// "attention"; "other" for a role that no row knows.
std::string_view weight_class(std::string_view role);

}  // namespace gerbil::api
