// Python's operators on Values: arithmetic, comparison, membership, subscripts and slices. Results
// that would pass a limit of the Runtime are errors. One rendering, one thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "text/jinja/ast.h"
#include "text/jinja/runtime.h"
#include "text/jinja/value.h"

namespace gerbil::text::jinja {

// Not kAnd and kOr, which do not always evaluate both sides.
Result<Value> arithmetic(Runtime& runtime, BinaryOperator op, const Value& a, const Value& b);
Result<Value> negate(const Value& value);
Result<bool> compare(Runtime& runtime, Comparison op, const Value& a, const Value& b);

// object.name: a method or attribute first, then an item. Undefined where there is neither.
Result<Value> get_attribute(Runtime& runtime, const Value& object, std::string_view name);
// object[key]: an item first, then an attribute.
Result<Value> get_item(Runtime& runtime, const Value& object, const Value& key);
// object[start:stop:step]; undefined or none: left out.
Result<Value> get_slice(Runtime& runtime, const Value& object, const Value& start,
                        const Value& stop, const Value& step);

// The items that a for loop would see. Uses an iterator up.
Result<std::vector<Value>> iterate(Runtime& runtime, const Value& value);
// len(value)
Result<int64_t> length_of(const Value& value);

// The error for using an undefined value; `value` may be anything.
std::unexpected<Error> use_of_undefined(const Value& value);

}  // namespace gerbil::text::jinja
