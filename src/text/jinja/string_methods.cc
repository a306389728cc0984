// Methods of str: https://docs.python.org/3/library/stdtypes.html#string-methods
#include <algorithm>

#include "text/jinja/arguments.h"
#include "text/jinja/builtins.h"
#include "text/jinja/format.h"
#include "text/jinja/operators.h"
#include "text/jinja/python_text.h"
#include "text/jinja/runtime.h"

namespace gerbil::text::jinja {
namespace {

// self without arguments, mapped to a new string.
template <std::string (*Map)(std::string_view)>
Result<Value> mapped(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_CHECK_OK(call.runtime.room_for(self.size() * 3));
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 8));
  return call.runtime.string(Map(self));
}

template <Side side>
Result<Value> stripped(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"chars"}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 32));
  if (!arguments.get(0) || arguments.get(0)->is_none())
    return call.runtime.string(std::string(strip(self, side)));
  GERBIL_TRY(const std::string_view set, arguments.text(0, ""));
  GERBIL_CHECK_OK(call.runtime.work(set.size() / 4));
  return call.runtime.string(std::string(strip(self, set, side)));
}

Result<Value> list_of(Runtime& runtime, const std::vector<std::string_view>& parts,
                      ListKind kind = ListKind::kList) {
  GERBIL_CHECK_OK(runtime.room_for(parts.size() * sizeof(Value)));
  std::vector<Value> items;
  items.reserve(parts.size());
  for (std::string_view part : parts) {
    GERBIL_TRY(Value item, runtime.string(std::string(part)));
    items.push_back(std::move(item));
  }
  return runtime.list(std::move(items), kind);
}

template <bool from_right>
Result<Value> split_method(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"sep", "maxsplit"}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_TRY(const int64_t limit, arguments.integer(1, -1));
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 16));
  if (!arguments.get(0) || arguments.get(0)->is_none())
    return list_of(call.runtime, split(self, limit, from_right));
  GERBIL_TRY(const std::string_view separator, arguments.text(0, ""));
  if (separator.empty()) return invalid("empty separator");
  GERBIL_CHECK_OK(call.runtime.search_work(self, separator));
  return list_of(call.runtime, split(self, separator, limit, from_right));
}

Result<Value> splitlines(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"keepends"}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 16));
  return list_of(call.runtime, split_lines(self, arguments.truth(0, false)));
}

// partition and rpartition: (before, separator, after).
template <bool from_right>
Result<Value> partition(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"sep"}, 1));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_TRY(const std::string_view separator, arguments.text(0, ""));
  if (separator.empty()) return invalid("empty separator");
  GERBIL_CHECK_OK(call.runtime.search_work(self, separator));
  const size_t at = from_right ? self.rfind(separator) : self.find(separator);
  std::vector<std::string_view> parts;
  if (at != std::string_view::npos) {
    parts = {self.substr(0, at), separator, self.substr(at + separator.size())};
  } else if (from_right) {
    parts = {"", "", self};
  } else {
    parts = {self, "", ""};
  }
  return list_of(call.runtime, parts, ListKind::kTuple);
}

// The part of self between the optional arguments `first` and `first + 1`; false where the start
// lies behind the end of the string, so that nothing is found there, not even "".
Result<bool> narrow(const Call& call, const Bound& arguments, size_t first, std::string_view& self,
                    int64_t& offset) {
  const bool whole = !arguments.get(first) && !arguments.get(first + 1);
  offset = 0;
  if (whole) return true;
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 16));
  const int64_t size = length(self);
  GERBIL_TRY(int64_t start, arguments.integer(first, 0));
  GERBIL_TRY(int64_t end, arguments.integer(first + 1, size));
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (end < 0) end = std::max<int64_t>(end + size, 0);
  end = std::min(end, size);
  if (start > end) return false;
  const size_t begin = byte_offset(self, start);
  self = self.substr(begin, byte_offset(self, end) - begin);
  offset = start;
  return true;
}

// find, rfind, index, rindex.
template <bool from_right, bool must_find>
Result<Value> find_method_of_str(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"sub", "start", "end"}, 1));
  GERBIL_TRY(std::string_view self, self_string(call));
  GERBIL_TRY(const std::string_view part, arguments.text(0, ""));
  int64_t offset = 0;
  GERBIL_TRY(const bool possible, narrow(call, arguments, 1, self, offset));
  GERBIL_CHECK_OK(call.runtime.search_work(self, part));
  const size_t at = from_right ? self.rfind(part) : self.find(part);
  if (possible && at != std::string_view::npos) return Value(offset + length(self.substr(0, at)));
  if (must_find) return invalid("substring not found");
  return Value(int64_t{-1});
}

Result<Value> count_method(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"sub", "start", "end"}, 1));
  GERBIL_TRY(std::string_view self, self_string(call));
  GERBIL_TRY(const std::string_view part, arguments.text(0, ""));
  int64_t offset = 0;
  GERBIL_TRY(const bool possible, narrow(call, arguments, 1, self, offset));
  GERBIL_CHECK_OK(call.runtime.search_work(self, part));
  return Value(possible ? count(self, part) : int64_t{0});
}

