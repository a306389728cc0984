// JSON in and out of templates: messages and tools become Values; tojson writes them as Python's
// json.dumps does. One rendering, one thread.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "text/jinja/runtime.h"
#include "text/jinja/value.h"

namespace gerbil::text::jinja {

// Fails only where the Runtime's limits are passed.
Result<Value> from_json(Runtime& runtime, const json::Value& value);

// "text" with JSON's escapes, appended to `out`; `text` is valid UTF-8.
void append_json_string(std::string_view text, bool ensure_ascii, std::string& out);

struct JsonStyle {
  bool ensure_ascii = false;
  bool sort_keys = false;
  bool pretty = false;  // with `indent` and line breaks
  std::string indent;   // of one level
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

Status append_json(Runtime& runtime, const Value& value, const JsonStyle& style, std::string& out);

}  // namespace gerbil::text::jinja
