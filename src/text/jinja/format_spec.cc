// printf-style and str.format formatting: both parse to one Spec and share the writers.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/quote.h"
#include "text/jinja/format.h"
#include "text/jinja/markup.h"
#include "text/jinja/operators.h"
#include "text/jinja/python_text.h"
#include "text/utf8.h"

namespace gerbil::text::jinja {
namespace {

constexpr int kMaxWidth = 100'000;
constexpr int kMaxPrecision = 1000;

struct Spec {
  std::string fill = " ";
  char align = 0;  // < > ^ or = (padding after the sign); 0: the type's own
  char sign = '-';
  bool alternate = false;
  char grouping = 0;  // , or _
  int width = 0;
  int precision = -1;
  char type = 0;
};

std::string group_digits(std::string_view digits, char separator, size_t every) {
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % every == 0) out += separator;
    out += digits[i];
  }
  return out;
}

std::string pad(const Spec& spec, char default_align, std::string_view sign,
                std::string_view body) {
  const auto have = length(sign) + length(body);
  if (have >= spec.width) return std::string(sign).append(body);
  const auto missing = static_cast<size_t>(spec.width - have);
  const auto fill = [&](size_t n) {
    std::string out;
    for (size_t i = 0; i < n; ++i) out += spec.fill;
    return out;
  };
  const char align = spec.align ? spec.align : default_align;
  if (align == '<') return std::string(sign).append(body) + fill(missing);
  if (align == '=') return std::string(sign) + fill(missing).append(body);
  const size_t left = align == '^' ? missing / 2 : missing;
  return fill(left).append(sign).append(body) + fill(missing - left);
}

std::string sign_of(const Spec& spec, bool negative) {
  if (negative) return "-";
  return spec.sign == '-' ? "" : std::string(1, spec.sign);
}

std::string write_integer(const Spec& spec, int64_t value) {
  const uint64_t magnitude =
      value < 0 ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  std::string digits;
  std::string prefix;
  size_t every = 3;
  switch (spec.type) {
    case 'x':
      digits = fmt::format("{:x}", magnitude);
      prefix = "0x";
      every = 4;
      break;
    case 'X':
      digits = fmt::format("{:X}", magnitude);
      prefix = "0X";
      every = 4;
      break;
    case 'o':
      digits = fmt::format("{:o}", magnitude);
      prefix = "0o";
      every = 4;
      break;
    case 'b':
      digits = fmt::format("{:b}", magnitude);
      prefix = "0b";
      every = 4;
      break;
    default:
      digits = fmt::format("{}", magnitude);
  }
  const auto precision = static_cast<size_t>(std::max(spec.precision, 0));
  if (digits.size() < precision) digits.insert(0, precision - digits.size(), '0');
  if (spec.grouping) digits = group_digits(digits, spec.grouping, every);
  std::string sign = sign_of(spec, value < 0);
  if (spec.alternate) sign += prefix;
  return pad(spec, '>', sign, digits);
}

std::string write_float(const Spec& spec, double value) {
  const bool negative = std::signbit(value) && !std::isnan(value);
  const double magnitude = std::abs(value);
  std::string body;
  const bool upper_case = spec.type == 'F' || spec.type == 'E' || spec.type == 'G';
  if (!std::isfinite(value)) {
    body = std::isnan(value) ? "nan" : "inf";
  } else if (spec.type == 0 && spec.precision < 0) {
    body = float_repr(magnitude);
  } else {
    const int precision = spec.precision < 0 ? 6 : spec.precision;
    switch (spec.type) {
      case 'e':
      case 'E':
        body = fmt::format("{:.{}e}", magnitude, precision);
        break;
      case 'f':
      case 'F':
        body = fmt::format("{:.{}f}", magnitude, precision);
        break;
      case '%':
        body = fmt::format("{:.{}f}%", magnitude * 100, precision);
        break;
      default:
        body = fmt::format("{:.{}g}", magnitude, std::max(precision, 1));
    }
  }
  if (upper_case)
    for (char& c : body) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  if (spec.grouping && std::isfinite(value)) {
    const size_t whole = body.find_first_not_of("0123456789");
    const std::string rest = whole == std::string::npos ? "" : body.substr(whole);
    body = group_digits(std::string_view(body).substr(0, whole), spec.grouping, 3) + rest;
  }
  return pad(spec, '>', sign_of(spec, negative), body);
}

