#include "text/jinja/format.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/quote.h"
#include "text/jinja/python_text.h"
#include "text/utf8.h"

namespace gerbil::text::jinja {
namespace {

void append_string_repr(std::string_view text, std::string& out) {
  // Python prefers single quotes, unless that would need escapes and double quotes would not.
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  out += quote;
  for_each_code_point(text, [&](char32_t c, size_t at, size_t bytes) {
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_printable(c)) {
      out += text.substr(at, bytes);
    } else if (c < 0x100) {
      out += fmt::format("\\x{:02x}", static_cast<uint32_t>(c));
    } else if (c < 0x10000) {
      out += fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
    } else {
      out += fmt::format("\\U{:08x}", static_cast<uint32_t>(c));
    }
  });
  out += quote;
}

Status append_items(Runtime& runtime, const List& list, std::string& out) {
  bool first = true;
  for (const Value& item : list.items) {
    if (!std::exchange(first, false)) out += ", ";
    GERBIL_CHECK_OK(append_repr(runtime, item, out));
  }
  return {};
}

Status append_list_repr(Runtime& runtime, const List& list, std::string& out) {
  switch (list.kind) {
    case ListKind::kList:
      out += '[';
      GERBIL_CHECK_OK(append_items(runtime, list, out));
      out += ']';
      return {};
    case ListKind::kTuple:
      out += '(';
      GERBIL_CHECK_OK(append_items(runtime, list, out));
      out += list.items.size() == 1 ? ",)" : ")";
      return {};
    case ListKind::kKeys:
    case ListKind::kValues:
    case ListKind::kItems:
      out += list.kind == ListKind::kKeys     ? "dict_keys(["
             : list.kind == ListKind::kValues ? "dict_values(["
                                              : "dict_items([";
      GERBIL_CHECK_OK(append_items(runtime, list, out));
      out += "])";
      return {};
    case ListKind::kIterator:
      break;
  }
  out += "<generator object>";
  return {};
}

Status append_dict_repr(Runtime& runtime, const Dict& dict, std::string& out) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : dict.entries) {
    if (!std::exchange(first, false)) out += ", ";
    GERBIL_CHECK_OK(append_repr(runtime, key, out));
    out += ": ";
    GERBIL_CHECK_OK(append_repr(runtime, value, out));
  }
  out += '}';
  return {};
}

// A namespace may hold itself, at any depth: of containers in it only "..." is shown.
Status append_namespace(Runtime& runtime, const Value& value, const Namespace& ns,
                        std::string& out) {
  if (ns.kind != Namespace::Kind::kNamespace) {
    out += fmt::format("<{}>", type_name(value));
    return {};
  }
  out += "<Namespace {";
  bool first = true;
  for (const auto& [name, attribute] : ns.attributes) {
    if (!std::exchange(first, false)) out += ", ";
    append_string_repr(name, out);
    out += ": ";
    if (attribute.name_space() || attribute.list() || attribute.dict()) {
      out += "...";
    } else {
      GERBIL_CHECK_OK(append_repr(runtime, attribute, out));
    }
  }
  out += "}>";
  return {};
}

}  // namespace

std::string float_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  const std::string_view scientific(buffer, static_cast<size_t>(end.ptr - buffer));
  // "-d.ddde-NN": Python writes exponents from -4 to 15 out.
  std::string digits;
  const size_t e = scientific.find('e');
  for (char c : scientific.substr(0, e))
    if (c >= '0' && c <= '9') digits += c;
  int exponent = 0;
  std::string_view exponent_text = scientific.substr(e + 1);
  if (exponent_text.front() == '+') exponent_text.remove_prefix(1);
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  std::string out = std::signbit(value) ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (digits.size() > 1) out += "." + digits.substr(1);
    out += fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
    return out;
  }
  if (exponent < 0)
    return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return out + digits + std::string(whole - digits.size(), '0') + ".0";
  return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

Status append_repr(Runtime& runtime, const Value& value, std::string& out) {
  GERBIL_CHECK_OK(runtime.work(1));
  GERBIL_CHECK_OK(runtime.room_for(out.size()));
  if (const std::string* s = value.string()) {
    GERBIL_CHECK_OK(runtime.work(s->size() / 16));
    GERBIL_CHECK_OK(runtime.room_for(out.size() + s->size() * 2));
    if (value.is_markup()) out += "Markup(";
    append_string_repr(*s, out);
    if (value.is_markup()) out += ")";
    return {};
  }
  if (const List* l = value.list()) return append_list_repr(runtime, *l, out);
  if (const Dict* d = value.dict()) return append_dict_repr(runtime, *d, out);
  if (value.is_undefined()) {
    out += "Undefined";
    return {};
  }
  return append_text(runtime, value, out);
}

Status append_text(Runtime& runtime, const Value& value, std::string& out) {
  if (value.is_undefined()) return {};
  if (value.is_none()) {
    out += "None";
  } else if (const bool* b = value.boolean()) {
    out += *b ? "True" : "False";
  } else if (const int64_t* i = value.integer()) {
    out += fmt::format("{}", *i);
  } else if (const double* d = value.real()) {
    out += float_repr(*d);
  } else if (const std::string* s = value.string()) {
    GERBIL_CHECK_OK(runtime.work(s->size() / 64));
    GERBIL_CHECK_OK(runtime.room_for(out.size() + s->size()));
    out += *s;
  } else if (value.list() || value.dict()) {
    return append_repr(runtime, value, out);
  } else if (const Namespace* ns = value.name_space()) {
    return append_namespace(runtime, value, *ns, out);
  } else if (const Native* n = value.native()) {
    out += fmt::format("<function {}>", n->name);
  } else if (value.macro()) {
    out += "<Macro>";
  } else if (const LoopState* loop = value.loop()) {
    out += fmt::format("<LoopContext {}/{}>", loop->index0 + 1, loop->length);
  }
  return {};
}

Result<std::string> to_text(Runtime& runtime, const Value& value) {
  std::string out;
  GERBIL_CHECK_OK(append_text(runtime, value, out));
  return out;
}

}  // namespace gerbil::text::jinja
