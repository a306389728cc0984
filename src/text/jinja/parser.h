// Tokens -> Ast, by Jinja's grammar and precedence; unknown filters and tests are refused here
// unless an `if` may keep them from being reached. Nesting is bounded by `limits`. Pure function,
// any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "text/jinja/ast.h"
#include "text/jinja/runtime.h"

namespace gerbil::text::jinja {

// `source` is valid UTF-8. Errors read "LINE: reason".
Result<Ast> parse(std::string_view source, const Limits& limits);

}  // namespace gerbil::text::jinja
