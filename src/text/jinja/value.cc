#include "text/jinja/value.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "text/jinja/loop_state.h"

namespace gerbil::text::jinja {
namespace {

constexpr size_t kSmallDict = 8;
constexpr double kTwoTo63 = 9223372036854775808.0;

uint64_t hash_text(std::string_view text) { return std::hash<std::string_view>{}(text); }

// An int64 against a double, exactly: a double beyond the integers' range decides by itself.
Order compare_exactly(int64_t a, double b) {
  if (std::isnan(b)) return Order::kUnordered;
  if (b >= kTwoTo63) return Order::kLess;
  if (b < -kTwoTo63) return Order::kGreater;
  const double whole = std::floor(b);
  const auto integer = static_cast<int64_t>(whole);
  if (a != integer) return a < integer ? Order::kLess : Order::kGreater;
  return b > whole ? Order::kLess : Order::kEqual;
}

template <class T>
Order three_way(const T& a, const T& b) {
  if (a < b) return Order::kLess;
  if (b < a) return Order::kGreater;
  return a == b ? Order::kEqual : Order::kUnordered;
}

Order compare_numbers(const Number& a, const Number& b) {
  if (a.is_integer && b.is_integer) return three_way(a.integer, b.integer);
  if (a.is_integer) return compare_exactly(a.integer, b.real);
  if (!b.is_integer) return three_way(a.real, b.real);
  const Order reversed = compare_exactly(b.integer, a.real);
  if (reversed == Order::kLess) return Order::kGreater;
  if (reversed == Order::kGreater) return Order::kLess;
  return reversed;
}

bool equal_dicts(const Dict& a, const Dict& b) {
  if (&a == &b) return true;
  if (a.entries.size() != b.entries.size()) return false;
  return std::all_of(a.entries.begin(), a.entries.end(), [&](const Dict::Entry& entry) {
    const Value* other = b.find(entry.key);
    return other && equal(entry.value, *other);
  });
}

// Views of keys and of items compare as sets: whatever the order.
Dict dict_of_view(const List& view) {
  Dict out;
  for (const Value& item : view.items) {
    if (view.kind == ListKind::kKeys) {
      out.set(item, Value());
    } else {
      out.set(item.list()->items[0], item.list()->items[1]);
    }
  }
  return out;
}

bool equal_lists(const List& a, const List& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.items.size() != b.items.size()) return false;
  if (a.kind == ListKind::kValues || a.kind == ListKind::kIterator) return false;  // by identity
  if (a.kind == ListKind::kKeys || a.kind == ListKind::kItems)
    return equal_dicts(dict_of_view(a), dict_of_view(b));
  return std::equal(a.items.begin(), a.items.end(), b.items.begin(), equal);
}

}  // namespace

uint32_t Value::depth() const {
  if (const List* l = list()) return l->depth;
  if (const Dict* d = dict()) return d->depth;
  if (const Native* n = native()) return n->self.depth();
  return 0;
}

uint64_t Value::weight() const {
  if (const std::string* s = string()) return 1 + s->size() / 64;
  if (const List* l = list()) return l->weight;
  if (const Dict* d = dict()) return d->weight;
  if (const Native* n = native()) return 1 + n->self.weight();
  return 1;
}

void Dict::set(Value key, Value value) {
  if (const Value* found = find(key)) {
    const_cast<Value&>(*found) = std::move(value);
    return;
  }
  entries.push_back({std::move(key), std::move(value)});
  if (entries.size() <= kSmallDict) return;
  if (entries.size() == kSmallDict + 1) {
    for (uint32_t i = 0; i < kSmallDict; ++i) by_hash_.emplace(hash(entries[i].key), i);
  }
  by_hash_.emplace(hash(entries.back().key), static_cast<uint32_t>(entries.size() - 1));
}

const Value* Dict::find(const Value& key) const {
  if (by_hash_.empty()) {
    for (const Entry& entry : entries)
      if (equal(entry.key, key)) return &entry.value;
    return nullptr;
  }
  const auto [first, last] = by_hash_.equal_range(hash(key));
  for (auto it = first; it != last; ++it)
    if (equal(entries[it->second].key, key)) return &entries[it->second].value;
  return nullptr;
}

const Value* Dict::find(std::string_view key) const {
  const auto matches = [&](const Entry& entry) {
    const std::string* text = entry.key.string();
    return text && *text == key;
  };
  if (by_hash_.empty()) {
    for (const Entry& entry : entries)
      if (matches(entry)) return &entry.value;
    return nullptr;
  }
  const auto [first, last] = by_hash_.equal_range(hash_text(key));
  for (auto it = first; it != last; ++it)
    if (matches(entries[it->second])) return &entries[it->second].value;
  return nullptr;
}

const Value* Namespace::find(std::string_view name) const {
  for (const auto& [key, value] : attributes)
    if (key == name) return &value;
  return nullptr;
}

void Namespace::set(std::string_view name, Value value) {
  for (auto& [key, old] : attributes) {
    if (key == name) {
      old = std::move(value);
      return;
    }
  }
  attributes.emplace_back(name, std::move(value));
}