std::string write_string(const Spec& spec, std::string_view text) {
  if (spec.precision >= 0 && length(text) > spec.precision)
    text = text.substr(0, byte_offset(text, spec.precision));
  return pad(spec, '<', "", text);
}

// Reads digits at `at`; -1 where there are none, more than `limit` is cut to limit + 1.
int read_count(std::string_view text, size_t& at, int limit) {
  int value = -1;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    value = std::min(std::max(value, 0) * 10 + (text[at] - '0'), limit + 1);
    ++at;
  }
  return value;
}

Status check_sizes(const Spec& spec) {
  if (spec.width > kMaxWidth) return invalid("a format's width is larger than {}", kMaxWidth);
  if (spec.precision > kMaxPrecision)
    return invalid("a format's precision is larger than {}", kMaxPrecision);
  return {};
}

std::unexpected<Error> wrong_type(char code, const Value& value) {
  return invalid("%{} format: a number is required, not {}", code, type_name(value));
}

Result<std::string> percent_field(Runtime& runtime, const Spec& spec, const Value& value,
                                  bool escapes) {
  Number number;
  switch (spec.type) {
    case 's':
    case 'r':
    case 'a': {
      std::string text;
      if (spec.type == 's') {
        GERBIL_CHECK_OK(append_text(runtime, value, text));
      } else {
        GERBIL_CHECK_OK(append_repr(runtime, value, text));
      }
      if (escapes && !value.is_markup()) {
        GERBIL_CHECK_OK(runtime.room_for(text.size() * 5));
        text = escape_html(text);
      }
      Spec right = spec;
      if (!right.align) right.align = '>';
      return write_string(right, text);
    }
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o': {
      if (!to_number(value, number)) return wrong_type(spec.type, value);
      if (!number.is_integer) {
        if (spec.type == 'x' || spec.type == 'X' || spec.type == 'o')
          return invalid("%{} format: an integer is required, not float", spec.type);
        if (!(std::abs(number.real) < 9.2e18))
          return invalid("{} does not fit an integer", float_repr(number.real));
        number.integer = static_cast<int64_t>(number.real);
      }
      return write_integer(spec, number.integer);
    }
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      if (!to_number(value, number)) return wrong_type(spec.type, value);
      return write_float(spec, number.real);
    case 'c': {
      std::string text;
      if (value.string() && length(*value.string()) == 1) {
        text = *value.string();
      } else if (to_number(value, number) && number.is_integer && number.integer >= 0 &&
                 number.integer < 0x110000 &&
                 (number.integer < 0xD800 || number.integer > 0xDFFF)) {
        append_utf8(text, static_cast<char32_t>(number.integer));
      } else {
        return invalid("%c requires a character or its number");
      }
      Spec right = spec;
      if (!right.align) right.align = '>';
      return write_string(right, text);
    }
    default:
      break;
  }
  return fail(ErrorCode::kInternal, "parse_percent_spec let '%{}' pass", spec.type);
}

// [[fill]align][sign][#][0][width][grouping][.precision][type]
Result<Spec> parse_spec(std::string_view text) {
  Spec spec;
  size_t at = 0;
  const auto is_align = [](char c) { return c == '<' || c == '>' || c == '^' || c == '='; };
  if (!text.empty()) {
    const uint32_t first = utf8_step(text, 0).size;
    if (first < text.size() && is_align(text[first])) {
      spec.fill = text.substr(0, first);
      spec.align = text[first];
      at = first + 1;
    } else if (is_align(text[0])) {
      spec.align = text[0];
      at = 1;
    }
  }
  const auto take = [&](std::string_view set) -> char {
    if (at < text.size() && set.find(text[at]) != std::string_view::npos) return text[at++];
    return 0;
  };
  if (const char sign = take("+- ")) spec.sign = sign;
  spec.alternate = take("#") != 0;
  if (take("0") && !spec.align) {
    spec.fill = "0";
    spec.align = '=';
  }
  spec.width = std::max(read_count(text, at, kMaxWidth), 0);
  spec.grouping = take(",_");
  if (take(".")) {
    spec.precision = read_count(text, at, kMaxPrecision);
    if (spec.precision < 0) return invalid("format specifier misses a precision");
  }
  spec.type = take("bdeEfFgGosxX%");
  if (at != text.size()) return invalid("invalid format specifier {}", in_quotes(text));
  GERBIL_CHECK_OK(check_sizes(spec));
  return spec;
}

