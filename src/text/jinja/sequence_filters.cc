// Filters on lists and dicts. What Jinja makes lazily (map, select, ...) is made at once here, but
// keeps a generator's manners: always true, no length, read once.
#include <algorithm>
#include <bit>

#include "base/quote.h"
#include "text/jinja/arguments.h"
#include "text/jinja/attribute_path.h"
#include "text/jinja/builtins.h"
#include "text/jinja/format.h"
#include "text/jinja/operators.h"
#include "text/jinja/python_text.h"
#include "text/jinja/runtime.h"

namespace gerbil::text::jinja {
namespace {

Result<Value> length_filter(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const int64_t length, length_of(call.self));
  return Value(length);
}

Result<Value> first(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, call.self));
  if (items.empty()) return undefined_because("no first item, the sequence was empty");
  return items.front();
}

Result<Value> last(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  const List* list = call.self.list();
  if (list && list->kind == ListKind::kIterator)
    return invalid("'generator' object is not reversible");
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, call.self));
  if (items.empty()) return undefined_because("no last item, the sequence was empty");
  return items.back();
}

Result<Value> list_filter(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  GERBIL_TRY(std::vector<Value> items, iterate(call.runtime, call.self));
  return call.runtime.list(std::move(items));
}

Result<Value> items_filter(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  if (call.self.is_undefined()) return call.runtime.list({}, ListKind::kIterator);
  if (!call.self.dict()) return invalid("can only get item pairs from a mapping");
  std::vector<Value> pairs;
  for (const Dict::Entry& entry : call.self.dict()->entries) {
    GERBIL_TRY(Value pair, call.runtime.list({entry.key, entry.value}, ListKind::kTuple));
    pairs.push_back(std::move(pair));
  }
  return call.runtime.list(std::move(pairs), ListKind::kIterator);
}

Result<Value> join(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"d", "attribute"}));
  std::string separator;
  if (arguments.get(0)) {
    GERBIL_TRY(separator, text_of(call, *arguments.get(0)));
  }
  GERBIL_TRY(const AttributePath path, AttributePath::parse(arguments.get(1)));
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, call.self));
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    GERBIL_CHECK_OK(call.runtime.work(1 + separator.size() / 64));
    GERBIL_CHECK_OK(call.runtime.room_for(out.size() + separator.size()));
    if (i > 0) out += separator;
    GERBIL_TRY(const Value item, path.of(call.runtime, items[i]));
    GERBIL_CHECK_OK(append_text(call.runtime, item, out));
  }
  return call.runtime.string(std::move(out));
}

Result<Value> map_filter(const Call& call) {
  if (!is_true(call.self)) return call.runtime.list({}, ListKind::kIterator);
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, call.self));
  std::vector<Value> out;
  out.reserve(items.size());
  if (call.arguments.positional.empty() && !call.arguments.named.empty()) {
    GERBIL_TRY(const Bound arguments, bind(call, {"attribute", "default"}, 1));
    GERBIL_TRY(const AttributePath path, AttributePath::parse(arguments.get(0)));
    for (const Value& item : items) {
      GERBIL_TRY(Value value, path.of(call.runtime, item, arguments.get(1)));
      out.push_back(std::move(value));
    }
    return call.runtime.list(std::move(out), ListKind::kIterator);
  }
  if (call.arguments.positional.empty() || !call.arguments.positional[0].string())
    return invalid("'map' wants the name of a filter or an attribute=");
  const std::string& name = *call.arguments.positional[0].string();
  const NativeFunction filter = find_filter(name);
  if (!filter) return invalid("no filter is named {}", in_quotes(name));
  Arguments forwarded = call.arguments;
  forwarded.positional.erase(forwarded.positional.begin());
  for (const Value& item : items) {
    GERBIL_CHECK_OK(call.runtime.work(1));
    GERBIL_TRY(Value value, filter(Call{call.runtime, name, item, forwarded}));
    out.push_back(std::move(value));
  }
  return call.runtime.list(std::move(out), ListKind::kIterator);
}

// select, reject, selectattr, rejectattr.
template <bool wanted, bool by_attribute>
Result<Value> select(const Call& call) {
  if (!is_true(call.self)) return call.runtime.list({}, ListKind::kIterator);
  Arguments rest = call.arguments;
  AttributePath path;
  if (by_attribute) {
    if (rest.positional.empty()) return invalid("'{}' wants an attribute's name", call.name);
    GERBIL_TRY(path, AttributePath::parse(&rest.positional[0]));
    rest.positional.erase(rest.positional.begin());
  }
  NativeFunction test = nullptr;
  std::string name;
  if (!rest.positional.empty()) {
    if (!rest.positional[0].string()) return invalid("'{}' wants a test's name", call.name);
    name = *rest.positional[0].string();
    test = find_test(name);
    if (!test) return invalid("no test is named {}", in_quotes(name));
    rest.positional.erase(rest.positional.begin());
  }
  GERBIL_TRY(std::vector<Value> items, iterate(call.runtime, call.self));
  std::vector<Value> out;
  for (Value& item : items) {
    GERBIL_CHECK_OK(call.runtime.work(1));
    GERBIL_TRY(const Value subject, path.of(call.runtime, item));
    bool holds = false;
    if (test) {
      GERBIL_TRY(const Value result, test(Call{call.runtime, name, subject, rest}));
      holds = is_true(result);
    } else {
      holds = is_true(subject);
    }
    if (holds == wanted) out.push_back(std::move(item));
  }
  return call.runtime.list(std::move(out), ListKind::kIterator);
}