// startswith and endswith: a string or a tuple of them.
template <bool at_end>
Result<Value> has_affix(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"affix", "start", "end"}, 1));
  GERBIL_TRY(std::string_view self, self_string(call));
  int64_t offset = 0;
  GERBIL_TRY(const bool possible, narrow(call, arguments, 1, self, offset));
  const auto matches = [&](const Value& affix) {
    const std::string_view text = *affix.string();
    return possible && (at_end ? self.ends_with(text) : self.starts_with(text));
  };
  const Value& affix = *arguments.get(0);
  if (affix.string()) return Value(matches(affix));
  const List* list = affix.list();
  if (!list || list->kind != ListKind::kTuple)
    return invalid("'{}' wants a str or a tuple of str, not {}", call.name, type_name(affix));
  for (const Value& item : list->items)
    if (!item.string()) return invalid("'{}' wants a tuple of str", call.name);
  return Value(std::any_of(list->items.begin(), list->items.end(), matches));
}

Result<Value> replace_method(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"old", "new", "count"}, 2));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_TRY(const std::string_view from, arguments.text(0, ""));
  GERBIL_TRY(const std::string_view to, arguments.text(1, ""));
  GERBIL_TRY(const int64_t limit, arguments.integer(2, -1));
  GERBIL_CHECK_OK(call.runtime.search_work(self, from));
  const auto times = static_cast<uint64_t>(count(self, from, limit));
  GERBIL_CHECK_OK(call.runtime.work(times));
  GERBIL_CHECK_OK(call.runtime.room_for(self.size() + times * to.size()));
  return call.runtime.string(replace(self, from, to, limit));
}

Result<Value> join_method(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"iterable"}, 1));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, *arguments.get(0)));
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string* text = items[i].string();
    if (!text)
      return invalid("sequence item {}: expected str instance, {} found", i, type_name(items[i]));
    GERBIL_CHECK_OK(call.runtime.work(1 + (text->size() + self.size()) / 64));
    GERBIL_CHECK_OK(call.runtime.room_for(out.size() + self.size() + text->size()));
    if (i > 0) out += self;
    out += *text;
  }
  return call.runtime.string(std::move(out));
}

Result<Value> format_method(const Call& call) {
  return brace_format(call.runtime, call.self, call.arguments);
}

// str.format with the names in a dict.
Result<Value> format_map(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"mapping"}, 1));
  const Dict* dict = arguments.get(0)->dict();
  if (!dict) return invalid("'format_map' wants a mapping, not {}", type_name(*arguments.get(0)));
  Arguments named;
  GERBIL_CHECK_OK(call.runtime.work(dict->entries.size()));
  for (const Dict::Entry& entry : dict->entries)
    if (entry.key.string()) named.named.emplace_back(*entry.key.string(), entry.value);
  return brace_format(call.runtime, call.self, named);
}

// Whether all characters, of which there is at least one, satisfy a predicate.
template <bool (*Is)(char32_t)>
Result<Value> all_are(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 8));
  bool all = !self.empty();
  for_each_code_point(self, [&](char32_t c, size_t, size_t) { all = all && Is(c); });
  return Value(all);
}

bool is_alphanumeric(char32_t c) { return is_alpha(c) || is_numeric(c); }

// isupper and islower: no letter of the other case, and at least one of this.
template <bool want_upper>
Result<Value> has_case(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 8));
  bool wanted = false;
  bool other = false;
  for_each_code_point(self, [&](char32_t c, size_t, size_t) {
    (want_upper == is_upper(c) ? wanted : other) |= is_upper(c) || is_lower(c);
  });
  return Value(wanted && !other);
}

bool is_ascii(char32_t c) { return c < 0x80; }

// isascii and isprintable: true of "" too.
template <bool (*Is)(char32_t)>
Result<Value> none_is_not(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 8));
  bool all = true;
  for_each_code_point(self, [&](char32_t c, size_t, size_t) { all = all && Is(c); });
  return Value(all);
}

Result<Value> is_identifier(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 8));
  bool all = !self.empty();
  for_each_code_point(self, [&](char32_t c, size_t at, size_t) {
    all = all && (c == '_' || is_alpha(c) || (at > 0 && is_decimal(c)));
  });
  return Value(all);
}

// Each word begins with an upper case letter and goes on in lower case.
Result<Value> is_title(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_CHECK_OK(call.runtime.work(self.size() / 8));
  bool titled = true;
  bool cased = false;
  bool after_cased = false;
  for_each_code_point(self, [&](char32_t c, size_t, size_t) {
    const bool begins = is_upper(c) || is_title_case(c);
    if (begins) titled = titled && !after_cased;
    if (is_lower(c)) titled = titled && after_cased;
    after_cased = begins || is_lower(c);
    cased = cased || after_cased;
  });
  return Value(titled && cased);
}