Result<std::string> brace_field(Runtime& runtime, const Value& value, std::string_view text) {
  if (text.empty()) return to_text(runtime, value);
  GERBIL_TRY(const Spec spec, parse_spec(text));
  const auto unknown_type = [&] {
    return invalid("unknown format code '{}' for an object of type '{}'", spec.type,
                   type_name(value));
  };
  Number number;
  if (to_number(value, number)) {
    if (std::string_view("eEfFgG%").find(spec.type) != std::string_view::npos ||
        !number.is_integer) {
      if (std::string_view("bcdoxXs").find(spec.type) != std::string_view::npos && spec.type)
        return unknown_type();
      return write_float(spec, number.real);
    }
    if (spec.type == 's') return unknown_type();
    return write_integer(spec, number.integer);
  }
  if (const std::string* s = value.string()) {
    if (spec.type && spec.type != 's') return unknown_type();
    return write_string(spec, *s);
  }
  return invalid("unsupported format string passed to {}", type_name(value));
}

// The values of a printf-style pattern: a tuple in order, a dict by name, or one value.
class PercentValues {
 public:
  explicit PercentValues(const Value& values) : values_(values) {
    const List* list = values.list();
    if (list && list->kind == ListKind::kTuple) tuple_ = list;
  }
  Result<Value> next() {
    if (tuple_) {
      if (next_ >= tuple_->items.size()) return invalid("not enough arguments for format string");
      return tuple_->items[next_++];
    }
    if (next_ > 0) return invalid("not enough arguments for format string");
    ++next_;
    return values_;
  }
  Result<Value> named(std::string_view name) {
    used_by_name_ = true;
    if (!values_.dict()) return invalid("format requires a mapping");
    const Value* found = values_.dict()->find(name);
    if (!found) return invalid("format names a missing key {}", in_quotes(name));
    return *found;
  }
  bool all_used() const {
    if (tuple_) return next_ >= tuple_->items.size();
    return next_ > 0 || used_by_name_ || values_.dict() || values_.list();
  }

 private:
  const Value& values_;
  const List* tuple_ = nullptr;
  size_t next_ = 0;
  bool used_by_name_ = false;
};

// Flags, width and precision of a printf-style field; `at` stands after the % and the name.
Result<Spec> parse_percent_spec(std::string_view pattern, size_t& at, PercentValues& values) {
  static constexpr std::string_view kLengths = "hlL";  // C's; Python reads over one of them
  static constexpr std::string_view kTypes = "diuxXoeEfFgGcrsa";
  Spec spec;
  for (; at < pattern.size(); ++at) {
    if (pattern[at] == '-') {
      spec.align = '<';
    } else if (pattern[at] == '0') {
      spec.fill = "0";
    } else if (pattern[at] == '+') {
      spec.sign = '+';
    } else if (pattern[at] == ' ') {
      if (spec.sign != '+') spec.sign = ' ';
    } else if (pattern[at] == '#') {
      spec.alternate = true;
    } else {
      break;
    }
  }
  const auto count = [&](int limit) -> Result<int> {
    if (at >= pattern.size() || pattern[at] != '*') return read_count(pattern, at, limit);
    ++at;
    GERBIL_TRY(const Value value, values.next());
    if (!value.integer()) return invalid("* wants an int");
    return static_cast<int>(std::clamp<int64_t>(*value.integer(), -limit - 1, limit + 1));
  };
  GERBIL_TRY(const int width, count(kMaxWidth));
  spec.width = std::max(width, 0);
  if (at < pattern.size() && pattern[at] == '.') {
    ++at;
    GERBIL_TRY(const int precision, count(kMaxPrecision));
    spec.precision = std::max(precision, 0);
  }
  GERBIL_CHECK_OK(check_sizes(spec));
  if (at < pattern.size() && kLengths.find(pattern[at]) != std::string_view::npos) ++at;
  if (at >= pattern.size()) return invalid("incomplete format");
  if (kTypes.find(pattern[at]) == std::string_view::npos)
    return invalid("unsupported format character {}",
                   in_quotes(pattern.substr(at, utf8_step(pattern, at).size)));
  spec.type = pattern[at++];
  const bool numeric = spec.type != 's' && spec.type != 'r' && spec.type != 'a' && spec.type != 'c';
  if (spec.align == '<' || !numeric) {
    spec.fill = " ";
  } else if (spec.fill == "0") {
    spec.align = '=';
  }
  return spec;
}

