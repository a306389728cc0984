// Filters that order: sort, dictsort, groupby, min, max.
#include <bit>

#include "text/jinja/arguments.h"
#include "text/jinja/attribute_path.h"
#include "text/jinja/builtins.h"
#include "text/jinja/merge_sort.h"
#include "text/jinja/operators.h"
#include "text/jinja/python_text.h"
#include "text/jinja/runtime.h"

namespace gerbil::text::jinja {
namespace {

struct Keyed {
  std::vector<Value> keys;  // compared one after the other
  Value item;
};

// Of two keyed items; kRefused where Python would.
Order compare_keys(const Keyed& a, const Keyed& b) {
  for (size_t i = 0; i < a.keys.size(); ++i) {
    if (equal(a.keys[i], b.keys[i])) continue;  // also what has no order
    const Order order = compare(a.keys[i], b.keys[i]);
    if (order != Order::kEqual) return order;
  }
  return Order::kEqual;
}

Status sort_keyed(Runtime& runtime, std::vector<Keyed>& items, bool reverse) {
  uint64_t weight = items.size();
  for (const Keyed& item : items)
    for (const Value& key : item.keys) weight += key.weight();
  GERBIL_CHECK_OK(runtime.work(weight * static_cast<uint64_t>(std::bit_width(items.size()))));
  bool refused = false;
  merge_sort(items, [&](const Keyed& a, const Keyed& b) {
    const Order order = compare_keys(a, b);
    refused |= order == Order::kRefused;
    return order == (reverse ? Order::kGreater : Order::kLess);
  });
  if (refused) return invalid("'<' not supported between the values to be sorted");
  return {};
}

Result<std::vector<Keyed>> keyed_items(Runtime& runtime, const std::vector<Value>& items,
                                       const std::vector<AttributePath>& paths, bool case_sensitive,
                                       const Value* fallback = nullptr) {
  std::vector<Keyed> out;
  GERBIL_CHECK_OK(runtime.room_for(items.size() * sizeof(Keyed)));
  out.reserve(items.size());
  for (const Value& item : items) {
    Keyed keyed{{}, item};
    for (const AttributePath& path : paths) {
      GERBIL_TRY(Value key, path.of(runtime, item, fallback));
      GERBIL_TRY(key, fold_case(runtime, std::move(key), case_sensitive));
      if (key.is_undefined()) return use_of_undefined(key);
      keyed.keys.push_back(std::move(key));
    }
    out.push_back(std::move(keyed));
  }
  return out;
}

std::vector<Value> items_of(std::vector<Keyed> keyed) {
  std::vector<Value> out;
  out.reserve(keyed.size());
  for (Keyed& k : keyed) out.push_back(std::move(k.item));
  return out;
}

Result<Value> sort(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"reverse", "case_sensitive", "attribute"}));
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, call.self));
  std::vector<AttributePath> paths;
  const Value* attribute = arguments.get(2);
  if (attribute && attribute->string()) {
    for (std::string_view part : split(*attribute->string(), ",", -1, false)) {
      const Value one = uncounted_string(std::string(part));
      GERBIL_TRY(AttributePath path, AttributePath::parse(&one));
      paths.push_back(std::move(path));
      if (paths.size() > 16) return invalid("'sort' takes at most 16 attributes");
    }
  } else {
    GERBIL_TRY(AttributePath path, AttributePath::parse(attribute));
    paths.push_back(std::move(path));
  }
  GERBIL_TRY(std::vector<Keyed> keyed,
             keyed_items(call.runtime, items, paths, arguments.truth(1, false)));
  GERBIL_CHECK_OK(sort_keyed(call.runtime, keyed, arguments.truth(0, false)));
  return call.runtime.list(items_of(std::move(keyed)));
}

Result<Value> dictsort(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"case_sensitive", "by", "reverse"}));
  GERBIL_TRY(const std::string_view by, arguments.text(1, "key"));
  if (by != "key" && by != "value") return invalid("'dictsort': by must be 'key' or 'value'");
  if (call.self.is_undefined()) return use_of_undefined(call.self);
  const Dict* dict = call.self.dict();
  if (!dict) return invalid("'dictsort' wants a mapping, not {}", type_name(call.self));
  std::vector<Keyed> keyed;
  for (const Dict::Entry& entry : dict->entries) {
    GERBIL_TRY(Value key, fold_case(call.runtime, by == "key" ? entry.key : entry.value,
                                    arguments.truth(0, false)));
    GERBIL_TRY(Value pair, call.runtime.list({entry.key, entry.value}, ListKind::kTuple));
    keyed.push_back({{std::move(key)}, std::move(pair)});
  }
  GERBIL_CHECK_OK(sort_keyed(call.runtime, keyed, arguments.truth(2, false)));
  return call.runtime.list(items_of(std::move(keyed)));
}

// A list of (key, items with that key), ordered by key.
Result<Value> groupby(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"attribute", "default", "case_sensitive"}, 1));
  GERBIL_TRY(const AttributePath path, AttributePath::parse(arguments.get(0)));
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, call.self));
  const bool case_sensitive = arguments.truth(2, false);
  GERBIL_TRY(std::vector<Keyed> keyed,
             keyed_items(call.runtime, items, {path}, case_sensitive, arguments.get(1)));
  GERBIL_CHECK_OK(sort_keyed(call.runtime, keyed, false));
  std::vector<Value> groups;
  for (size_t i = 0; i < keyed.size();) {
    size_t end = i;
    std::vector<Value> members;
    while (end < keyed.size() && compare_keys(keyed[i], keyed[end]) == Order::kEqual)
      members.push_back(keyed[end++].item);
    if (end == i) members.push_back(keyed[end++].item);  // a NaN equals nothing, not even itself
    // Where case is ignored, a group is called what its first member is.
    GERBIL_TRY(Value name, path.of(call.runtime, keyed[i].item, arguments.get(1)));
    GERBIL_TRY(Value list, call.runtime.list(std::move(members)));
    GERBIL_TRY(Value group,
               call.runtime.list({std::move(name), std::move(list)}, ListKind::kTuple));
    groups.push_back(std::move(group));
    i = end;
  }
  return call.runtime.list(std::move(groups));
}

template <Order better>
Result<Value> extreme(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"case_sensitive", "attribute"}));
  GERBIL_TRY(const AttributePath path, AttributePath::parse(arguments.get(1)));
  GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, call.self));
  if (items.empty()) return undefined_because("no aggregated item, the sequence was empty");
  GERBIL_TRY(const std::vector<Keyed> keyed,
             keyed_items(call.runtime, items, {path}, arguments.truth(0, false)));
  const Keyed* best = &keyed[0];
  for (const Keyed& candidate : keyed) {
    GERBIL_CHECK_OK(call.runtime.work(candidate.keys[0].weight()));
    const Order order = compare_keys(candidate, *best);
    if (order == Order::kRefused)
      return invalid("'<' not supported between instances of '{}' and '{}'",
                     type_name(candidate.keys[0]), type_name(best->keys[0]));
    if (order == better) best = &candidate;
  }
  return best->item;
}

constexpr Builtin kFilters[] = {
    {"dictsort", dictsort},         {"groupby", groupby}, {"max", extreme<Order::kGreater>},
    {"min", extreme<Order::kLess>}, {"sort", sort},
};

}  // namespace

std::span<const Builtin> sorting_filters() { return kFilters; }

}  // namespace gerbil::text::jinja
