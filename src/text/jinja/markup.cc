#include "text/jinja/markup.h"

#include <algorithm>
#include <charconv>

#include "text/jinja/arguments.h"
#include "text/jinja/builtins.h"
#include "text/jinja/format.h"
#include "text/jinja/operators.h"
#include "text/jinja/python_text.h"
#include "text/utf8.h"

namespace gerbil::text::jinja {
namespace {

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<Value> marked(Runtime& runtime, const Value& value) {
  if (!value.string() || value.is_markup()) return value;
  return runtime.string(*value.string(), true);
}

Result<Value> escaped(Runtime& runtime, const Value& value) {
  if (!value.string() || value.is_markup()) return value;
  GERBIL_TRY(std::string text, escaped_text(runtime, value));
  return runtime.string(std::move(text), true);
}

Result<Value> safe(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(std::string self, text_of(call, call.self));
  return call.runtime.string(std::move(self), true);
}

Result<Value> escape(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(std::string self, escaped_text(call.runtime, call.self));
  return call.runtime.string(std::move(self), true);
}

Result<Value> force_escape(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::string self, text_of(call, call.self));
  GERBIL_CHECK_OK(call.runtime.room_for(self.size() * 5));
  return call.runtime.string(escape_html(self), true);
}

// Drops what stands from `open` to `close`, as often as both are found.
Status drop_between(Runtime& runtime, std::string_view open, std::string_view close,
                    std::string& text) {
  for (size_t at = text.find(open); at != std::string::npos; at = text.find(open)) {
    GERBIL_CHECK_OK(runtime.work(1 + text.size() / 64));
    const size_t end = text.find(close, at);
    if (end == std::string::npos) break;
    text.erase(at, end + close.size() - at);
  }
  return {};
}

// The character of "amp", "#39", "#x27" ...; 0: none that is known.
char32_t entity(std::string_view name) {
  static constexpr std::pair<std::string_view, char32_t> kNames[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", 0xA0}};
  for (const auto& [known, c] : kNames)
    if (known == name) return c;
  if (!name.starts_with('#')) return 0;
  name.remove_prefix(1);
  const bool hex = name.starts_with('x') || name.starts_with('X');
  if (hex) name.remove_prefix(1);
  uint32_t code = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data(), end, code, hex ? 16 : 10);
  if (parsed.ec != std::errc() || parsed.ptr != end || code == 0) return 0;
  return code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0xFFFD : code;
}

std::string unescape(std::string_view text) {
  constexpr size_t kLongest = 10;
  std::string out;
  while (!text.empty()) {
    const size_t at = std::min(text.find('&'), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    const size_t end = text.substr(0, kLongest).find(';');
    const char32_t c = end == std::string_view::npos ? 0 : entity(text.substr(1, end - 1));
    if (c != 0) {
      append_utf8(out, c);
      text.remove_prefix(end + 1);
    } else if (!text.empty()) {
      out += '&';
      text.remove_prefix(1);
    }
  }
  return out;
}

Result<Value> strip_tags(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(std::string self, text_of(call, call.self));
  GERBIL_CHECK_OK(drop_between(call.runtime, "<!--", "-->", self));
  GERBIL_CHECK_OK(drop_between(call.runtime, "<", ">", self));
  GERBIL_CHECK_OK(call.runtime.room_for(self.size()));
  std::string out;
  for (std::string_view word : split(self, -1, false)) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return call.runtime.string(unescape(out));
}

Result<Value> xml_attributes(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"autospace"}));
  if (call.self.is_undefined()) return use_of_undefined(call.self);
  if (!call.self.dict()) return invalid("'xmlattr' wants a mapping, not {}", type_name(call.self));
  std::string out;
  for (const Dict::Entry& entry : call.self.dict()->entries) {
    if (entry.value.is_none() || entry.value.is_undefined()) continue;
    if (!entry.key.string()) return invalid("'xmlattr': an attribute's name must be a str");
    bool plain = true;
    for_each_code_point(*entry.key.string(), [&](char32_t c, size_t, size_t) {
      plain = plain && !is_space(c) && c != '/' && c != '>' && c != '=';
    });
    if (!plain) return invalid("'xmlattr': invalid character in an attribute's name");
    GERBIL_TRY(const std::string key, escaped_text(call.runtime, entry.key));
    GERBIL_TRY(const std::string value, escaped_text(call.runtime, entry.value));
    GERBIL_CHECK_OK(call.runtime.room_for(out.size() + key.size() + value.size() + 4));
    if (!out.empty()) out += ' ';
    out.append(key).append("=\"").append(value).append("\"");
  }
  if (!out.empty() && arguments.truth(0, true)) out.insert(0, 1, ' ');
  return call.runtime.string(std::move(out));
}

constexpr Builtin kFilters[] = {
    {"e", escape},  {"escape", escape},        {"forceescape", force_escape},
    {"safe", safe}, {"striptags", strip_tags}, {"xmlattr", xml_attributes},
};

}  // namespace

std::span<const Builtin> markup_filters() { return kFilters; }

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
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

Result<std::string> escaped_text(Runtime& runtime, const Value& value) {
  GERBIL_TRY(std::string text, to_text(runtime, value));
  if (value.is_markup()) return text;
  GERBIL_CHECK_OK(runtime.work(text.size() / 16));
  GERBIL_CHECK_OK(runtime.room_for(text.size() * 5));
  return escape_html(text);
}

Result<Value> markup_method(const Call& call) {
  static constexpr std::string_view kEscaping[] = {
      "capitalize", "casefold", "center",       "expandtabs",   "ljust", "lower",
      "lstrip",     "replace",  "removeprefix", "removesuffix", "rjust", "rstrip",
      "strip",      "swapcase", "title",        "upper",        "zfill"};
  static constexpr std::string_view kSplitting[] = {"partition", "rpartition", "rsplit", "split",
                                                    "splitlines"};
  // The plain method, on the same text.
  GERBIL_TRY(const Value self, call.runtime.string(*call.self.string()));
  const NativeFunction method = find_method(self, call.name);
  if (call.name == "format" || call.name == "format_map") return method(call);
  Arguments arguments = call.arguments;
  const bool escapes = is_one_of(call.name, kEscaping);
  if (escapes) {
    for (Value& value : arguments.positional) {
      GERBIL_TRY(value, escaped(call.runtime, value));
    }
    for (auto& [name, value] : arguments.named) {
      GERBIL_TRY(value, escaped(call.runtime, value));
    }
  } else if (call.name == "join") {
    GERBIL_TRY(const Bound bound, bind(call, {"iterable"}, 1));
    GERBIL_TRY(std::vector<Value> items, iterate(call.runtime, *bound.get(0)));
    for (Value& item : items) {
      GERBIL_TRY(std::string text, escaped_text(call.runtime, item));
      GERBIL_TRY(item, call.runtime.string(std::move(text), true));
    }
    GERBIL_TRY(Value list, call.runtime.list(std::move(items)));
    arguments = {{std::move(list)}, {}};
  }
  GERBIL_TRY(const Value result, method(Call{call.runtime, call.name, self, arguments}));
  if (!escapes && call.name != "join" && !is_one_of(call.name, kSplitting)) return result;
  const List* list = result.list();
  if (!list) return marked(call.runtime, result);
  std::vector<Value> items;
  for (const Value& item : list->items) {
    GERBIL_TRY(Value one, marked(call.runtime, item));
    items.push_back(std::move(one));
  }
  return call.runtime.list(std::move(items), list->kind);
}

}  // namespace gerbil::text::jinja
