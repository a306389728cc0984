// "user.name" or 0 as filters take it: the way to what they look at inside of each item.
#pragma once

#include <vector>

#include "base/result.h"
#include "text/jinja/runtime.h"
#include "text/jinja/value.h"

namespace gerbil::text::jinja {

class AttributePath {
 public:
  AttributePath() = default;  // the item itself
  // nullptr or none: the item itself.
  static Result<AttributePath> parse(const Value* attribute);

  // An undefined step becomes `fallback`, if there is one.
  Result<Value> of(Runtime& runtime, const Value& item, const Value* fallback = nullptr) const;

 private:
  std::vector<Value> steps_;
};

// Strings in lower case unless `case_sensitive`; other values as they are.
Result<Value> fold_case(Runtime& runtime, Value value, bool case_sensitive);

}  // namespace gerbil::text::jinja
