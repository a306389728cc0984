// Fields: typed and range-checked reading of config objects.
#include <cmath>

#include "base/json.h"
#include "base/quote.h"

namespace gerbil::json {
namespace {

std::string text_of(IntegerRange range) {
  constexpr IntegerRange kAny;
  if (range.min == kAny.min && range.max == kAny.max) return "an integer";
  if (range.max == kAny.max) return fmt::format("an integer of at least {}", range.min);
  return fmt::format("an integer from {} to {}", range.min, range.max);
}

std::string text_of(NumberRange range) {
  constexpr NumberRange kAny;
  if (range.min == kAny.min && range.max == kAny.max) return "a number";
  if (range.max == kAny.max) return fmt::format("a number of at least {}", range.min);
  return fmt::format("a number from {} to {}", range.min, range.max);
}

std::optional<int64_t> integer_in(const Value* value, IntegerRange range) {
  const int64_t* number = value ? value->integer() : nullptr;
  if (!number || *number < range.min || *number > range.max) return std::nullopt;
  return *number;
}

std::optional<double> number_in(const Value* value, NumberRange range) {
  const auto number = value ? value->number() : std::nullopt;
  if (!number || !(*number >= range.min && *number <= range.max)) return std::nullopt;
  return *number;
}

// Makes the optional form of an accessor: absent stays absent, everything else goes through.
template <class T, class Read>
Result<std::optional<T>> optional(bool present, Read read) {
  if (!present) return std::optional<T>();
  GERBIL_TRY(T value, read());
  return std::optional<T>(std::move(value));
}

}  // namespace

Result<Fields> Fields::of(const Value& root, std::string_view file) {
  if (const Object* object = root.object()) return Fields(object, std::string(file), "");
  return invalid("{}: expected a JSON object, found {}", file, describe(root));
}

const Value* Fields::find(std::string_view key) const {
  const Value* value = object_->find(key);
  return value && !value->is_null() ? value : nullptr;
}

std::string Fields::path(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

std::unexpected<Error> Fields::expected(std::string_view key, std::string_view what,
                                        ErrorCode code) const {
  const Value* value = object_->find(key);
  return fail(code, "{}: {}: expected {}, {}", file_, in_quotes(path(key)), what,
              value ? "found " + describe(*value) : "but it is missing");
}

Result<int64_t> Fields::integer(std::string_view key, IntegerRange range) const {
  if (const auto value = integer_in(find(key), range)) return *value;
  return expected(key, text_of(range));
}

Result<double> Fields::number(std::string_view key, NumberRange range) const {
  if (const auto value = number_in(find(key), range)) return *value;
  return expected(key, text_of(range));
}

Result<bool> Fields::boolean(std::string_view key) const {
  const Value* value = find(key);
  if (const bool* flag = value ? value->boolean() : nullptr) return *flag;
  return expected(key, "true or false");
}

Result<std::string> Fields::string(std::string_view key) const {
  const Value* value = find(key);
  if (const std::string* text = value ? value->string() : nullptr) return *text;
  return expected(key, "a string");
}

Result<Fields> Fields::object(std::string_view key) const {
  const Value* value = find(key);
  if (const Object* object = value ? value->object() : nullptr)
    return Fields(object, file_, path(key));
  return expected(key, "an object");
}

Result<std::vector<int64_t>> Fields::integers(std::string_view key, IntegerRange range,
                                              size_t max_count) const {
  const Value* value = find(key);
  const Array* array = value ? value->array() : nullptr;
  if (!array || array->size() > max_count)
    return expected(key, fmt::format("an array of at most {} integers", max_count));
  std::vector<int64_t> out;
  for (const Value& item : *array) {
    const auto number = integer_in(&item, range);
    if (!number)
      return invalid("{}: {}: expected {}, found {}", file_,
                     in_quotes(fmt::format("{}[{}]", path(key), out.size())), text_of(range),
                     describe(item));
    out.push_back(*number);
  }
  return out;
}

Result<std::vector<double>> Fields::numbers(std::string_view key, NumberRange range,
                                            size_t max_count) const {
  const Value* value = find(key);
  const Array* array = value ? value->array() : nullptr;
  if (!array || array->size() > max_count)
    return expected(key, fmt::format("an array of at most {} numbers", max_count));
  std::vector<double> out;
  for (const Value& item : *array) {
    const auto number = number_in(&item, range);
    if (!number)
      return invalid("{}: {}: expected {}, found {}", file_,
                     in_quotes(fmt::format("{}[{}]", path(key), out.size())), text_of(range),
                     describe(item));
    out.push_back(*number);
  }
  return out;
}

Result<std::vector<std::string>> Fields::strings(std::string_view key, size_t max_count) const {
  const Value* value = find(key);
  const Array* array = value ? value->array() : nullptr;
  if (!array || array->size() > max_count)
    return expected(key, fmt::format("an array of at most {} strings", max_count));
  std::vector<std::string> out;
  for (const Value& item : *array) {
    if (!item.string())
      return invalid("{}: {}: expected a string, found {}", file_,
                     in_quotes(fmt::format("{}[{}]", path(key), out.size())), describe(item));
    out.push_back(*item.string());
  }
  return out;
}

Result<std::vector<Fields>> Fields::objects(std::string_view key, size_t max_count) const {
  const Value* value = find(key);
  const Array* array = value ? value->array() : nullptr;
  if (!array || array->size() > max_count)
    return expected(key, fmt::format("an array of at most {} objects", max_count));
  std::vector<Fields> out;
  out.reserve(array->size());
  for (const Value& item : *array) {
    std::string place = fmt::format("{}[{}]", path(key), out.size());
    const Object* object = item.object();
    if (!object)
      return invalid("{}: {}: expected an object, found {}", file_, in_quotes(place),
                     describe(item));
    out.push_back(Fields(object, file_, std::move(place)));
  }
  return out;
}

Result<std::optional<int64_t>> Fields::optional_integer(std::string_view key,
                                                        IntegerRange range) const {
  return optional<int64_t>(has(key), [&] { return integer(key, range); });
}

Result<std::optional<double>> Fields::optional_number(std::string_view key,
                                                      NumberRange range) const {
  return optional<double>(has(key), [&] { return number(key, range); });
}

Result<std::optional<bool>> Fields::optional_boolean(std::string_view key) const {
  return optional<bool>(has(key), [&] { return boolean(key); });
}

Result<std::optional<std::string>> Fields::optional_string(std::string_view key) const {
  return optional<std::string>(has(key), [&] { return string(key); });
}

Result<std::optional<Fields>> Fields::optional_object(std::string_view key) const {
  return optional<Fields>(has(key), [&] { return object(key); });
}

Result<int64_t> Fields::integer_or(std::string_view key, int64_t fallback,
                                   IntegerRange range) const {
  return has(key) ? integer(key, range) : Result<int64_t>(fallback);
}

Result<double> Fields::number_or(std::string_view key, double fallback, NumberRange range) const {
  return has(key) ? number(key, range) : Result<double>(fallback);
}

Result<bool> Fields::boolean_or(std::string_view key, bool fallback) const {
  return has(key) ? boolean(key) : Result<bool>(fallback);
}

Result<std::string> Fields::string_or(std::string_view key, std::string_view fallback) const {
  return has(key) ? string(key) : Result<std::string>(std::string(fallback));
}

}  // namespace gerbil::json