Result<Value> reverse(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  if (const std::string* text = call.self.string()) {
    GERBIL_CHECK_OK(call.runtime.room_for(text->size() * sizeof(std::string_view)));
    std::vector<std::string_view> all = characters(*text);
    std::string out;
    for (auto it = all.rbegin(); it != all.rend(); ++it) out += *it;
    return call.runtime.string(std::move(out));
  }
  const bool lazy = !call.self.list() || call.self.list()->kind != ListKind::kIterator;
  GERBIL_TRY(std::vector<Value> items, iterate(call.runtime, call.self));
  std::reverse(items.begin(), items.end());
  return call.runtime.list(std::move(items), lazy ? ListKind::kIterator : ListKind::kList);
}

Result<Value> sum(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"attribute", "start"}));
  GERBIL_TRY(const AttributePath path, AttributePath::parse(arguments.get(0)));
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, call.self));
  Value total = arguments.get_or(1, Value(int64_t{0}));
  if (total.string()) return invalid("sum() can't sum strings, use join");
  for (const Value& item : items) {
    GERBIL_TRY(const Value value, path.of(call.runtime, item));
    GERBIL_TRY(total, arithmetic(call.runtime, BinaryOperator::kAdd, total, value));
  }
  return total;
}

Result<Value> unique(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"case_sensitive", "attribute"}));
  GERBIL_TRY(const AttributePath path, AttributePath::parse(arguments.get(1)));
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, call.self));
  Dict seen;
  std::vector<Value> out;
  for (const Value& item : items) {
    GERBIL_TRY(Value key, path.of(call.runtime, item));
    GERBIL_TRY(key, fold_case(call.runtime, std::move(key), arguments.truth(0, false)));
    if (!is_hashable(key)) return invalid("unhashable type: '{}'", type_name(key));
    GERBIL_CHECK_OK(call.runtime.work(key.weight()));
    if (seen.find(key)) continue;
    seen.set(std::move(key), Value());
    out.push_back(item);
  }
  return call.runtime.list(std::move(out), ListKind::kIterator);
}

Result<Value> batch(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"linecount", "fill_with"}, 1));
  GERBIL_TRY(const int64_t size, arguments.integer(0, 0));
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, call.self));
  if (size < 1) return invalid("'batch' wants a positive size, got {}", size);
  const auto step = static_cast<size_t>(size);
  std::vector<Value> out;
  for (size_t i = 0; i < items.size(); i += std::min(step, items.size() - i)) {
    const size_t end = items.size() - i < step ? items.size() : i + step;
    std::vector<Value> row(items.begin() + static_cast<std::ptrdiff_t>(i),
                           items.begin() + static_cast<std::ptrdiff_t>(end));
    if (arguments.get(1) && !arguments.get(1)->is_none() && row.size() < step) {
      if (size > kMaxRange) return invalid("'batch' fills rows of at most {}", kMaxRange);
      row.resize(step, *arguments.get(1));
    }
    GERBIL_TRY(Value value, call.runtime.list(std::move(row)));
    out.push_back(std::move(value));
  }
  return call.runtime.list(std::move(out), ListKind::kIterator);
}

Result<Value> slice(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"slices", "fill_with"}, 1));
  GERBIL_TRY(const int64_t slices, arguments.integer(0, 0));
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, call.self));
  if (slices < 1 || slices > kMaxRange)
    return invalid("'slice' wants from 1 to {} slices, got {}", kMaxRange, slices);
  const auto count = static_cast<size_t>(slices);
  std::vector<Value> out;
  auto at = items.begin();
  for (size_t i = 0; i < count; ++i) {
    const bool longer = i < items.size() % count;
    const auto end = at + static_cast<std::ptrdiff_t>(items.size() / count + (longer ? 1 : 0));
    std::vector<Value> row(at, end);
    at = end;
    if (arguments.get(1) && !arguments.get(1)->is_none() && !longer)
      row.push_back(*arguments.get(1));
    GERBIL_TRY(Value value, call.runtime.list(std::move(row)));
    out.push_back(std::move(value));
  }
  return call.runtime.list(std::move(out), ListKind::kIterator);
}

constexpr Builtin kFilters[] = {
    {"batch", batch},
    {"count", length_filter},
    {"first", first},
    {"items", items_filter},
    {"join", join},
    {"last", last},
    {"length", length_filter},
    {"list", list_filter},
    {"map", map_filter},
    {"reject", select<false, false>},
    {"rejectattr", select<false, true>},
    {"reverse", reverse},
    {"select", select<true, false>},
    {"selectattr", select<true, true>},
    {"slice", slice},
    {"sum", sum},
    {"unique", unique},
};

}  // namespace

std::span<const Builtin> sequence_filters() { return kFilters; }

}  // namespace gerbil::text::jinja
