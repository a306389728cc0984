// What a template computes with: Python's values as far as chat templates know them.
//
// Value is a small copyable handle. Strings, lists and dicts are shared and immutable once built
// (the sandbox that templates are written for forbids to change them), so they form no cycles;
// namespaces and loops, which do change, belong to the Runtime of one rendering. Each container
// knows its depth and its weight (scalars below it, shared parts counted each time), both bounded
// when it is built: walking a Value recursively is always safe and its cost is known before.
// Strings are valid UTF-8; their length and indices count code points.
//
// Values made by a Runtime must not outlive it. One rendering, one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace gerbil::text::jinja {

class Value;
class Runtime;
struct Dict;
struct List;
struct LoopState;
struct Macro;
struct Namespace;
struct Native;
struct Scope;

// Bytes counted against a rendering's memory, given back with the object that holds them.
class Charge {
 public:
  Charge() = default;
  Charge(uint64_t* meter, uint64_t bytes) : meter_(meter), bytes_(bytes) { *meter_ += bytes_; }
  ~Charge() {
    if (meter_) *meter_ -= bytes_;
  }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  Charge(Charge&& other) noexcept
      : meter_(std::exchange(other.meter_, nullptr)), bytes_(other.bytes_) {}
  Charge& operator=(Charge&& other) noexcept {
    std::swap(meter_, other.meter_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

 private:
  uint64_t* meter_ = nullptr;
  uint64_t bytes_ = 0;
};

// Prints as nothing, is false and empty; almost every other use is an error with this reason.
struct Undefined {
  std::shared_ptr<const std::string> reason;
};

struct None {};

struct String {
  std::string text;
  Charge charge;
  // Jinja's Markup: text that |safe or |escape marked. Nothing is escaped when it is printed, but
  // what is added to it is.
  bool markup = false;
};

using StringRef = std::shared_ptr<const String>;
using ListRef = std::shared_ptr<const List>;
using DictRef = std::shared_ptr<const Dict>;
using NativeRef = std::shared_ptr<const Native>;
using MacroRef = std::shared_ptr<const Macro>;

class Value {
 public:
  using Data = std::variant<Undefined, None, bool, int64_t, double, StringRef, ListRef, DictRef,
                            Namespace*, LoopState*, NativeRef, MacroRef>;

  Value() = default;
  explicit Value(Undefined value) : data_(std::move(value)) {}
  explicit Value(None) : data_(None{}) {}
  explicit Value(bool value) : data_(value) {}
  explicit Value(int64_t value) : data_(value) {}
  explicit Value(double value) : data_(value) {}
  explicit Value(StringRef value) : data_(std::move(value)) {}
  explicit Value(ListRef value) : data_(std::move(value)) {}
  explicit Value(DictRef value) : data_(std::move(value)) {}
  explicit Value(Namespace* value) : data_(value) {}
  explicit Value(LoopState* value) : data_(value) {}
  explicit Value(NativeRef value) : data_(std::move(value)) {}
  explicit Value(MacroRef value) : data_(std::move(value)) {}

  const Data& data() const { return data_; }

  bool is_undefined() const { return std::holds_alternative<Undefined>(data_); }
  bool is_none() const { return std::holds_alternative<None>(data_); }
  bool is_number() const { return boolean() || integer() || real(); }  // bool is an int in Python

  // Each is the value if it is of that kind, else nullptr.
  const Undefined* undefined() const { return std::get_if<Undefined>(&data_); }
  const bool* boolean() const { return std::get_if<bool>(&data_); }
  const int64_t* integer() const { return std::get_if<int64_t>(&data_); }
  const double* real() const { return std::get_if<double>(&data_); }
  const std::string* string() const {
    const auto* ref = std::get_if<StringRef>(&data_);
    return ref ? &(*ref)->text : nullptr;
  }
  bool is_markup() const {
    const auto* ref = std::get_if<StringRef>(&data_);
    return ref && (*ref)->markup;
  }
  const List* list() const { return pointee<ListRef, List>(); }
  const Dict* dict() const { return pointee<DictRef, Dict>(); }
  const Native* native() const { return pointee<NativeRef, Native>(); }
  const Macro* macro() const { return pointee<MacroRef, Macro>(); }
  Namespace* name_space() const {
    const auto* found = std::get_if<Namespace*>(&data_);
    return found ? *found : nullptr;
  }
  LoopState* loop() const {
    const auto* found = std::get_if<LoopState*>(&data_);
    return found ? *found : nullptr;
  }

  uint32_t depth() const;   // 0 for scalars
  uint64_t weight() const;  // at least 1

 private:
  template <class Ref, class T>
  const T* pointee() const {
    const auto* ref = std::get_if<Ref>(&data_);
    return ref ? ref->get() : nullptr;
  }

  Data data_;
};

// Python's flavours of a sequence: they differ in what they print as and whether they have a
// length.
enum class ListKind : uint8_t { kList, kTuple, kKeys, kValues, kItems, kIterator };

struct List {
  std::vector<Value> items;
  ListKind kind = ListKind::kList;
  mutable bool consumed = false;  // an iterator gives its items once
  uint32_t depth = 1;
  uint64_t weight = 1;
  Charge charge;
};

struct Dict {
  struct Entry {
    Value key;
    Value value;
  };
  std::vector<Entry> entries;  // in the order of their first insertion
  uint32_t depth = 1;
  uint64_t weight = 1;
  Charge charge;

  // Keys are compared as Python does: 1, 1.0 and true are one key. The key must be hashable.
  void set(Value key, Value value);
  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;

 private:
  std::unordered_multimap<uint64_t, uint32_t> by_hash_;  // only of more than a few entries
};

// The objects that do change: namespace(), and Jinja's joiner() and cycler(), which keep in the
// attributes what they have to remember.
struct Namespace {
  enum class Kind : uint8_t { kNamespace, kJoiner, kCycler };
  Kind kind = Kind::kNamespace;
  std::vector<std::pair<std::string, Value>> attributes;

  const Value* find(std::string_view name) const;
  void set(std::string_view name, Value value);
};

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

// What a filter, test, method or function gets.
struct Call {
  Runtime& runtime;
  std::string_view name;  // for messages
  const Value& self;      // what stands before the | or the dot
  const Arguments& arguments;
};
using NativeFunction = Result<Value> (*)(const Call& call);

struct Native {
  std::string name;
  NativeFunction function = nullptr;
  Value self;
};

const char* type_name(const Value& value);  // as Python calls it
bool is_true(const Value& value);
bool is_hashable(const Value& value);
uint64_t hash(const Value& value);  // of hashable values; equal values have equal hashes
bool equal(const Value& a, const Value& b);
// As Python orders them; nullopt where Python refuses ("'<' not supported between ...").
enum class Order : uint8_t { kLess, kEqual, kGreater, kUnordered /* NaN */, kRefused };
Order compare(const Value& a, const Value& b);

// The value as a number where it is one: an integer or bool, or a float.
struct Number {
  bool is_integer = false;
  int64_t integer = 0;
  double real = 0;  // also set for integers
};
bool to_number(const Value& value, Number& out);

}  // namespace gerbil::text::jinja
