// pprint.pformat at its defaults: 80 columns, one blank for each level, dicts in order of keys.
#include "text/jinja/pretty.h"

#include <algorithm>

#include "text/jinja/format.h"
#include "text/jinja/merge_sort.h"
#include "text/jinja/python_text.h"

namespace gerbil::text::jinja {
namespace {

constexpr int64_t kWidth = 80;

// Keys as pprint sorts them: what cannot be compared goes by the name of its type.
bool comes_before(const Dict::Entry* a, const Dict::Entry* b) {
  const Order order = compare(a->key, b->key);
  if (order != Order::kRefused) return order == Order::kLess;
  return std::string_view(type_name(a->key)) < type_name(b->key);
}

// A copy in which each dict has its keys in order.
Result<Value> sorted(Runtime& runtime, const Value& value) {
  if (const List* list = value.list();
      list && (list->kind == ListKind::kList || list->kind == ListKind::kTuple)) {
    std::vector<Value> items;
    for (const Value& item : list->items) {
      GERBIL_TRY(Value one, sorted(runtime, item));
      items.push_back(std::move(one));
    }
    return runtime.list(std::move(items), list->kind);
  }
  const Dict* dict = value.dict();
  if (!dict) return value;
  std::vector<const Dict::Entry*> entries;
  entries.reserve(dict->entries.size());
  for (const Dict::Entry& entry : dict->entries) entries.push_back(&entry);
  GERBIL_CHECK_OK(runtime.work(value.weight() * 8));
  merge_sort(entries, comes_before);
  Dict out;
  for (const Dict::Entry* entry : entries) {
    GERBIL_TRY(Value one, sorted(runtime, entry->value));
    out.set(entry->key, std::move(one));
  }
  return runtime.dict(std::move(out));
}

class Printer {
 public:
  Printer(Runtime& runtime, std::string& out) : runtime_(runtime), out_(out) {}

  // `indent`: the column where the value begins. `allowance`: what will follow on its last line.
  Status print(const Value& value, int64_t indent, int64_t allowance, int level) {
    GERBIL_TRY(const std::string whole, repr(value));
    const bool fits = length(whole) <= kWidth - indent - allowance;
    const List* list = value.list();
    if (!fits && value.dict()) return print_dict(*value.dict(), indent, allowance, level + 1);
    if (!fits && list && list->kind == ListKind::kList) {
      out_ += '[';
      GERBIL_CHECK_OK(print_items(list->items, indent, allowance + 1, level + 1));
      out_ += ']';
    } else if (!fits && list && list->kind == ListKind::kTuple) {
      const std::string_view end = list->items.size() == 1 ? ",)" : ")";
      out_ += '(';
      GERBIL_CHECK_OK(print_items(list->items, indent, allowance + length(end), level + 1));
      out_ += end;
    } else if (!fits && value.string() && !value.is_markup()) {
      return print_string(*value.string(), indent, allowance, level + 1);
    } else {
      out_ += whole;
    }
    return {};
  }

 private:
  Result<std::string> repr(const Value& value) {
    std::string text;
    GERBIL_CHECK_OK(append_repr(runtime_, value, text));
    GERBIL_CHECK_OK(runtime_.room_for(out_.size() + text.size()));
    return text;
  }
  Result<std::string> repr(std::string text) { return repr(uncounted_string(std::move(text))); }

  Status new_line(int64_t indent) {
    GERBIL_CHECK_OK(runtime_.work(1 + static_cast<uint64_t>(indent) / 64));
    GERBIL_CHECK_OK(runtime_.room_for(out_.size() + static_cast<uint64_t>(indent) + 1));
    out_ += '\n';
    out_.append(static_cast<size_t>(indent), ' ');
    return {};
  }

  Status print_items(const std::vector<Value>& items, int64_t indent, int64_t allowance,
                     int level) {
    for (size_t i = 0; i < items.size(); ++i) {
      const bool last = i + 1 == items.size();
      GERBIL_CHECK_OK(print(items[i], indent + 1, last ? allowance : 1, level));
      if (last) break;
      out_ += ',';
      GERBIL_CHECK_OK(new_line(indent + 1));
    }
    return {};
  }

  Status print_dict(const Dict& dict, int64_t indent, int64_t allowance, int level) {
    out_ += '{';
    for (size_t i = 0; i < dict.entries.size(); ++i) {
      const bool last = i + 1 == dict.entries.size();
      GERBIL_TRY(const std::string key, repr(dict.entries[i].key));
      out_ += key + ": ";
      GERBIL_CHECK_OK(print(dict.entries[i].value, indent + 1 + length(key) + 2,
                            last ? allowance + 1 : 1, level));
      if (last) break;
      out_ += ',';
      GERBIL_CHECK_OK(new_line(indent + 1));
    }
    out_ += '}';
    return {};
  }

  // Pieces of the text that each end in white space or at the text's end.
  static std::vector<std::string_view> words(std::string_view line) {
    std::vector<std::string_view> out;
    size_t begin = 0;
    bool in_space = false;
    for_each_code_point(line, [&](char32_t c, size_t at, size_t) {
      if (in_space && !is_space(c)) {
        out.push_back(line.substr(begin, at - begin));
        begin = at;
      }
      in_space = is_space(c);
    });
    if (begin < line.size()) out.push_back(line.substr(begin));
    return out;
  }

  Status print_string(std::string_view text, int64_t indent, int64_t allowance, int level) {
    if (level == 1) {  // in parentheses
      ++indent;
      ++allowance;
    }
    const int64_t width = kWidth - indent;
    std::vector<std::string> chunks;
    const std::vector<std::string_view> lines = split_lines(text, true);
    for (size_t i = 0; i < lines.size(); ++i) {
      const int64_t after = i + 1 == lines.size() ? allowance : 0;
      GERBIL_TRY(std::string whole, repr(std::string(lines[i])));
      if (length(whole) <= width - after) {
        chunks.push_back(std::move(whole));
        continue;
      }
      std::string current;
      const std::vector<std::string_view> parts = words(lines[i]);
      for (size_t j = 0; j < parts.size(); ++j) {
        std::string candidate = current + std::string(parts[j]);
        GERBIL_TRY(const std::string shown, repr(candidate));
        if (length(shown) > width - (j + 1 == parts.size() ? after : 0)) {
          GERBIL_CHECK_OK(add_chunk(current, chunks));
          current = parts[j];
        } else {
          current = std::move(candidate);
        }
      }
      GERBIL_CHECK_OK(add_chunk(current, chunks));
    }
    const bool parenthesized = level == 1 && chunks.size() > 1;
    if (parenthesized) out_ += '(';
    for (size_t i = 0; i < chunks.size(); ++i) {
      if (i > 0) GERBIL_CHECK_OK(new_line(indent));
      out_ += chunks[i];
    }
    if (parenthesized) out_ += ')';
    return {};
  }

  Status add_chunk(const std::string& text, std::vector<std::string>& chunks) {
    if (text.empty()) return {};
    GERBIL_TRY(std::string shown, repr(text));
    chunks.push_back(std::move(shown));
    return {};
  }

  Runtime& runtime_;
  std::string& out_;
};

}  // namespace

Status append_pretty(Runtime& runtime, const Value& value, std::string& out) {
  GERBIL_TRY(const Value ordered, sorted(runtime, value));
  return Printer(runtime, out).print(ordered, 0, 0, 0);
}

}  // namespace gerbil::text::jinja
