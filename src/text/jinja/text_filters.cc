// Filters on text: https://jinja.palletsprojects.com/en/stable/templates/#builtin-filters
// Most take any value and work on what str() makes of it. See also markup.cc and layout_filters.cc.
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

// str(self), mapped. What was marked as markup stays so where the method of str that Jinja calls
// keeps it.
template <std::string (*Map)(std::string_view), bool keeps_markup>
Result<Value> mapped(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::string self, text_of(call, call.self));
  GERBIL_CHECK_OK(call.runtime.room_for(self.size() * 3));
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 8));
  return call.runtime.string(Map(self), keeps_markup && call.self.is_markup());
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

void append_url_quoted(std::string_view text, bool in_query, std::string& out) {
  const std::string_view plain_signs = in_query ? "_.-~" : "_.-~/";
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       plain_signs.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else if (in_query && c == ' ') {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
  }
}

// Text as part of a URL; pairs (a dict, or a list of them) as a query: a=b&c=d.
Result<Value> url_encode(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  std::string out;
  const auto append = [&](const Value& value, bool in_query) -> Status {
    GERBIL_TRY(const std::string text, text_of(call, value));
    GERBIL_CHECK_OK(call.runtime.work(text.size() / 8));
    GERBIL_CHECK_OK(call.runtime.room_for(out.size() + text.size() * 3));
    append_url_quoted(text, in_query, out);
    return {};
  };
  if (!call.self.list() && !call.self.dict()) {
    GERBIL_CHECK_OK(append(call.self, false));
    return call.runtime.string(std::move(out));
  }
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, call.self));
  for (const Value& item : items) {
    if (!out.empty()) out += '&';
    if (const Dict* dict = call.self.dict()) {
      GERBIL_CHECK_OK(append(item, true));
      out += '=';
      GERBIL_CHECK_OK(append(*dict->find(item), true));
      continue;
    }
    GERBIL_TRY(const std::vector<Value> pair, iterate(call.runtime, item));
    if (pair.size() != 2) return invalid("'urlencode' wants pairs, got {} values", pair.size());
    GERBIL_CHECK_OK(append(pair[0], true));
    out += '=';
    GERBIL_CHECK_OK(append(pair[1], true));
  }
  return call.runtime.string(std::move(out));
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
    return call.runtime.string(std::string(strip(self, Side::kBoth)), call.self.is_markup());
  GERBIL_TRY(const std::string_view set, arguments.text(0, ""));
  GERBIL_CHECK_OK(call.runtime.work(set.size() / 4));
  return call.runtime.string(std::string(strip(self, set, Side::kBoth)), call.self.is_markup());
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
  GERBIL_TRY(std::string self, text_of(call, call.self));
  GERBIL_TRY(const Value pattern, call.runtime.string(std::move(self), call.self.is_markup()));
  if (!call.arguments.named.empty() && !call.arguments.positional.empty())
    return invalid("'format' takes positional or named arguments, not both");
  if (call.arguments.named.empty()) {
    GERBIL_TRY(const Value values, call.runtime.list(call.arguments.positional, ListKind::kTuple));
    return percent_format(call.runtime, pattern, values);
  }
  Dict dict;
  for (const auto& [name, value] : call.arguments.named) {
    GERBIL_TRY(Value key, call.runtime.string(name));
    dict.set(std::move(key), value);
  }
  GERBIL_TRY(const Value values, call.runtime.dict(std::move(dict)));
  return percent_format(call.runtime, pattern, values);
}

constexpr Builtin kFilters[] = {
    {"capitalize", mapped<capitalize, true>},
    {"format", format_filter},
    {"lower", mapped<lower, true>},
    {"replace", replace_filter},
    {"string", as_string},
    {"title", mapped<title_words, false>},
    {"trim", trim},
    {"upper", mapped<upper, true>},
    {"urlencode", url_encode},
    {"wordcount", word_count},
};

}  // namespace

std::span<const Builtin> text_filters() { return kFilters; }

}  // namespace gerbil::text::jinja
