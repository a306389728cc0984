#include "text/jinja/attribute_path.h"

#include <algorithm>
#include <charconv>

#include "text/jinja/operators.h"
#include "text/jinja/python_text.h"

namespace gerbil::text::jinja {

Result<AttributePath> AttributePath::parse(const Value* attribute) {
  AttributePath out;
  if (!attribute || attribute->is_none()) return out;
  if (attribute->integer()) {
    out.steps_.push_back(*attribute);
    return out;
  }
  if (!attribute->string())
    return invalid("an attribute must be a str or an int, not {}", type_name(*attribute));
  for (std::string_view part : split(*attribute->string(), ".", -1, false)) {
    int64_t index = 0;
    const char* end = part.data() + part.size();
    const auto parsed = std::from_chars(part.data(), end, index);
    const bool is_index =
        !part.empty() && part[0] != '-' && parsed.ec == std::errc() && parsed.ptr == end;
    out.steps_.push_back(is_index ? Value(index) : uncounted_string(std::string(part)));
  }
  return out;
}

Result<Value> AttributePath::of(Runtime& runtime, const Value& item, const Value* fallback) const {
  Value value = item;
  for (const Value& step : steps_) {
    GERBIL_TRY(value, get_item(runtime, value, step));
    if (value.is_undefined() && fallback && !fallback->is_none()) value = *fallback;
  }
  return value;
}

Result<Value> fold_case(Runtime& runtime, Value value, bool case_sensitive) {
  if (case_sensitive || !value.string()) return value;
  GERBIL_CHECK_OK(runtime.room_for(value.string()->size() * 2));
  return runtime.string(lower(*value.string()));
}

}  // namespace gerbil::text::jinja
