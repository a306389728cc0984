// Filters on single values: numbers, defaults, JSON.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "text/jinja/arguments.h"
#include "text/jinja/builtins.h"
#include "text/jinja/json.h"
#include "text/jinja/operators.h"
#include "text/jinja/python_text.h"
#include "text/jinja/runtime.h"

namespace gerbil::text::jinja {
namespace {

constexpr double kIntegerLimit = 9.2e18;  // just below 2^63

Result<Value> absolute(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  Number number;
  if (call.self.is_undefined()) return use_of_undefined(call.self);
  if (!to_number(call.self, number))
    return invalid("bad operand type for abs(): '{}'", type_name(call.self));
  if (!number.is_integer) return Value(std::abs(number.real));
  if (number.integer < 0) return negate(Value(number.integer));
  return Value(number.integer);
}

// Digits with single underscores between them, as Python reads numbers; "" where they are torn.
std::string without_underscores(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out += text[i];
    } else if (i == 0 || i + 1 == text.size() || text[i - 1] == '_' || text[i + 1] == '_') {
      return "";
    }
  }
  return out;
}

bool parse_integer(std::string_view text, int base, int64_t& out) {
  std::string digits = without_underscores(strip(text, Side::kBoth));
  std::string_view rest = digits;
  bool negative = false;
  if (rest.starts_with('-') || rest.starts_with('+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  const auto has_prefix = [&](char lower_case) {
    return rest.size() > 2 && rest[0] == '0' && (rest[1] | 0x20) == lower_case;
  };
  const int prefix_base = has_prefix('x') ? 16 : has_prefix('o') ? 8 : has_prefix('b') ? 2 : 0;
  if (prefix_base != 0 && (base == 0 || base == prefix_base)) {
    rest.remove_prefix(2);
    base = prefix_base;
  }
  if (base == 0) base = 10;
  if (rest.empty() || rest[0] == '-' || rest[0] == '+') return false;
  const std::string signed_text = (negative ? "-" : "") + std::string(rest);
  const char* end = signed_text.data() + signed_text.size();
  const auto parsed = std::from_chars(signed_text.data(), end, out, base);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

bool parse_float(std::string_view text, double& out) {
  const std::string plain = without_underscores(strip(text, Side::kBoth));
  if (plain.empty()) return false;
  // strtod also reads hexadecimal and nan(...), which Python does not.
  for (char c : lower(plain))
    if (std::string_view("0123456789+-.einfaty").find(c) == std::string_view::npos) return false;
  char* end = nullptr;
  out = std::strtod(plain.c_str(), &end);
  return end == plain.c_str() + plain.size();
}

Result<Value> as_integer(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"default", "base"}));
  GERBIL_TRY(const int64_t base, arguments.integer(1, 10));
  if (base != 0 && (base < 2 || base > 36)) return invalid("'int': base must be 0 or 2 to 36");
  if (call.self.is_undefined()) return use_of_undefined(call.self);
  const Value fallback = arguments.get_or(0, Value(int64_t{0}));
  Number number;
  if (to_number(call.self, number)) {
    if (number.is_integer) return Value(number.integer);
  } else if (const std::string* text = call.self.string()) {
    int64_t integer = 0;
    if (parse_integer(*text, static_cast<int>(base), integer)) return Value(integer);
    if (!parse_float(*text, number.real)) return fallback;
  } else {
    return fallback;
  }
  if (std::isnan(number.real)) return fallback;
  if (!(std::abs(number.real) < kIntegerLimit))
    return invalid("'int': the number does not fit 64 bits");
  return Value(static_cast<int64_t>(number.real));
}

Result<Value> as_float(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"default"}));
  if (call.self.is_undefined()) return use_of_undefined(call.self);
  Number number;
  if (to_number(call.self, number)) return Value(number.real);
  const std::string* text = call.self.string();
  if (text && parse_float(*text, number.real)) return Value(number.real);
  return arguments.get_or(0, Value(0.0));
}

