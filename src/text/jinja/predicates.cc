// What stands behind `is`: https://jinja.palletsprojects.com/en/stable/templates/#builtin-tests
#include <algorithm>

#include "text/jinja/arguments.h"
#include "text/jinja/builtins.h"
#include "text/jinja/operators.h"
#include "text/jinja/python_text.h"
#include "text/jinja/runtime.h"

namespace gerbil::text::jinja {
namespace {

// A test without arguments that only looks at the value.
template <bool (*Is)(const Value&)>
Result<Value> plain(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  return Value(Is(call.self));
}

bool is_defined(const Value& v) { return !v.is_undefined(); }
bool is_not_defined(const Value& v) { return v.is_undefined(); }
bool is_none_value(const Value& v) { return v.is_none(); }
bool is_boolean(const Value& v) { return v.boolean() != nullptr; }
bool is_this_true(const Value& v) { return v.boolean() && *v.boolean(); }
bool is_this_false(const Value& v) { return v.boolean() && !*v.boolean(); }
bool is_int(const Value& v) { return v.integer() != nullptr; }
bool is_float(const Value& v) { return v.real() != nullptr; }
bool is_any_number(const Value& v) { return v.is_number(); }
bool is_str(const Value& v) { return v.string() != nullptr; }
bool is_mapping(const Value& v) { return v.dict() != nullptr; }
bool is_callable(const Value& v) {
  const Namespace* ns = v.name_space();
  return v.native() || v.macro() || v.loop() || (ns && ns->kind == Namespace::Kind::kJoiner);
}
bool is_escaped(const Value& v) { return v.is_markup(); }
// An undefined value can be looped over: no times.
bool is_iterable(const Value& v) {
  return v.string() || v.list() || v.dict() || v.is_undefined() || v.loop();
}
// Has a length and can be indexed; dicts and undefined values pass, views do not.
bool is_sequence(const Value& v) {
  const List* list = v.list();
  if (list) return list->kind == ListKind::kList || list->kind == ListKind::kTuple;
  return v.string() || v.dict() || v.is_undefined();
}

template <bool want_upper>
Result<Value> in_case(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::string text, text_of(call, call.self));
  bool wanted = false;
  bool other = false;
  for_each_code_point(text, [&](char32_t c, size_t, size_t) {
    (want_upper == is_upper(c) ? wanted : other) |= is_upper(c) || is_lower(c);
  });
  return Value(wanted && !other);
}

template <int64_t rest>
Result<Value> parity(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const Value modulo,
             arithmetic(call.runtime, BinaryOperator::kModulo, call.self, Value(int64_t{2})));
  return Value(equal(modulo, Value(rest)));
}

Result<Value> divisible_by(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"num"}, 1));
  GERBIL_TRY(const Value modulo,
             arithmetic(call.runtime, BinaryOperator::kModulo, call.self, *arguments.get(0)));
  return Value(equal(modulo, Value(int64_t{0})));
}

template <Comparison op>
Result<Value> compared(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"other"}, 1));
  GERBIL_TRY(const bool holds, compare(call.runtime, op, call.self, *arguments.get(0)));
  return Value(holds);
}

// Identity: of singletons, small values and shared objects.
Result<Value> same_as(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"other"}, 1));
  const Value& other = *arguments.get(0);
  if (call.self.data().index() != other.data().index()) return Value(false);
  if (call.self.list()) return Value(call.self.list() == other.list());
  if (call.self.dict()) return Value(call.self.dict() == other.dict());
  return Value(equal(call.self, other));
}

template <NativeFunction (*Find)(std::string_view)>
Result<Value> is_known(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  if (!is_hashable(call.self)) return invalid("unhashable type: '{}'", type_name(call.self));
  return Value(call.self.string() && Find(*call.self.string()) != nullptr);
}

constexpr Builtin kTests[] = {
    {"!=", compared<Comparison::kNe>},
    {"<", compared<Comparison::kLt>},
    {"<=", compared<Comparison::kLe>},
    {"==", compared<Comparison::kEq>},
    {">", compared<Comparison::kGt>},
    {">=", compared<Comparison::kGe>},
    {"boolean", plain<is_boolean>},
    {"callable", plain<is_callable>},
    {"defined", plain<is_defined>},
    {"divisibleby", divisible_by},
    {"eq", compared<Comparison::kEq>},
    {"equalto", compared<Comparison::kEq>},
    {"escaped", plain<is_escaped>},
    {"even", parity<0>},
    {"false", plain<is_this_false>},
    {"filter", is_known<find_filter>},
    {"float", plain<is_float>},
    {"ge", compared<Comparison::kGe>},
    {"greaterthan", compared<Comparison::kGt>},
    {"gt", compared<Comparison::kGt>},
    {"in", compared<Comparison::kIn>},
    {"integer", plain<is_int>},
    {"iterable", plain<is_iterable>},
    {"le", compared<Comparison::kLe>},
    {"lessthan", compared<Comparison::kLt>},
    {"lower", in_case<false>},
    {"lt", compared<Comparison::kLt>},
    {"mapping", plain<is_mapping>},
    {"ne", compared<Comparison::kNe>},
    {"none", plain<is_none_value>},
    {"number", plain<is_any_number>},
    {"odd", parity<1>},
    {"sameas", same_as},
    {"sequence", plain<is_sequence>},
    {"string", plain<is_str>},
    {"test", is_known<find_test>},
    {"true", plain<is_this_true>},
    {"undefined", plain<is_not_defined>},
    {"upper", in_case<true>},
};

}  // namespace

NativeFunction find_test(std::string_view name) {
  for (const Builtin& row : kTests)
    if (row.name == name) return row.function;
  return nullptr;
}

}  // namespace gerbil::text::jinja
