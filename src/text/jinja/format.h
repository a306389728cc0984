// Values as text, the way Python writes them: str(), repr(), "..." % values and str.format().
//
// Every function asks the Runtime for the room that the result takes. One rendering, one thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "text/jinja/runtime.h"
#include "text/jinja/value.h"

namespace gerbil::text::jinja {

// Shortest digits that read back as the same double: "0.1", "1e+16", "inf".
std::string float_repr(double value);

// str(value), appended to `out`. What {{ value }} prints.
Status append_text(Runtime& runtime, const Value& value, std::string& out);
Result<std::string> to_text(Runtime& runtime, const Value& value);
// repr(value), appended to `out`.
Status append_repr(Runtime& runtime, const Value& value, std::string& out);

// printf-style: `pattern % values`, where values is a tuple, a dict or a single value.
// Where the pattern is markup, what is put into it is escaped, and the result is markup.
Result<Value> percent_format(Runtime& runtime, const Value& pattern, const Value& values);
// str.format: {} {0} {name} {0.attribute} {0[item]} with conversions and format specs.
Result<Value> brace_format(Runtime& runtime, const Value& pattern, const Arguments& arguments);

}  // namespace gerbil::text::jinja
