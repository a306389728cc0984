// Filters on text: https://jinja.palletsprojects.com/en/stable/templates/#builtin-filters
// Most take any value and work on what str() makes of it. `safe` and `escape` give plain strings:
// there is no automatic escaping to guard against.
#include <fmt/format.h>

#include <algorithm>

#include "text/jinja/arguments.h"
#include "text/jinja/builtins.h"
#include "text/jinja/format.h"
#include "text/jinja/operators.h"
#include "text/jinja/python_text.h"
#include "text/jinja/runtime.h"

namespace gerbil::text::jinja {
namespace {

// str(self), mapped.
template <std::string (*Map)(std::string_view)>
Result<Value> mapped(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::string self, text_of(call, call.self));
  GERBIL_CHECK_OK(call.runtime.room_for(self.size() * 2));
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 8));
  return call.runtime.string(Map(self));
}

// Unlike str.title, a word begins after one of a few signs only.
std::string title_words(std::string_view text) {
  static constexpr std::string_view kBefore = "-({[<";
  std::string out;
  bool begins = true;
  for_each_code_point(text, [&](char32_t c, size_t at, size_t bytes) {
    const std::string_view character = text.substr(at, bytes);
    out += begins ? upper(character) : lower(character);
    begins = is_space(c) || (bytes == 1 && kBefore.find(character[0]) != std::string_view::npos);
  });
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string url_quote(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("_.-~/").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
  }
  return out;
}

template <std::string (*Map)(std::string_view), size_t growth>
Result<Value> grown(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::string self, text_of(call, call.self));
  GERBIL_CHECK_OK(call.runtime.room_for(self.size() * growth));
  return call.runtime.string(Map(self));
}

Result<Value> as_string(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  if (call.self.string()) return call.self;
  GERBIL_TRY(std::string self, text_of(call, call.self));
  return call.runtime.string(std::move(self));
}

Result<Value> trim(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"chars"}));
  GERBIL_TRY(const std::string self, text_of(call, call.self));
  if (!arguments.get(0) || arguments.get(0)->is_none())
    return call.runtime.string(std::string(strip(self, Side::kBoth)));
  GERBIL_TRY(const std::string_view set, arguments.text(0, ""));
  GERBIL_CHECK_OK(call.runtime.work(set.size() / 4));
  return call.runtime.string(std::string(strip(self, set, Side::kBoth)));
}

Result<Value> replace_filter(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"old", "new", "count"}, 2));
  GERBIL_TRY(const std::string self, text_of(call, call.self));
  GERBIL_TRY(const std::string from, text_of(call, *arguments.get(0)));
  GERBIL_TRY(const std::string to, text_of(call, *arguments.get(1)));
  GERBIL_TRY(const int64_t limit, arguments.integer(2, -1));
  GERBIL_CHECK_OK(call.runtime.search_work(self, from));
  const auto times = static_cast<uint64_t>(count(self, from, limit));
  GERBIL_CHECK_OK(call.runtime.work(times));
  GERBIL_CHECK_OK(call.runtime.room_for(self.size() + times * to.size()));
  return call.runtime.string(replace(self, from, to, limit));
}

Result<Value> center(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"width"}));
  GERBIL_TRY(std::string self, text_of(call, call.self));
  const Value width = arguments.get_or(0, Value(int64_t{80}));
  GERBIL_TRY(const Value text, call.runtime.string(std::move(self)));
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
  return call.runtime.string(std::move(out));
}

Result<Value> truncate(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"length", "killwords", "end", "leeway"}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_TRY(const int64_t limit, arguments.integer(0, 255));
  GERBIL_TRY(const std::string_view end, arguments.text(2, "..."));
  GERBIL_TRY(const int64_t leeway, arguments.integer(3, 5));
  const int64_t end_length = length(end);
  if (limit < end_length)
    return invalid("'truncate': expected length >= {}, got {}", end_length, limit);
  if (leeway < 0) return invalid("'truncate': expected leeway >= 0, got {}", leeway);
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 16));
  if (length(self) - leeway <= limit) return call.self;
  std::string_view kept = self.substr(0, byte_offset(self, limit - end_length));
  if (!arguments.truth(1, false)) kept = split(kept, " ", 1, true).front();
  return call.runtime.string(std::string(kept).append(end));
}

Result<Value> word_count(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::string self, text_of(call, call.self));
  int64_t words = 0;
  bool in_word = false;
  for_each_code_point(self, [&](char32_t c, size_t, size_t) {
    const bool was_in_word = std::exchange(in_word, c == '_' || is_alpha(c) || is_numeric(c));
    words += in_word && !was_in_word;
  });
  return Value(words);
}

Result<Value> format_filter(const Call& call) {
  GERBIL_TRY(const std::string self, text_of(call, call.self));
  if (!call.arguments.named.empty() && !call.arguments.positional.empty())
    return invalid("'format' takes positional or named arguments, not both");
  if (call.arguments.named.empty()) {
    GERBIL_TRY(const Value values, call.runtime.list(call.arguments.positional, ListKind::kTuple));
    return percent_format(call.runtime, self, values);
  }
  Dict dict;
  for (const auto& [name, value] : call.arguments.named) {
    GERBIL_TRY(Value key, call.runtime.string(name));
    dict.set(std::move(key), value);
  }
  GERBIL_TRY(const Value values, call.runtime.dict(std::move(dict)));
  return percent_format(call.runtime, self, values);
}

constexpr Builtin kFilters[] = {
    {"capitalize", mapped<capitalize>},
    {"center", center},
    {"e", grown<escape_html, 5>},
    {"escape", grown<escape_html, 5>},
    {"forceescape", grown<escape_html, 5>},
    {"format", format_filter},
    {"indent", indent},
    {"lower", mapped<lower>},
    {"replace", replace_filter},
    {"safe", as_string},
    {"string", as_string},
    {"title", mapped<title_words>},
    {"trim", trim},
    {"truncate", truncate},
    {"upper", mapped<upper>},
    {"urlencode", grown<url_quote, 3>},
    {"wordcount", word_count},
};

}  // namespace

std::span<const Builtin> text_filters() { return kFilters; }

}  // namespace gerbil::text::jinja
