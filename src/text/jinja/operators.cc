#include "text/jinja/operators.h"

#include <algorithm>
#include <cmath>

#include "text/jinja/builtins.h"
#include "text/jinja/format.h"
#include "text/jinja/functions.h"
#include "text/jinja/markup.h"
#include "text/jinja/python_text.h"

namespace gerbil::text::jinja {
namespace {

constexpr std::string_view kSigns[] = {"+", "-", "*", "/", "//", "%", "**", "and", "or"};

std::unexpected<Error> refuse(BinaryOperator op, const Value& a, const Value& b) {
  return invalid("unsupported operand types for {}: '{}' and '{}'", kSigns[static_cast<int>(op)],
                 type_name(a), type_name(b));
}

std::unexpected<Error> overflow() { return invalid("an integer does not fit 64 bits"); }

double python_mod(double a, double b) {
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
  return rest == 0 ? std::copysign(0.0, b) : rest;
}

// Rounded to the whole number next to (a - mod) / b, as CPython does.
double python_floor_divide(double a, double b) {
  const double quotient = (a - python_mod(a, b)) / b;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double whole = std::floor(quotient);
  return quotient - whole > 0.5 ? whole + 1 : whole;
}

Result<Value> integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) return invalid("0 cannot be raised to a negative power");
    return Value(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) return overflow();
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return overflow();
  }
  return Value(result);
}

Result<Value> integer_arithmetic(BinaryOperator op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool too_large = false;
  switch (op) {
    case BinaryOperator::kAdd:
      too_large = __builtin_add_overflow(a, b, &result);
      break;
    case BinaryOperator::kSubtract:
      too_large = __builtin_sub_overflow(a, b, &result);
      break;
    case BinaryOperator::kMultiply:
      too_large = __builtin_mul_overflow(a, b, &result);
      break;
    case BinaryOperator::kDivide:
      if (b == 0) return invalid("division by zero");
      return Value(static_cast<double>(a) / static_cast<double>(b));
    case BinaryOperator::kFloorDivide:
    case BinaryOperator::kModulo: {
      if (b == 0) return invalid("integer division or modulo by zero");
      if (b == -1) {  // the one case where a / b can overflow
        if (op == BinaryOperator::kFloorDivide)
          too_large = __builtin_sub_overflow(int64_t{0}, a, &result);
        break;
      }
      const int64_t rest = a % b;
      const bool adjust = rest != 0 && (rest < 0) != (b < 0);  // Python rounds down
      if (op == BinaryOperator::kModulo) return Value(adjust ? rest + b : rest);
      return Value(a / b - (adjust ? 1 : 0));
    }
    default:
      return integer_power(a, b);
  }
  if (too_large) return overflow();
  return Value(result);
}

Result<Value> float_arithmetic(BinaryOperator op, double a, double b) {
  switch (op) {
    case BinaryOperator::kAdd:
      return Value(a + b);
    case BinaryOperator::kSubtract:
      return Value(a - b);
    case BinaryOperator::kMultiply:
      return Value(a * b);
    case BinaryOperator::kDivide:
      if (b == 0) return invalid("float division by zero");
      return Value(a / b);
    case BinaryOperator::kFloorDivide:
      if (b == 0) return invalid("float floor division by zero");
      return Value(python_floor_divide(a, b));
    case BinaryOperator::kModulo:
      if (b == 0) return invalid("float modulo by zero");
      return Value(python_mod(a, b));
    default:
      break;
  }
  if (a == 0 && b < 0) return invalid("0.0 cannot be raised to a negative power");
  const double result = std::pow(a, b);
  if (std::isnan(result) && !std::isnan(a) && !std::isnan(b))
    return invalid("the power of a negative number is complex");
  return Value(result);
}