const char* type_name(const Value& value) {
  struct Visitor {
    const char* operator()(const Undefined&) const { return "Undefined"; }
    const char* operator()(const None&) const { return "NoneType"; }
    const char* operator()(bool) const { return "bool"; }
    const char* operator()(int64_t) const { return "int"; }
    const char* operator()(double) const { return "float"; }
    const char* operator()(const StringRef& s) const { return s->markup ? "Markup" : "str"; }
    const char* operator()(const ListRef& list) const {
      switch (list->kind) {
        case ListKind::kList:
          return "list";
        case ListKind::kTuple:
          return "tuple";
        case ListKind::kKeys:
          return "dict_keys";
        case ListKind::kValues:
          return "dict_values";
        case ListKind::kItems:
          return "dict_items";
        case ListKind::kIterator:
          break;
      }
      return "generator";
    }
    const char* operator()(const DictRef&) const { return "dict"; }
    const char* operator()(Namespace* n) const {
      return n->kind == Namespace::Kind::kJoiner   ? "Joiner"
             : n->kind == Namespace::Kind::kCycler ? "Cycler"
                                                   : "Namespace";
    }
    const char* operator()(const NativeRef&) const { return "function"; }
    const char* operator()(const MacroRef&) const { return "Macro"; }
    const char* operator()(LoopState*) const { return "LoopContext"; }
  };
  return std::visit(Visitor{}, value.data());
}

bool is_true(const Value& value) {
  if (value.is_undefined() || value.is_none()) return false;
  if (const bool* b = value.boolean()) return *b;
  if (const int64_t* i = value.integer()) return *i != 0;
  if (const double* d = value.real()) return *d != 0;
  if (const std::string* s = value.string()) return !s->empty();
  // A generator is an object like any other: true, however little it will give.
  if (const List* l = value.list()) return l->kind == ListKind::kIterator || !l->items.empty();
  if (const Dict* d = value.dict()) return !d->entries.empty();
  if (const LoopState* loop = value.loop()) return loop->length > 0;
  return true;
}

bool is_hashable(const Value& value) {
  if (value.dict()) return false;
  const List* list = value.list();
  if (!list) return true;
  return list->kind == ListKind::kTuple &&
         std::all_of(list->items.begin(), list->items.end(), is_hashable);
}

uint64_t hash(const Value& value) {
  Number number;
  if (to_number(value, number)) {
    // Integers and whole floats hash alike; large ones lose nothing but a few collisions.
    return std::hash<double>{}(number.real == 0 ? 0.0 : number.real);
  }
  if (const std::string* s = value.string()) return hash_text(*s);
  if (const List* l = value.list()) {
    uint64_t mixed = 0x9E3779B97F4A7C15u;
    for (const Value& item : l->items) mixed = (mixed ^ hash(item)) * 0x100000001B3u;
    return mixed;
  }
  return value.data().index();
}

bool equal(const Value& a, const Value& b) {
  Number x;
  Number y;
  if (to_number(a, x)) return to_number(b, y) && compare_numbers(x, y) == Order::kEqual;
  if (a.data().index() != b.data().index()) return false;
  struct Visitor {
    const Value& b;
    bool operator()(const Undefined&) const { return true; }
    bool operator()(const None&) const { return true; }
    bool operator()(bool) const { return false; }     // numbers: done above
    bool operator()(int64_t) const { return false; }  //
    bool operator()(double) const { return false; }   //
    bool operator()(const StringRef& s) const { return s->text == *b.string(); }
    bool operator()(const ListRef& l) const { return equal_lists(*l, *b.list()); }
    bool operator()(const DictRef& d) const { return equal_dicts(*d, *b.dict()); }
    bool operator()(Namespace* n) const { return n == b.name_space(); }
    bool operator()(const NativeRef& n) const {
      return n->function == b.native()->function && equal(n->self, b.native()->self);
    }
    bool operator()(const MacroRef& m) const { return m.get() == b.macro(); }
    bool operator()(LoopState* l) const { return l == b.loop(); }
  };
  return std::visit(Visitor{b}, a.data());
}

Order compare(const Value& a, const Value& b) {
  Number x;
  Number y;
  if (to_number(a, x) && to_number(b, y)) return compare_numbers(x, y);
  if (a.string() && b.string()) return three_way(*a.string(), *b.string());  // code point order
  const List* l = a.list();
  const List* r = b.list();
  if (!l || !r || l->kind != r->kind) return Order::kRefused;
  if (l->kind != ListKind::kList && l->kind != ListKind::kTuple) return Order::kRefused;
  const size_t common = std::min(l->items.size(), r->items.size());
  for (size_t i = 0; i < common; ++i) {
    if (!equal(l->items[i], r->items[i])) return compare(l->items[i], r->items[i]);
  }
  return three_way(l->items.size(), r->items.size());
}

bool to_number(const Value& value, Number& out) {
  if (const bool* b = value.boolean()) {
    out = {true, *b ? 1 : 0, *b ? 1.0 : 0.0};
  } else if (const int64_t* i = value.integer()) {
    out = {true, *i, static_cast<double>(*i)};
  } else if (const double* d = value.real()) {
    out = {false, 0, *d};
  } else {
    return false;
  }
  return true;
}

}  // namespace gerbil::text::jinja
