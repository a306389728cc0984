// JSON from hostile files: configs, checkpoint headers, tokenizers, messages. The one reader of the
// engine.
//
// parse() gives a Value: a tree that owns its strings and may outlive the text. It refuses what the
// JSON grammar refuses, and duplicate keys, nesting and sizes beyond Limits: an error is one line
// that names the file and the place. Integers that do not fit 64 bits become doubles (tokenizer
// configs hold 1e30 spelled out). Values are immutable by convention: read them from many threads.
//
// Fields reads a config object: typed, range-checked, with errors such as
//   config.json: "text_config.num_hidden_layers": expected an integer from 1 to 4096, found "abc"
// It is a view: the Value must outlive it. Writing JSON is not done here.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/span.h"

namespace gerbil::json {

class Value;
struct Member;

using Array = std::vector<Value>;

// Members in the file's order; find() is a scan for small objects and a search by hash for others.
class Object {
 public:
  Object();
  ~Object();
  Object(const Object&);
  Object& operator=(const Object&);
  Object(Object&&) noexcept;
  Object& operator=(Object&&) noexcept;

  size_t size() const;
  Span<const Member> members() const;
  const Value* find(std::string_view key) const;  // nullptr where there is none

  // Takes over `members`; an error where a key appears twice.
  static Result<Object> from(std::vector<Member> members);

 private:
  struct Slot {
    uint32_t hash = 0;
    uint32_t member = 0;
  };
  std::vector<Member> members_;
  std::vector<Slot> slots_;  // ordered by (hash, key); empty for small objects
};

class Value {
 public:
  enum class Kind : uint8_t { kNull, kBool, kInteger, kDouble, kString, kArray, kObject };

  Value() = default;
  explicit Value(bool value) : data_(value) {}
  explicit Value(int64_t value) : data_(value) {}
  explicit Value(double value) : data_(value) {}
  explicit Value(std::string value) : data_(std::move(value)) {}
  explicit Value(Array value) : data_(std::move(value)) {}
  explicit Value(Object value) : data_(std::move(value)) {}

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_number() const { return kind() == Kind::kInteger || kind() == Kind::kDouble; }

  // Each is the value if it is of that kind, else nullptr.
  const bool* boolean() const { return std::get_if<bool>(&data_); }
  const int64_t* integer() const { return std::get_if<int64_t>(&data_); }
  const std::string* string() const { return std::get_if<std::string>(&data_); }
  const Array* array() const { return std::get_if<Array>(&data_); }
  const Object* object() const { return std::get_if<Object>(&data_); }
  // Any number, integers included.
  std::optional<double> number() const;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> data_;
};

struct Member {
  std::string key;
  Value value;
};

struct Limits {
  uint32_t max_depth = 64;
  uint64_t max_values = 8u << 20;  // bounds the tree's memory, whatever the text's size
  uint64_t max_bytes = 256u << 20;
};

// `name` is what errors call the text: usually the file's name.
Result<Value> parse(std::string_view text, std::string_view name, const Limits& limits = {});

// What an error says was found: null, 12, "abc", an array of 3, an object.
std::string describe(const Value& value);

template <class T>
struct Range {
  T min = std::numeric_limits<T>::lowest();
  T max = std::numeric_limits<T>::max();
};
using IntegerRange = Range<int64_t>;
using NumberRange = Range<double>;  // never holds NaN or infinity: JSON has neither

// A null member counts as absent, as Hugging Face configs use it.
class Fields {
 public:
  // An error where `root` is not an object.
  static Result<Fields> of(const Value& root, std::string_view file);

  const Object& object() const { return *object_; }
  const Value* find(std::string_view key) const;  // nullptr where absent or null
  bool has(std::string_view key) const { return find(key) != nullptr; }

  Result<int64_t> integer(std::string_view key, IntegerRange range = {}) const;
  Result<double> number(std::string_view key, NumberRange range = {}) const;
  Result<bool> boolean(std::string_view key) const;
  Result<std::string> string(std::string_view key) const;
  Result<Fields> object(std::string_view key) const;
  // At most `max_count` entries.
  Result<std::vector<int64_t>> integers(std::string_view key, IntegerRange range = {},
                                        size_t max_count = 65536) const;
  Result<std::vector<double>> numbers(std::string_view key, NumberRange range = {},
                                      size_t max_count = 65536) const;
  Result<std::vector<std::string>> strings(std::string_view key, size_t max_count = 65536) const;
  Result<std::vector<Fields>> objects(std::string_view key, size_t max_count = 65536) const;

  Result<std::optional<int64_t>> optional_integer(std::string_view key,
                                                  IntegerRange range = {}) const;
  Result<std::optional<double>> optional_number(std::string_view key, NumberRange range = {}) const;
  Result<std::optional<bool>> optional_boolean(std::string_view key) const;
  Result<std::optional<std::string>> optional_string(std::string_view key) const;
  Result<std::optional<Fields>> optional_object(std::string_view key) const;

  Result<int64_t> integer_or(std::string_view key, int64_t fallback, IntegerRange range = {}) const;
  Result<double> number_or(std::string_view key, double fallback, NumberRange range = {}) const;
  Result<bool> boolean_or(std::string_view key, bool fallback) const;
  Result<std::string> string_or(std::string_view key, std::string_view fallback) const;

  // The error for a member that is there but not understood:
  //   return fields.expected("hidden_act", "\"silu\"");
  // `FILE: "path.key": expected "silu", found "gelu"` (or: it is missing).
  std::unexpected<Error> expected(std::string_view key, std::string_view what,
                                  ErrorCode code = ErrorCode::kInvalidArgument) const;

  const std::string& file() const { return file_; }
  // `path.key`, for messages of one's own.
  std::string path(std::string_view key) const;

 private:
  Fields(const Object* object, std::string file, std::string path)
      : object_(object), file_(std::move(file)), path_(std::move(path)) {}

  const Object* object_;
  std::string file_;
  std::string path_;  // "" for the root, else "text_config"
};

}  // namespace gerbil::json