// `sequence * times`
Result<Value> repeat(Runtime& runtime, const Value& sequence, int64_t times) {
  const auto count = static_cast<uint64_t>(std::max<int64_t>(times, 0));
  uint64_t size = 0;
  if (const std::string* text = sequence.string()) {
    if (__builtin_mul_overflow(count, text->size(), &size)) size = UINT64_MAX;
    GERBIL_CHECK_OK(runtime.room_for(size));
    std::string out;
    out.reserve(size);
    if (size > 0) out = *text;
    while (out.size() < size) out += out.substr(0, size - out.size());  // twice as long each time
    return runtime.string(std::move(out), sequence.is_markup());
  }
  const List& list = *sequence.list();
  if (__builtin_mul_overflow(count, list.items.size() * sizeof(Value), &size)) size = UINT64_MAX;
  GERBIL_CHECK_OK(runtime.room_for(size));
  std::vector<Value> items;
  items.reserve(count * list.items.size());
  for (uint64_t i = 0; i < count && !list.items.empty(); ++i)
    items.insert(items.end(), list.items.begin(), list.items.end());
  return runtime.list(std::move(items), list.kind);
}

bool can_repeat(const Value& value) {
  const List* list = value.list();
  return value.string() ||
         (list && (list->kind == ListKind::kList || list->kind == ListKind::kTuple));
}

Result<Value> add_sequences(Runtime& runtime, const Value& a, const Value& b) {
  if (a.string() && b.string()) {
    if (a.is_markup() || b.is_markup()) {
      GERBIL_TRY(std::string left, escaped_text(runtime, a));
      GERBIL_TRY(const std::string right, escaped_text(runtime, b));
      GERBIL_CHECK_OK(runtime.room_for(left.size() + right.size()));
      return runtime.string(std::move(left) + right, true);
    }
    GERBIL_CHECK_OK(runtime.room_for(a.string()->size() + b.string()->size()));
    return runtime.string(*a.string() + *b.string());
  }
  const List* l = a.list();
  const List* r = b.list();
  if (!l || !r || l->kind != r->kind || !can_repeat(a)) {
    if (a.string()) return invalid("can only concatenate str (not \"{}\") to str", type_name(b));
    return refuse(BinaryOperator::kAdd, a, b);
  }
  GERBIL_CHECK_OK(runtime.room_for((l->items.size() + r->items.size()) * sizeof(Value)));
  std::vector<Value> items;
  items.reserve(l->items.size() + r->items.size());
  items = l->items;
  items.insert(items.end(), r->items.begin(), r->items.end());
  return runtime.list(std::move(items), l->kind);
}

Result<bool> contains(Runtime& runtime, const Value& needle, const Value& haystack) {
  if (haystack.is_undefined()) return false;  // nothing to iterate over
  if (const std::string* text = haystack.string()) {
    if (!needle.string())
      return invalid("'in <string>' requires string as left operand, not {}", type_name(needle));
    GERBIL_CHECK_OK(runtime.search_work(*text, *needle.string()));
    return text->find(*needle.string()) != std::string::npos;
  }
  if (const Dict* dict = haystack.dict()) {
    if (!is_hashable(needle)) return invalid("unhashable type: '{}'", type_name(needle));
    return dict->find(needle) != nullptr;
  }
  const List* list = haystack.list();
  if (!list) return invalid("argument of type '{}' is not iterable", type_name(haystack));
  GERBIL_CHECK_OK(runtime.work(haystack.weight() + needle.weight()));
  return std::any_of(list->items.begin(), list->items.end(),
                     [&](const Value& item) { return equal(item, needle); });
}

