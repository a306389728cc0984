#include "text/jinja/json.h"

#include <fmt/format.h>

#include <cmath>

#include "text/jinja/format.h"
#include "text/jinja/merge_sort.h"
#include "text/jinja/python_text.h"

namespace gerbil::text::jinja {
namespace {

void append_escape(char32_t unit, std::string& out) {
  out += fmt::format("\\u{:04x}", static_cast<uint32_t>(unit));
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return float_repr(value);
}

class Writer {
 public:
  Writer(Runtime& runtime, const JsonStyle& style, std::string& out)
      : runtime_(runtime), style_(style), out_(out) {}

  Status write(const Value& value, size_t level) {
    GERBIL_CHECK_OK(runtime_.work(1));
    if (value.is_none()) {
      out_ += "null";
    } else if (const bool* b = value.boolean()) {
      out_ += *b ? "true" : "false";
    } else if (const int64_t* i = value.integer()) {
      out_ += fmt::format("{}", *i);
    } else if (const double* d = value.real()) {
      out_ += number_text(*d);
    } else if (const std::string* s = value.string()) {
      return write_string(*s);
    } else if (const Dict* dict = value.dict()) {
      return write_dict(*dict, level);
    } else if (const List* list = value.list();
               list && (list->kind == ListKind::kList || list->kind == ListKind::kTuple)) {
      return write_list(*list, level);
    } else {
      return invalid("object of type {} is not JSON serializable", type_name(value));
    }
    return {};
  }

 private:
  Status write_string(std::string_view text) {
    GERBIL_CHECK_OK(runtime_.work(text.size() / 16));
    GERBIL_CHECK_OK(runtime_.room_for(out_.size() + text.size()));
    append_json_string(text, style_.ensure_ascii, out_);
    return {};
  }

  void line_break(size_t level) {
    if (!style_.pretty) return;
    out_ += '\n';
    for (size_t i = 0; i < level; ++i) out_ += style_.indent;
  }

  // Separators and indents come from the template: they too may be large.
  Status line_room(size_t level) {
    const size_t indents = style_.pretty ? (2 * level + 1) * style_.indent.size() : 0;
    const size_t bytes = style_.item_separator.size() + style_.key_separator.size() + indents;
    GERBIL_CHECK_OK(runtime_.work(bytes / 64));
    return runtime_.room_for(out_.size() + bytes);
  }

  Status write_list(const List& list, size_t level) {
    if (list.items.empty()) {
      out_ += "[]";
      return {};
    }
    out_ += '[';
    bool first = true;
    for (const Value& item : list.items) {
      if (!std::exchange(first, false)) out_ += style_.item_separator;
      GERBIL_CHECK_OK(line_room(level + 1));
      line_break(level + 1);
      GERBIL_CHECK_OK(write(item, level + 1));
    }
    line_break(level);
    out_ += ']';
    return {};
  }

  Result<std::string> key_text(const Value& key) {
    if (const std::string* s = key.string()) return *s;
    if (key.is_none()) return "null";
    if (const bool* b = key.boolean()) return *b ? "true" : "false";
    if (const int64_t* i = key.integer()) return fmt::format("{}", *i);
    if (const double* d = key.real()) return number_text(*d);
    return invalid("keys must be str, int, float, bool or None, not {}", type_name(key));
  }

  Status write_dict(const Dict& dict, size_t level) {
    if (dict.entries.empty()) {
      out_ += "{}";
      return {};
    }
    std::vector<const Dict::Entry*> entries;
    entries.reserve(dict.entries.size());
    for (const Dict::Entry& entry : dict.entries) entries.push_back(&entry);
    if (style_.sort_keys) {
      for (const Dict::Entry* entry : entries)
        if (compare(entry->key, entries[0]->key) == Order::kRefused)
          return invalid("'<' not supported between instances of '{}' and '{}'",
                         type_name(entry->key), type_name(entries[0]->key));
      merge_sort(entries, [](const auto* a, const auto* b) {
        return compare(a->key, b->key) == Order::kLess;
      });
    }
    out_ += '{';
    bool first = true;
    for (const Dict::Entry* entry : entries) {
      if (!std::exchange(first, false)) out_ += style_.item_separator;
      GERBIL_CHECK_OK(line_room(level + 1));
      line_break(level + 1);
      GERBIL_TRY(const std::string key, key_text(entry->key));
      GERBIL_CHECK_OK(write_string(key));
      out_ += style_.key_separator;
      GERBIL_CHECK_OK(write(entry->value, level + 1));
    }
    line_break(level);
    out_ += '}';
    return {};
  }

  Runtime& runtime_;
  const JsonStyle& style_;
  std::string& out_;
};

}  // namespace

void append_json_string(std::string_view text, bool ensure_ascii, std::string& out) {
  out += '"';
  for_each_code_point(text, [&](char32_t c, size_t at, size_t bytes) {
    switch (c) {
      case '"':
        out += "\\\"";
        return;
      case '\\':
        out += "\\\\";
        return;
      case '\n':
        out += "\\n";
        return;
      case '\r':
        out += "\\r";
        return;
      case '\t':
        out += "\\t";
        return;
      case '\f':
        out += "\\f";
        return;
      case '\b':
        out += "\\b";
        return;
      default:
        break;
    }
    if (c < 0x20) {
      append_escape(c, out);
    } else if (c < 0x7F || !ensure_ascii) {
      out += text.substr(at, bytes);
    } else if (c < 0x10000) {
      append_escape(c, out);
    } else {
      append_escape(0xD800 + ((c - 0x10000) >> 10), out);
      append_escape(0xDC00 + ((c - 0x10000) & 0x3FF), out);
    }
  });
  out += '"';
}

Result<Value> from_json(Runtime& runtime, const json::Value& value) {
  switch (value.kind()) {
    case json::Value::Kind::kNull:
      return Value(None{});
    case json::Value::Kind::kBool:
      return Value(*value.boolean());
    case json::Value::Kind::kInteger:
      return Value(*value.integer());
    case json::Value::Kind::kDouble:
      return Value(*value.number());
    case json::Value::Kind::kString:
      return runtime.string(*value.string());
    case json::Value::Kind::kArray: {
      std::vector<Value> items;
      items.reserve(value.array()->size());
      for (const json::Value& item : *value.array()) {
        GERBIL_TRY(Value converted, from_json(runtime, item));
        items.push_back(std::move(converted));
      }
      return runtime.list(std::move(items));
    }
    case json::Value::Kind::kObject:
      break;
  }
  Dict dict;
  for (const json::Member& member : value.object()->members()) {
    GERBIL_TRY(Value key, runtime.string(member.key));
    GERBIL_TRY(Value converted, from_json(runtime, member.value));
    dict.set(std::move(key), std::move(converted));
  }
  return runtime.dict(std::move(dict));
}

Status append_json(Runtime& runtime, const Value& value, const JsonStyle& style, std::string& out) {
  return Writer(runtime, style, out).write(value, 0);
}

}  // namespace gerbil::text::jinja