Result<Value> expand_tabs(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"tabsize"}));
  GERBIL_TRY(const std::string_view self, self_string(call));
  GERBIL_TRY(const int64_t size, arguments.integer(0, 8));
  const auto tabs = static_cast<uint64_t>(count(self, "\t"));
  const auto width = static_cast<uint64_t>(std::clamp<int64_t>(size, 0, int64_t{1} << 30));
  GERBIL_CHECK_OK(call.runtime.room_for(self.size() + tabs * width));
  std::string out;
  uint64_t column = 0;
  for_each_code_point(self, [&](char32_t c, size_t at, size_t bytes) {
    if (c == '\t') {
      const uint64_t blanks = width == 0 ? 0 : width - column % width;
      out.append(blanks, ' ');
      column += blanks;
    } else {
      out += self.substr(at, bytes);
      column = c == '\n' || c == '\r' ? 0 : column + 1;
    }
  });
  return call.runtime.string(std::move(out));
}

enum class Pad : uint8_t { kLeft, kRight, kCenter, kZero };

// ljust, rjust, center, zfill.
template <Pad pad>
Result<Value> padded(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"width", "fillchar"}, 1));
  GERBIL_TRY(std::string_view self, self_string(call));
  GERBIL_TRY(const int64_t width, arguments.integer(0, 0));
  GERBIL_TRY(std::string_view fill, arguments.text(1, " "));
  if (length(fill) != 1) return invalid("'{}': the fill must be one character", call.name);
  const int64_t missing = width - length(self);
  if (missing <= 0) return call.runtime.string(std::string(self));
  GERBIL_CHECK_OK(call.runtime.room_for(
      self.size() + static_cast<uint64_t>(std::min<int64_t>(missing, 1 << 30)) * fill.size()));
  std::string out;
  if (pad == Pad::kZero) {
    fill = "0";
    if (self.starts_with('-') || self.starts_with('+')) {
      out += self[0];
      self.remove_prefix(1);
    }
  }
  int64_t left = pad == Pad::kLeft ? 0 : missing;
  if (pad == Pad::kCenter) left = missing / 2 + (missing & width & 1);  // as CPython rounds
  for (int64_t i = 0; i < left; ++i) out += fill;
  out += self;
  for (int64_t i = left; i < missing; ++i) out += fill;
  return call.runtime.string(std::move(out));
}

template <bool at_end>
Result<Value> remove_affix(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"affix"}, 1));
  GERBIL_TRY(std::string_view self, self_string(call));
  GERBIL_TRY(const std::string_view affix, arguments.text(0, ""));
  if (at_end && self.ends_with(affix)) self.remove_suffix(affix.size());
  if (!at_end && self.starts_with(affix)) self.remove_prefix(affix.size());
  return call.runtime.string(std::string(self));
}

constexpr Builtin kMethods[] = {
    {"capitalize", mapped<capitalize>},
    {"casefold", mapped<case_fold>},
    {"center", padded<Pad::kCenter>},
    {"count", count_method},
    {"endswith", has_affix<true>},
    {"expandtabs", expand_tabs},
    {"find", find_method_of_str<false, false>},
    {"format", format_method},
    {"format_map", format_map},
    {"index", find_method_of_str<false, true>},
    {"isalnum", all_are<is_alphanumeric>},
    {"isalpha", all_are<is_alpha>},
    {"isascii", none_is_not<is_ascii>},
    {"isdecimal", all_are<is_decimal>},
    {"isdigit", all_are<is_digit>},
    {"isidentifier", is_identifier},
    {"islower", has_case<false>},
    {"isnumeric", all_are<is_numeric>},
    {"isprintable", none_is_not<is_printable>},
    {"isspace", all_are<is_space>},
    {"istitle", is_title},
    {"isupper", has_case<true>},
    {"join", join_method},
    {"ljust", padded<Pad::kLeft>},
    {"lower", mapped<lower>},
    {"lstrip", stripped<Side::kLeft>},
    {"partition", partition<false>},
    {"removeprefix", remove_affix<false>},
    {"removesuffix", remove_affix<true>},
    {"replace", replace_method},
    {"rfind", find_method_of_str<true, false>},
    {"rindex", find_method_of_str<true, true>},
    {"rjust", padded<Pad::kRight>},
    {"rpartition", partition<true>},
    {"rsplit", split_method<true>},
    {"rstrip", stripped<Side::kRight>},
    {"split", split_method<false>},
    {"splitlines", splitlines},
    {"startswith", has_affix<false>},
    {"strip", stripped<Side::kBoth>},
    {"swapcase", mapped<swap_case>},
    {"title", mapped<title>},
    {"upper", mapped<upper>},
    {"zfill", padded<Pad::kZero>},
};

}  // namespace

std::span<const Builtin> string_methods() { return kMethods; }

}  // namespace gerbil::text::jinja
