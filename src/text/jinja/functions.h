// What the objects of Jinja's joiner() and cycler() do; their state lies in a Namespace. One
// rendering, one thread.
#pragma once

#include "base/result.h"
#include "text/jinja/value.h"

namespace gerbil::text::jinja {

// A call of a joiner: nothing the first time, then its separator.
Result<Value> joined(Namespace& joiner, const Arguments& arguments);

Value cycler_current(const Namespace& cycler);

}  // namespace gerbil::text::jinja