Value loop_attribute(const LoopState& loop, std::string_view name) {
  const int64_t index0 = loop.index0;
  const auto neighbour = [&](int64_t index, std::string_view which) {
    if (index >= 0 && index < static_cast<int64_t>(loop.items.size()))
      return loop.items[static_cast<size_t>(index)];
    return undefined_because(fmt::format("there is no {} item", which));
  };
  if (name == "index") return Value(index0 + 1);
  if (name == "index0") return Value(index0);
  if (name == "first") return Value(index0 == 0);
  if (name == "last") return Value(index0 + 1 == loop.length);
  if (name == "length") return Value(loop.length);
  if (name == "revindex") return Value(loop.length - index0);
  if (name == "revindex0") return Value(loop.length - index0 - 1);
  if (name == "previtem") return neighbour(index0 - 1, "previous");
  if (name == "nextitem") return neighbour(index0 + 1, "next");
  if (name == "depth") return Value(static_cast<int64_t>(loop.depth0) + 1);
  if (name == "depth0") return Value(static_cast<int64_t>(loop.depth0));
  return undefined_because(fmt::format("'loop' has no attribute '{}'", name));
}

// The attribute or bound method, if the value's type has it.
Result<std::optional<Value>> find_attribute(Runtime& runtime, const Value& object,
                                            std::string_view name) {
  if (const NativeFunction method = find_method(object, name)) {
    return Value(std::make_shared<const Native>(Native{std::string(name), method, object}));
  }
  if (const Namespace* ns = object.name_space()) {
    if (ns->kind == Namespace::Kind::kCycler && name == "current") return cycler_current(*ns);
    if (const Value* found = ns->find(name); found && ns->kind == Namespace::Kind::kNamespace)
      return *found;
  } else if (LoopState* loop = object.loop()) {
    return loop_attribute(*loop, name);
  } else if (const Macro* macro = object.macro()) {
    if (name == "name") return runtime.string(macro->statement->name);
    if (name == "caller") return Value(macro->statement->takes_caller);
    if (name == "catch_varargs") return Value(macro->statement->takes_varargs);
    if (name == "catch_kwargs") return Value(macro->statement->takes_kwargs);
  }
  return std::optional<Value>();
}

// The item, if there is one: never an error but for undefined objects.
Result<std::optional<Value>> find_item(Runtime& runtime, const Value& object, const Value& key) {
  if (const Dict* dict = object.dict()) {
    if (!is_hashable(key)) return std::optional<Value>();
    const Value* found = dict->find(key);
    return found ? std::optional<Value>(*found) : std::nullopt;
  }
  Number index;
  if (!to_number(key, index) || !index.is_integer) return std::optional<Value>();
  int64_t at = index.integer;
  if (const std::string* text = object.string()) {
    GERBIL_CHECK_OK(runtime.work(text->size() / 64));
    if (at < 0) at += length(*text);
    if (at < 0) return std::optional<Value>();
    const size_t begin = byte_offset(*text, at);
    if (begin >= text->size()) return std::optional<Value>();
    const size_t end = begin + byte_offset(std::string_view(*text).substr(begin), 1);
    GERBIL_TRY(Value character,
               runtime.string(text->substr(begin, end - begin), object.is_markup()));
    return character;
  }
  const List* list = object.list();
  if (!list || (list->kind != ListKind::kList && list->kind != ListKind::kTuple))
    return std::optional<Value>();
  if (at < 0) at += static_cast<int64_t>(list->items.size());
  if (at < 0 || at >= static_cast<int64_t>(list->items.size())) return std::optional<Value>();
  return list->items[static_cast<size_t>(at)];
}

std::string object_name(const Value& object) {
  if (object.is_none()) return "None";
  return fmt::format("{} object", type_name(object));
}

// A slice's bound, brought into [low, high] as Python does.
Result<int64_t> slice_bound(const Value& bound, int64_t length, int64_t low, int64_t high,
                            int64_t fallback) {
  if (bound.is_none()) return fallback;
  Number number;
  if (!to_number(bound, number) || !number.is_integer)
    return invalid("slice indices must be integers or None, not {}", type_name(bound));
  const int64_t at = number.integer < 0 ? number.integer + length : number.integer;
  return std::clamp(at, low, high);
}

}  // namespace

std::unexpected<Error> use_of_undefined(const Value& value) {
  const Undefined* undefined = value.undefined();
  if (undefined && undefined->reason) return invalid("{}", *undefined->reason);
  return invalid("an undefined value is used");
}

