// Methods of list, tuple, dict, and of the loop. What would change a container is refused, as
// Jinja's immutable sandbox does.
#include <algorithm>

#include "text/jinja/arguments.h"
#include "text/jinja/builtins.h"
#include "text/jinja/functions.h"
#include "text/jinja/loop_state.h"
#include "text/jinja/markup.h"
#include "text/jinja/operators.h"
#include "text/jinja/runtime.h"

namespace gerbil::text::jinja {
namespace {

Result<Value> refused(const Call& call) {
  return invalid("'{}' would change a {}, which a template may not", call.name,
                 type_name(call.self));
}

Result<Value> same(const Call& call) { return call.self; }

Result<Value> list_index(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"value"}, 1));
  const List& list = *call.self.list();
  GERBIL_CHECK_OK(call.runtime.work(call.self.weight()));
  for (size_t i = 0; i < list.items.size(); ++i)
    if (equal(list.items[i], *arguments.get(0))) return Value(static_cast<int64_t>(i));
  return invalid("the value is not in the {}", type_name(call.self));
}

Result<Value> list_count(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"value"}, 1));
  const List& list = *call.self.list();
  GERBIL_CHECK_OK(call.runtime.work(call.self.weight()));
  return Value(static_cast<int64_t>(
      std::count_if(list.items.begin(), list.items.end(),
                    [&](const Value& item) { return equal(item, *arguments.get(0)); })));
}

Result<Value> dict_get(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"key", "default"}, 1));
  const Value& key = *arguments.get(0);
  if (!is_hashable(key)) return invalid("unhashable type: '{}'", type_name(key));
  if (const Value* found = call.self.dict()->find(key)) return *found;
  return arguments.get_or(1, Value(None{}));
}

template <ListKind kind>
Result<Value> dict_view(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  const Dict& dict = *call.self.dict();
  GERBIL_CHECK_OK(call.runtime.room_for(dict.entries.size() * sizeof(Value)));
  std::vector<Value> items;
  items.reserve(dict.entries.size());
  for (const Dict::Entry& entry : dict.entries) {
    if constexpr (kind == ListKind::kKeys) {
      items.push_back(entry.key);
    } else if constexpr (kind == ListKind::kValues) {
      items.push_back(entry.value);
    } else {
      GERBIL_TRY(Value pair, call.runtime.list({entry.key, entry.value}, ListKind::kTuple));
      items.push_back(std::move(pair));
    }
  }
  return call.runtime.list(std::move(items), kind);
}

Result<Value> loop_cycle(const Call& call) {
  const auto& values = call.arguments.positional;
  if (values.empty()) return invalid("no items for cycling given");
  return values[static_cast<size_t>(call.self.loop()->index0) % values.size()];
}

Result<Value> loop_changed(const Call& call) {
  LoopState& loop = *call.self.loop();
  GERBIL_TRY(Value now, call.runtime.list(call.arguments.positional, ListKind::kTuple));
  GERBIL_CHECK_OK(call.runtime.work(now.weight()));
  const bool changed = !loop.last_changed || !equal(*loop.last_changed, now);
  loop.last_changed = std::move(now);
  return Value(changed);
}

constexpr Builtin kListMethods[] = {
    {"append", refused}, {"clear", refused},    {"copy", same},      {"count", list_count},
    {"extend", refused}, {"index", list_index}, {"insert", refused}, {"pop", refused},
    {"remove", refused}, {"reverse", refused},  {"sort", refused},
};
constexpr Builtin kTupleMethods[] = {
    {"count", list_count},
    {"index", list_index},
};
constexpr Builtin kDictMethods[] = {
    {"clear", refused},
    {"copy", same},
    {"get", dict_get},
    {"items", dict_view<ListKind::kItems>},
    {"keys", dict_view<ListKind::kKeys>},
    {"pop", refused},
    {"popitem", refused},
    {"setdefault", refused},
    {"update", refused},
    {"values", dict_view<ListKind::kValues>},
};
constexpr Builtin kLoopMethods[] = {
    {"changed", loop_changed},
    {"cycle", loop_cycle},
};

NativeFunction find_row(std::span<const Builtin> rows, std::string_view name) {
  for (const Builtin& row : rows)
    if (row.name == name) return row.function;
  return nullptr;
}

}  // namespace

NativeFunction find_method(const Value& value, std::string_view name) {
  if (value.string()) {
    const NativeFunction method = find_row(string_methods(), name);
    return method && value.is_markup() ? markup_method : method;
  }
  if (const Namespace* ns = value.name_space(); ns && ns->kind == Namespace::Kind::kCycler)
    return find_row(cycler_methods(), name);
  if (value.dict()) return find_row(kDictMethods, name);
  if (value.loop()) return find_row(kLoopMethods, name);
  const List* list = value.list();
  if (list && list->kind == ListKind::kList) return find_row(kListMethods, name);
  if (list && list->kind == ListKind::kTuple) return find_row(kTupleMethods, name);
  return nullptr;
}

NativeFunction find_filter(std::string_view name) {
  for (const auto rows : {text_filters(), markup_filters(), layout_filters(), sequence_filters(),
                          sorting_filters(), value_filters()})
    if (const NativeFunction found = find_row(rows, name)) return found;
  return nullptr;
}

}  // namespace gerbil::text::jinja
