// Filters that lay text out in lines and columns, and numbers for people:
// https://jinja.palletsprojects.com/en/stable/templates/#builtin-filters
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "text/jinja/arguments.h"
#include "text/jinja/builtins.h"
#include "text/jinja/format.h"
#include "text/jinja/markup.h"
#include "text/jinja/operators.h"
#include "text/jinja/pretty.h"
#include "text/jinja/python_text.h"
#include "text/jinja/runtime.h"
#include "text/jinja/word_wrap.h"

namespace gerbil::text::jinja {
namespace {

Result<Value> center(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"width"}));
  GERBIL_TRY(std::string self, text_of(call, call.self));
  const Value width = arguments.get_or(0, Value(int64_t{80}));
  GERBIL_TRY(const Value text, call.runtime.string(std::move(self), call.self.is_markup()));
  const Arguments forwarded{{width}, {}};
  return find_method(text, "center")(Call{call.runtime, call.name, text, forwarded});
}

// How far lines are shifted: a number of blanks, or a string.
Result<std::string> indention(const Call& call, const Value* width) {
  if (width && width->string()) return *width->string();
  int64_t blanks = 4;
  if (width) {
    Number number;
    if (!to_number(*width, number) || !number.is_integer)
      return invalid("'indent': the width must be an int or a str");
    blanks = std::max<int64_t>(number.integer, 0);
  }
  GERBIL_CHECK_OK(call.runtime.room_for(static_cast<uint64_t>(blanks)));
  return std::string(static_cast<size_t>(blanks), ' ');
}

Result<Value> indent(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"width", "first", "blank"}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_TRY(const std::string shift, indention(call, arguments.get(0)));
  const bool first = arguments.truth(1, false);
  const bool blank = arguments.truth(2, false);
  // A last line break counts only if something follows it, so one is added: "a\n" is two lines.
  const std::string text = std::string(self) + "\n";
  const std::vector<std::string_view> lines = split_lines(text, false);
  GERBIL_CHECK_OK(call.runtime.room_for(text.size() + lines.size() * (shift.size() + 1)));
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    if (i == 0 ? first : blank || !lines[i].empty()) out += shift;
    out += lines[i];
  }
  return call.runtime.string(std::move(out), call.self.is_markup());
}

Result<Value> truncate(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"length", "killwords", "end", "leeway"}));
  GERBIL_TRY(const int64_t limit, arguments.integer(0, 255));
  GERBIL_TRY(const std::string_view end, arguments.text(2, "..."));
  GERBIL_TRY(const int64_t leeway, arguments.integer(3, 5));
  const int64_t end_length = length(end);
  if (limit < end_length)
    return invalid("'truncate': expected length >= {}, got {}", end_length, limit);
  if (leeway < 0) return invalid("'truncate': expected leeway >= 0, got {}", leeway);
  GERBIL_CHECK_OK(call.runtime.work(call.self.weight()));
  GERBIL_TRY(const int64_t have, length_of(call.self));
  if (have - leeway <= limit) return call.self;  // whatever it is
  GERBIL_TRY(const std::string_view self, self_string(call));
  std::string_view kept = self.substr(0, byte_offset(self, limit - end_length));
  if (!arguments.truth(1, false)) kept = split(kept, " ", 1, true).front();
  if (!call.self.is_markup()) return call.runtime.string(std::string(kept).append(end));
  return call.runtime.string(std::string(kept) + escape_html(end), true);
}

// The lines of a text, each broken where it is longer than `width`.
Result<Value> word_wrap(const Call& call) {
  GERBIL_TRY(const Bound arguments,
             bind(call, {"width", "break_long_words", "wrapstring", "break_on_hyphens"}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_TRY(const int64_t width, arguments.integer(0, 79));
  GERBIL_TRY(const std::string_view separator, arguments.text(2, "\n"));
  const WrapStyle style{width, arguments.truth(1, true), arguments.truth(3, true)};
  // About a word's bookkeeping per character, at worst.
  GERBIL_CHECK_OK(call.runtime.work(self.size()));
  GERBIL_CHECK_OK(call.runtime.room_for(self.size() * 32));
  std::string out;
  bool first = true;
  for (std::string_view line : split_lines(self, false)) {
    if (width <= 0) return invalid("'wordwrap': invalid width {} (must be > 0)", width);
    std::vector<std::string> wrapped = wrap_line(line, style);
    if (wrapped.empty()) wrapped.emplace_back();
    for (const std::string& piece : wrapped) {
      GERBIL_CHECK_OK(call.runtime.room_for(out.size() + separator.size() + piece.size()));
      if (!std::exchange(first, false)) out += separator;
      out += piece;
    }
  }
  return call.runtime.string(std::move(out));
}

Result<Value> file_size(const Call& call) {
  static constexpr std::string_view kLetters = "kMGTPEZY";
  GERBIL_TRY(const Bound arguments, bind(call, {"binary"}));
  const Arguments nothing_else{{Value(None{})}, {}};
  GERBIL_TRY(const Value size,
             find_filter("float")(Call{call.runtime, "float", call.self, nothing_else}));
  if (!size.real()) return invalid("'filesizeformat' wants a number, not {}", type_name(call.self));
  const bool binary = arguments.truth(0, false);
  const double bytes = *size.real();
  if (bytes == 1) return call.runtime.string("1 Byte");
  const double base = binary ? 1024 : 1000;
  if (bytes < base) return call.runtime.string(fmt::format("{:.0f} Bytes", std::trunc(bytes)));
  size_t power = 0;
  double unit = base * base;
  while (!(bytes < unit) && power + 1 < kLetters.size()) {
    unit *= base;
    ++power;
  }
  const char letter = binary && power == 0 ? 'K' : kLetters[power];
  return call.runtime.string(
      fmt::format("{:.1f} {}{}", base * bytes / unit, letter, binary ? "iB" : "B"));
}

// pprint.pformat: dicts in the order of their keys, what is wider than a line over several.
Result<Value> pretty_print(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  std::string out;
  GERBIL_CHECK_OK(append_pretty(call.runtime, call.self, out));
  return call.runtime.string(std::move(out));
}

Result<Value> not_repeatable(const Call& call) {
  return unsupported("the filter '{}' is not supported: a prompt must not depend on chance",
                     call.name);
}

Result<Value> not_supported(const Call& call) {
  return unsupported("the filter '{}' is not supported", call.name);
}

constexpr Builtin kFilters[] = {
    {"center", center},        {"filesizeformat", file_size}, {"indent", indent},
    {"pprint", pretty_print},  {"random", not_repeatable},    {"truncate", truncate},
    {"urlize", not_supported}, {"wordwrap", word_wrap},
};

}  // namespace

std::span<const Builtin> layout_filters() { return kFilters; }

}  // namespace gerbil::text::jinja