// str.format. Fields may hold fields in their spec, one level deep, as in Python.
class BraceFormatter {
 public:
  BraceFormatter(Runtime& runtime, const Arguments& arguments, bool escapes)
      : runtime_(runtime), arguments_(arguments), escapes_(escapes) {}

  Result<Value> run(std::string_view pattern) {
    GERBIL_TRY(std::string out, expand(pattern, 0));
    return runtime_.string(std::move(out), escapes_);
  }

 private:
  static constexpr int kMaxDepth = 2;

  Result<std::string> expand(std::string_view pattern, int depth) {
    if (depth > kMaxDepth) return invalid("a format string's fields are nested too deep");
    std::string out;
    size_t at = 0;
    while (at < pattern.size()) {
      const size_t brace = pattern.find_first_of("{}", at);
      out += pattern.substr(at, brace - at);
      if (brace == std::string_view::npos) break;
      at = brace + 1;
      if (at < pattern.size() && pattern[at] == pattern[brace]) {
        out += pattern[at++];
        continue;
      }
      if (pattern[brace] == '}') return invalid("single '}}' encountered in format string");
      const size_t close = closing_brace(pattern, at);
      if (close == std::string_view::npos)
        return invalid("single '{{' encountered in format string");
      GERBIL_TRY(const std::string text, field(pattern.substr(at, close - at), depth));
      at = close + 1;
      GERBIL_CHECK_OK(runtime_.work(1 + text.size() / 64));
      GERBIL_CHECK_OK(runtime_.room_for(out.size() + text.size()));
      out += text;
    }
    return out;
  }

  static size_t closing_brace(std::string_view pattern, size_t at) {
    int open = 0;
    for (; at < pattern.size(); ++at) {
      if (pattern[at] == '{') ++open;
      if (pattern[at] == '}' && open-- == 0) return at;
    }
    return std::string_view::npos;
  }

  // name[!conversion][:spec]
  Result<std::string> field(std::string_view field, int depth) {
    std::string_view spec_text;
    if (const size_t colon = field.find_first_of(":!"); colon != std::string_view::npos) {
      spec_text = field.substr(colon);
      field = field.substr(0, colon);
    }
    char conversion = 0;
    if (spec_text.starts_with('!')) {
      const size_t end = std::min(spec_text.find(':'), spec_text.size());
      const std::string_view kind = spec_text.substr(1, end - 1);
      if (kind != "s" && kind != "r" && kind != "a")
        return invalid("unknown conversion {} in a format string", in_quotes(kind));
      conversion = kind[0];
      spec_text.remove_prefix(end);
    }
    if (!spec_text.empty()) spec_text.remove_prefix(1);
    GERBIL_TRY(const Value value, look_up(field));
    GERBIL_TRY(const std::string spec, expand(spec_text, depth + 1));
    std::string text;
    if (conversion) {
      if (conversion == 's') {
        GERBIL_CHECK_OK(append_text(runtime_, value, text));
      } else {
        GERBIL_CHECK_OK(append_repr(runtime_, value, text));
      }
      GERBIL_TRY(const Spec parsed, parse_spec(spec));
      text = write_string(parsed, text);
    } else {
      GERBIL_TRY(text, brace_field(runtime_, value, spec));
    }
    if (escapes_ && !value.is_markup()) {
      GERBIL_CHECK_OK(runtime_.room_for(text.size() * 5));
      return escape_html(text);
    }
    return text;
  }

