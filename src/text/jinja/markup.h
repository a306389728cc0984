// Markup: strings that |safe or |escape marked. transformers renders without automatic escaping, so
// the mark shows only where marked and plain strings meet: what is added to a marked string, or
// formatted into it, is escaped first. One rendering, one thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "text/jinja/runtime.h"
#include "text/jinja/value.h"

namespace gerbil::text::jinja {

// & < > ' " as entities.
std::string escape_html(std::string_view text);
// str(value), escaped unless it is markup.
Result<std::string> escaped_text(Runtime& runtime, const Value& value);

// A method of str on a marked string: escapes its arguments and marks its result, where the method
// makes a string out of them.
Result<Value> markup_method(const Call& call);

}  // namespace gerbil::text::jinja
