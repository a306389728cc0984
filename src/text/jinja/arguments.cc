#include "text/jinja/arguments.h"

#include <algorithm>

#include "base/check.h"
#include "base/quote.h"
#include "text/jinja/format.h"
#include "text/jinja/operators.h"

namespace gerbil::text::jinja {

Result<Bound> bind(const Call& call, std::initializer_list<std::string_view> names,
                   size_t required) {
  GERBIL_ASSERT(names.size() <= Bound::kMaxParameters);
  Bound out;
  out.callee_ = call.name;
  std::copy(names.begin(), names.end(), out.names_.begin());
  const Arguments& arguments = call.arguments;
  if (arguments.positional.size() > names.size())
    return invalid("'{}' takes at most {} arguments, got {}", call.name, names.size(),
                   arguments.positional.size());
  for (size_t i = 0; i < arguments.positional.size(); ++i)
    out.values_[i] = &arguments.positional[i];
  for (const auto& [name, value] : arguments.named) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      return invalid("'{}' has no argument named {}", call.name, in_quotes(name));
    const auto i = static_cast<size_t>(found - names.begin());
    if (out.values_[i]) return invalid("'{}' got the argument '{}' twice", call.name, name);
    out.values_[i] = &value;
  }
  for (size_t i = 0; i < required; ++i) {
    if (!out.values_[i]) return invalid("'{}' misses its argument '{}'", call.name, out.names_[i]);
  }
  return out;
}

Result<int64_t> Bound::integer(size_t i, int64_t fallback) const {
  if (!values_[i] || values_[i]->is_none()) return fallback;
  Number number;
  if (values_[i]->is_undefined()) return use_of_undefined(*values_[i]);
  if (!to_number(*values_[i], number) || !number.is_integer)
    return invalid("'{}': the argument '{}' must be an int, not {}", callee_, names_[i],
                   type_name(*values_[i]));
  return number.integer;
}

Result<std::string_view> Bound::text(size_t i, std::string_view fallback) const {
  if (!values_[i] || values_[i]->is_none()) return fallback;
  if (values_[i]->is_undefined()) return use_of_undefined(*values_[i]);
  if (!values_[i]->string())
    return invalid("'{}': the argument '{}' must be a str, not {}", callee_, names_[i],
                   type_name(*values_[i]));
  return std::string_view(*values_[i]->string());
}

Result<std::string> text_of(const Call& call, const Value& value) {
  return to_text(call.runtime, value);
}

Result<std::string_view> self_string(const Call& call) {
  if (call.self.is_undefined()) return use_of_undefined(call.self);
  if (!call.self.string())
    return invalid("'{}' wants a str, not {}", call.name, type_name(call.self));
  return std::string_view(*call.self.string());
}

}  // namespace gerbil::text::jinja