Result<Value> round_filter(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"precision", "method"}));
  GERBIL_TRY(const int64_t precision, arguments.integer(0, 0));
  GERBIL_TRY(const std::string_view method, arguments.text(1, "common"));
  Number number;
  if (call.self.is_undefined()) return use_of_undefined(call.self);
  if (!to_number(call.self, number))
    return invalid("'round' wants a number, not {}", type_name(call.self));
  if (precision < -300 || precision > 300) return invalid("'round': precision beyond 300");
  if (method == "common") {
    if (number.is_integer && precision >= 0) return Value(number.integer);
    double rounded = 0;
    if (precision >= 0) {
      // Correctly rounded decimal digits, halves to even, as Python's round has them.
      rounded = std::strtod(fmt::format("{:.{}f}", number.real, precision).c_str(), nullptr);
      if (!std::isfinite(number.real)) rounded = number.real;
    } else {
      const double unit = std::pow(10.0, static_cast<double>(-precision));
      rounded = std::nearbyint(number.real / unit) * unit;
    }
    if (number.is_integer && std::abs(rounded) < kIntegerLimit)
      return Value(static_cast<int64_t>(rounded));
    return Value(rounded);
  }
  if (method != "ceil" && method != "floor")
    return invalid("'round': method must be common, ceil or floor");
  const double unit = std::pow(10.0, static_cast<double>(precision));
  const double scaled = number.real * unit;
  return Value((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / unit);
}

Result<Value> default_filter(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"default_value", "boolean"}));
  const bool replace =
      call.self.is_undefined() || (arguments.truth(1, false) && !is_true(call.self));
  if (!replace) return call.self;
  return arguments.get_or(0, uncounted_string(""));
}

Result<Value> attribute_filter(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"name"}, 1));
  GERBIL_TRY(const std::string_view name, arguments.text(0, ""));
  // Attributes only: a dict's items do not count.
  if (call.self.dict() && !find_method(call.self, name))
    return undefined_because(fmt::format("'dict object' has no attribute '{}'", name));
  return get_attribute(call.runtime, call.self, name);
}

// json.dumps as transformers calls it.
Result<Value> tojson(const Call& call) {
  GERBIL_TRY(const Bound arguments,
             bind(call, {"ensure_ascii", "indent", "separators", "sort_keys"}));
  JsonStyle style;
  style.ensure_ascii = arguments.truth(0, false);
  style.sort_keys = arguments.truth(3, false);
  if (const Value* indent = arguments.get(1); indent && !indent->is_none()) {
    style.pretty = true;
    style.item_separator = ",";
    if (indent->string()) {
      style.indent = *indent->string();
    } else {
      GERBIL_TRY(const int64_t blanks, arguments.integer(1, 0));
      GERBIL_CHECK_OK(call.runtime.room_for(static_cast<uint64_t>(std::max<int64_t>(blanks, 0))));
      style.indent = std::string(static_cast<size_t>(std::max<int64_t>(blanks, 0)), ' ');
    }
  }
  if (const Value* separators = arguments.get(2); separators && !separators->is_none()) {
    const List* pair = separators->list();
    if (!pair || pair->items.size() != 2 || !pair->items[0].string() || !pair->items[1].string())
      return invalid("'tojson': separators must be two strings");
    style.item_separator = *pair->items[0].string();
    style.key_separator = *pair->items[1].string();
  }
  std::string out;
  GERBIL_CHECK_OK(append_json(call.runtime, call.self, style, out));
  return call.runtime.string(std::move(out));
}

constexpr Builtin kFilters[] = {
    {"abs", absolute},           {"attr", attribute_filter}, {"d", default_filter},
    {"default", default_filter}, {"float", as_float},        {"int", as_integer},
    {"round", round_filter},     {"tojson", tojson},
};

}  // namespace

std::span<const Builtin> value_filters() { return kFilters; }

}  // namespace gerbil::text::jinja
