// The arguments of a filter, test, method or function, matched to its parameters' names. A view of
// one Call; errors name the callee.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/result.h"
#include "text/jinja/value.h"

namespace gerbil::text::jinja {

class Bound {
 public:
  // nullptr: not given.
  const Value* get(size_t i) const { return values_[i]; }
  Value get_or(size_t i, Value fallback) const { return values_[i] ? *values_[i] : fallback; }
  bool truth(size_t i, bool fallback) const { return values_[i] ? is_true(*values_[i]) : fallback; }
  // none counts as not given.
  Result<int64_t> integer(size_t i, int64_t fallback) const;
  Result<std::string_view> text(size_t i, std::string_view fallback) const;

 private:
  friend Result<Bound> bind(const Call&, std::initializer_list<std::string_view>, size_t);
  static constexpr size_t kMaxParameters = 6;
  std::string_view callee_;
  std::array<std::string_view, kMaxParameters> names_{};
  std::array<const Value*, kMaxParameters> values_{};
};

// At most 6 parameters, the first `required` of which must be given.
Result<Bound> bind(const Call& call, std::initializer_list<std::string_view> names,
                   size_t required = 0);

// The text of a value that must be a string, or of anything else what str() makes of it.
Result<std::string> text_of(const Call& call, const Value& value);
// call.self as a string, or an error.
Result<std::string_view> self_string(const Call& call);

}  // namespace gerbil::text::jinja