Result<Value> arithmetic(Runtime& runtime, BinaryOperator op, const Value& a, const Value& b) {
  Number x;
  Number y;
  if (to_number(a, x) && to_number(b, y)) {
    if (x.is_integer && y.is_integer) return integer_arithmetic(op, x.integer, y.integer);
    return float_arithmetic(op, x.real, y.real);
  }
  if (op == BinaryOperator::kModulo && a.string()) return percent_format(runtime, a, b);
  if (a.is_undefined()) return use_of_undefined(a);
  if (b.is_undefined()) return use_of_undefined(b);
  if (op == BinaryOperator::kAdd) return add_sequences(runtime, a, b);
  if (op == BinaryOperator::kMultiply) {
    if (can_repeat(a) && to_number(b, y) && y.is_integer) return repeat(runtime, a, y.integer);
    if (can_repeat(b) && to_number(a, x) && x.is_integer) return repeat(runtime, b, x.integer);
  }
  return refuse(op, a, b);
}

Result<Value> negate(const Value& value) {
  Number number;
  if (value.is_undefined()) return use_of_undefined(value);
  if (!to_number(value, number))
    return invalid("bad operand type for unary -: '{}'", type_name(value));
  if (!number.is_integer) return Value(-number.real);
  return integer_arithmetic(BinaryOperator::kSubtract, 0, number.integer);
}

Result<bool> compare(Runtime& runtime, Comparison op, const Value& a, const Value& b) {
  if (op == Comparison::kIn) return contains(runtime, a, b);
  if (op == Comparison::kNotIn) {
    GERBIL_TRY(const bool found, contains(runtime, a, b));
    return !found;
  }
  GERBIL_CHECK_OK(runtime.work(std::min(a.weight(), b.weight())));
  if (op == Comparison::kEq) return equal(a, b);
  if (op == Comparison::kNe) return !equal(a, b);
  if (a.is_undefined()) return use_of_undefined(a);
  if (b.is_undefined()) return use_of_undefined(b);
  static constexpr std::string_view kNames[] = {"==", "!=", "<", "<=", ">", ">="};
  switch (compare(a, b)) {
    case Order::kLess:
      return op == Comparison::kLt || op == Comparison::kLe;
    case Order::kEqual:
      return op == Comparison::kLe || op == Comparison::kGe;
    case Order::kGreater:
      return op == Comparison::kGt || op == Comparison::kGe;
    case Order::kUnordered:
      return false;
    case Order::kRefused:
      break;
  }
  return invalid("'{}' not supported between instances of '{}' and '{}'",
                 kNames[static_cast<int>(op)], type_name(a), type_name(b));
}

Result<Value> get_attribute(Runtime& runtime, const Value& object, std::string_view name) {
  if (object.is_undefined()) return use_of_undefined(object);
  GERBIL_TRY(std::optional<Value> found, find_attribute(runtime, object, name));
  if (!found && object.dict()) {
    if (const Value* item = object.dict()->find(name)) found = *item;
  }
  if (found) return *std::move(found);
  return undefined_because(fmt::format("'{}' has no attribute '{}'", object_name(object), name));
}

Result<Value> get_item(Runtime& runtime, const Value& object, const Value& key) {
  if (object.is_undefined()) return use_of_undefined(object);
  GERBIL_TRY(std::optional<Value> found, find_item(runtime, object, key));
  if (!found && key.string()) {
    GERBIL_TRY(found, find_attribute(runtime, object, *key.string()));
  }
  if (found) return *std::move(found);
  if (const std::string* name = key.string())
    return undefined_because(
        fmt::format("'{}' has no attribute '{}'", object_name(object), name->substr(0, 100)));
  std::string shown;
  if (!key.list() && !key.dict()) GERBIL_CHECK_OK(append_repr(runtime, key, shown));
  return undefined_because(fmt::format("{} has no element {}", object_name(object), shown));
}