  // "", "0" or "name", and then .attribute and [item] as often as there are.
  Result<Value> look_up(std::string_view field) {
    const size_t end = std::min(field.find_first_of(".["), field.size());
    std::string_view rest = field.substr(end);
    GERBIL_TRY(Value value, argument(field.substr(0, end)));
    while (!rest.empty()) {
      const bool is_item = rest[0] == '[';
      rest.remove_prefix(1);
      const size_t stop =
          is_item ? rest.find(']') : std::min(rest.find_first_of(".["), rest.size());
      if (stop == std::string_view::npos || stop == 0)
        return invalid("a field of a format string is torn");
      const std::string_view name = rest.substr(0, stop);
      rest.remove_prefix(stop + (is_item ? 1 : 0));
      if (is_item && !rest.empty() && rest[0] != '.' && rest[0] != '[')
        return invalid("only '.' or '[' may follow ']' in a format string");
      if (is_item) {
        size_t digits = 0;
        const int index = read_count(name, digits, kMaxWidth);
        const bool is_index = index >= 0 && digits == name.size();
        GERBIL_TRY(value, get_item(runtime_, value,
                                   is_index ? Value(int64_t{index})
                                            : uncounted_string(std::string(name))));
      } else {
        GERBIL_TRY(value, get_attribute(runtime_, value, name));
      }
    }
    return value;
  }

  Result<Value> argument(std::string_view name) {
    size_t digits = 0;
    const int index = read_count(name, digits, kMaxWidth);
    if (name.empty() || (index >= 0 && digits == name.size())) {
      const size_t position = name.empty() ? next_++ : static_cast<size_t>(index);
      if (position >= arguments_.positional.size())
        return invalid("a format string refers to argument {} of {}", position,
                       arguments_.positional.size());
      return arguments_.positional[position];
    }
    for (const auto& [key, value] : arguments_.named)
      if (key == name) return value;
    return invalid("a format string refers to a missing argument {}", in_quotes(name));
  }

  Runtime& runtime_;
  const Arguments& arguments_;
  bool escapes_;
  size_t next_ = 0;
};

}  // namespace

Result<Value> percent_format(Runtime& runtime, const Value& pattern_value, const Value& values) {
  const std::string_view pattern = *pattern_value.string();
  const bool escapes = pattern_value.is_markup();
  PercentValues source(values);
  std::string out;
  size_t at = 0;
  while (at < pattern.size()) {
    const size_t percent = pattern.find('%', at);
    out += pattern.substr(at, percent - at);
    if (percent == std::string_view::npos) break;
    at = percent + 1;
    if (at < pattern.size() && pattern[at] == '%') {
      out += '%';
      ++at;
      continue;
    }
    std::optional<std::string_view> name;
    if (at < pattern.size() && pattern[at] == '(') {
      size_t close = at + 1;
      for (int open = 1; close < pattern.size(); ++close) {
        open += pattern[close] == '(' ? 1 : pattern[close] == ')' ? -1 : 0;
        if (open == 0) break;
      }
      if (close >= pattern.size()) return invalid("incomplete format key");
      name = pattern.substr(at + 1, close - at - 1);
      at = close + 1;
    }
    GERBIL_TRY(const Spec spec, parse_percent_spec(pattern, at, source));
    GERBIL_TRY(const Value value, name ? source.named(*name) : source.next());
    GERBIL_TRY(const std::string field, percent_field(runtime, spec, value, escapes));
    GERBIL_CHECK_OK(runtime.work(1 + field.size() / 64));
    GERBIL_CHECK_OK(runtime.room_for(out.size() + field.size()));
    out += field;
  }
  if (!source.all_used()) return invalid("not all arguments converted during string formatting");
  return runtime.string(std::move(out), escapes);
}

Result<Value> brace_format(Runtime& runtime, const Value& pattern, const Arguments& arguments) {
  return BraceFormatter(runtime, arguments, pattern.is_markup()).run(*pattern.string());
}

}  // namespace gerbil::text::jinja