Result<Value> get_slice(Runtime& runtime, const Value& object, const Value& start,
                        const Value& stop, const Value& step_value) {
  if (object.is_undefined()) return use_of_undefined(object);
  if (!can_repeat(object))
    return invalid("a value of type '{}' cannot be sliced", type_name(object));
  const std::string* text = object.string();
  if (text) GERBIL_CHECK_OK(runtime.work(1 + text->size() / 16));
  const int64_t length =
      text ? jinja::length(*text) : static_cast<int64_t>(object.list()->items.size());
  int64_t step = 1;
  if (!step_value.is_none()) {
    Number number;
    if (!to_number(step_value, number) || !number.is_integer)
      return invalid("slice indices must be integers or None, not {}", type_name(step_value));
    step = number.integer;
    if (step == 0) return invalid("slice step cannot be zero");
    step = std::clamp<int64_t>(step, -length - 1, length + 1);
  }
  const int64_t low = step < 0 ? -1 : 0;
  const int64_t high = step < 0 ? length - 1 : length;
  GERBIL_TRY(const int64_t first, slice_bound(start, length, low, high, step < 0 ? high : low));
  GERBIL_TRY(const int64_t last, slice_bound(stop, length, low, high, step < 0 ? low : high));
  if (text && step == 1) {
    const size_t begin = byte_offset(*text, first);
    const size_t end = last > first ? byte_offset(*text, last) : begin;
    return runtime.string(text->substr(begin, end - begin), object.is_markup());
  }
  GERBIL_CHECK_OK(runtime.room_for(static_cast<uint64_t>(length) * sizeof(Value)));
  if (!text) {
    std::vector<Value> items;
    for (int64_t i = first; step < 0 ? i > last : i < last; i += step)
      items.push_back(object.list()->items[static_cast<size_t>(i)]);
    return runtime.list(std::move(items), object.list()->kind);
  }
  const std::vector<std::string_view> all = characters(*text);
  std::string out;
  for (int64_t i = first; step < 0 ? i > last : i < last; i += step)
    out += all[static_cast<size_t>(i)];
  return runtime.string(std::move(out), object.is_markup());
}

Result<std::vector<Value>> iterate(Runtime& runtime, const Value& value) {
  std::vector<Value> out;
  if (value.is_undefined()) return out;
  if (const std::string* text = value.string()) {
    GERBIL_CHECK_OK(runtime.room_for(text->size() * sizeof(Value)));
    for (std::string_view c : characters(*text)) {
      GERBIL_TRY(Value character, runtime.string(std::string(c)));
      out.push_back(std::move(character));
    }
    return out;
  }
  if (const Dict* dict = value.dict()) {
    GERBIL_CHECK_OK(runtime.room_for(dict->entries.size() * sizeof(Value)));
    GERBIL_CHECK_OK(runtime.work(dict->entries.size() / 8));
    out.reserve(dict->entries.size());
    for (const Dict::Entry& entry : dict->entries) out.push_back(entry.key);
    return out;
  }
  if (const List* list = value.list()) {
    if (list->kind == ListKind::kIterator && std::exchange(list->consumed, true)) return out;
    GERBIL_CHECK_OK(runtime.room_for(list->items.size() * sizeof(Value)));
    GERBIL_CHECK_OK(runtime.work(list->items.size() / 8));
    return list->items;
  }
  return invalid("'{}' object is not iterable", type_name(value));
}

Result<int64_t> length_of(const Value& value) {
  if (value.is_undefined()) return 0;
  if (const std::string* text = value.string()) return length(*text);
  if (const Dict* dict = value.dict()) return static_cast<int64_t>(dict->entries.size());
  if (const LoopState* loop = value.loop()) return loop->length;
  const List* list = value.list();
  if (!list || list->kind == ListKind::kIterator)
    return invalid("object of type '{}' has no len()", type_name(value));
  return static_cast<int64_t>(list->items.size());
}

}  // namespace gerbil::text::jinja
