#include "base/json.h"

#include <simdjson.h>

#include <algorithm>
#include <functional>

#include "base/json_dom.h"
#include "base/json_place.h"
#include "base/quote.h"

namespace gerbil::json {
namespace {

constexpr size_t kSmallObject = 8;

uint32_t hash_of(std::string_view key) {
  const auto hash = static_cast<uint64_t>(std::hash<std::string_view>{}(key));
  return static_cast<uint32_t>(hash ^ (hash >> 32));
}

// Turns simdjson's tape into a Value. Depth was limited by the parser, so recursion is bounded.
class TreeBuilder {
 public:
  // `without`: paths of members that become null.
  TreeBuilder(std::string_view name, const Limits& limits, Span<const std::string_view> without)
      : name_(name), limits_(limits), without_(without) {}

  Result<Value> build(simdjson::dom::element element) {
    if (++values_ > limits_.max_values)
      return invalid("{}: more than {} JSON values", name_, limits_.max_values);
    using simdjson::dom::element_type;
    switch (element.type()) {
      case element_type::ARRAY:
        return build_array(element.get_array().value_unsafe());
      case element_type::OBJECT:
        return build_object(element.get_object().value_unsafe());
      case element_type::INT64:
        return Value(element.get_int64().value_unsafe());
      case element_type::UINT64:
        return Value(static_cast<double>(element.get_uint64().value_unsafe()));
      case element_type::DOUBLE:
        return Value(element.get_double().value_unsafe());
      case element_type::STRING:
        return Value(std::string(element.get_string().value_unsafe()));
      case element_type::BOOL:
        return Value(element.get_bool().value_unsafe());
      case element_type::NULL_VALUE:
        break;
    }
    return Value();
  }

 private:
  Result<Value> build_array(simdjson::dom::array array) {
    Array out;
    out.reserve(std::min<size_t>(array.size(), 1u << 20));  // size() saturates
    for (simdjson::dom::element item : array) {
      GERBIL_TRY(Value value, build(item));
      out.push_back(std::move(value));
    }
    return Value(std::move(out));
  }

  Result<Value> build_object(simdjson::dom::object object) {
    std::vector<Member> members;
    members.reserve(std::min<size_t>(object.size(), 1u << 20));
    const size_t path_size = path_.size();
    for (auto field : object) {
      if (without_.empty()) {
        GERBIL_TRY(Value value, build(field.value));
        members.push_back({std::string(field.key), std::move(value)});
        continue;
      }
      path_.resize(path_size);
      if (!path_.empty()) path_ += '.';
      path_ += field.key;
      Value value;
      if (std::find(without_.begin(), without_.end(), path_) == without_.end()) {
        auto built = build(field.value);
        if (!built) return built;
        value = *std::move(built);
      }
      members.push_back({std::string(field.key), std::move(value)});
    }
    path_.resize(path_size);
    auto out = Object::from(std::move(members));
    if (!out) return with_context(std::move(out).error(), name_);
    return Value(*std::move(out));
  }

  std::string_view name_;
  const Limits& limits_;
  Span<const std::string_view> without_;
  std::string path_;  // of the object at work; of no use within arrays, where nothing is left out
  uint64_t values_ = 0;
};

// 4.0 keeps its point: an error says that it is no integer.
std::string text_of(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::unexpected<Error> syntax_error(simdjson::error_code code, std::string_view text,
                                    std::string_view name, const Limits& limits) {
  if (code == simdjson::DEPTH_ERROR)
    return corrupt("{}: JSON nested more than {} deep", name, limits.max_depth);
  if (code == simdjson::MEMALLOC)
    return fail(ErrorCode::kOutOfMemory, "{}: no memory for {} bytes of JSON", name, text.size());
  if (code == simdjson::CAPACITY)
    return corrupt("{}: {} bytes are too many for JSON", name, text.size());
  if (code == simdjson::UTF8_ERROR)
    return corrupt("{}: not valid JSON: not valid UTF-8, {}", name, utf8_error_place(text));
  return corrupt("{}: not valid JSON: {}", name, syntax_error_place(text));
}

}  // namespace

Object::Object() = default;
Object::~Object() = default;
Object::Object(const Object&) = default;
Object& Object::operator=(const Object&) = default;
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(Object&&) noexcept = default;

size_t Object::size() const { return members_.size(); }
Span<const Member> Object::members() const { return members_; }

const Value* Object::find(std::string_view key) const {
  if (slots_.empty()) {
    for (const Member& member : members_)
      if (member.key == key) return &member.value;
    return nullptr;
  }
  const uint32_t hash = hash_of(key);
  const auto slot = std::lower_bound(slots_.begin(), slots_.end(), 0, [&](const Slot& a, int) {
    return a.hash != hash ? a.hash < hash : members_[a.member].key < key;
  });
  if (slot == slots_.end() || members_[slot->member].key != key) return nullptr;
  return &members_[slot->member].value;
}

Result<Object> Object::from(std::vector<Member> members) {
  Object object;
  object.members_ = std::move(members);
  const auto& list = object.members_;
  if (list.size() <= kSmallObject) {
    for (size_t i = 1; i < list.size(); ++i)
      for (size_t k = 0; k < i; ++k)
        if (list[i].key == list[k].key) return corrupt("the key {} twice", in_quotes(list[i].key));
    return object;
  }
  auto& slots = object.slots_;
  slots.resize(list.size());
  for (uint32_t i = 0; i < slots.size(); ++i) slots[i] = {hash_of(list[i].key), i};
  // A sort, not a table: keys made to collide cost n log n comparisons, never n squared.
  std::ranges::sort(slots, [&](const Slot& a, const Slot& b) {
    return a.hash != b.hash ? a.hash < b.hash : list[a.member].key < list[b.member].key;
  });
  for (size_t i = 1; i < slots.size(); ++i)
    if (slots[i].hash == slots[i - 1].hash &&
        list[slots[i].member].key == list[slots[i - 1].member].key)
      return corrupt("the key {} twice", in_quotes(list[slots[i].member].key));
  return object;
}

std::optional<double> Value::number() const {
  if (const int64_t* value = integer()) return static_cast<double>(*value);
  if (const double* value = std::get_if<double>(&data_)) return *value;
  return std::nullopt;
}

Dom::Dom() = default;
Dom::Dom(Dom&&) noexcept = default;
Dom& Dom::operator=(Dom&&) noexcept = default;
Dom::~Dom() = default;

simdjson::dom::element Dom::root() const { return parser_->doc.root(); }

Result<Dom> Dom::parse(std::string_view text, std::string_view name, const Limits& limits) {
  if (text.size() > limits.max_bytes)
    return invalid("{}: {} bytes of JSON, more than the limit of {}", name, text.size(),
                   limits.max_bytes);
  Dom dom;
  dom.parser_ = std::make_unique<simdjson::dom::parser>();
  dom.name_ = name;
  dom.limits_ = limits;
  const size_t capacity = std::max<size_t>(text.size(), 64);
  if (const auto code = dom.parser_->allocate(capacity, limits.max_depth + 1))
    return syntax_error(code, text, name, limits);
  auto root = dom.parser_->parse(text.data(), text.size());
  if (root.error() == simdjson::NUMBER_ERROR) {
    // Integers beyond 64 bits are legal JSON, but not for simdjson: spell them as doubles.
    const std::string rewritten = with_wide_integers_as_doubles(text);
    root = dom.parser_->parse(rewritten);
  }
  if (root.error()) return syntax_error(root.error(), text, name, limits);
  return dom;
}

Result<Value> Dom::value_without(Span<const std::string_view> paths) const {
  return TreeBuilder(name_, limits_, paths).build(root());
}

std::string Dom::describe(simdjson::dom::element element) const {
  auto value = TreeBuilder(name_, limits_, {}).build(element);
  return value ? json::describe(*value) : value.error().message;
}

Result<Value> parse(std::string_view text, std::string_view name, const Limits& limits) {
  GERBIL_TRY(const Dom dom, Dom::parse(text, name, limits));
  return dom.value_without({});
}

std::string describe(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kBool:
      return *value.boolean() ? "true" : "false";
    case Value::Kind::kInteger:
      return fmt::format("{}", *value.integer());
    case Value::Kind::kDouble:
      return text_of(*value.number());
    case Value::Kind::kString:
      return in_quotes(*value.string(), 60);
    case Value::Kind::kArray:
      return fmt::format("an array of {}", value.array()->size());
    case Value::Kind::kObject:
      break;
  }
  return "an object";
}

}  // namespace gerbil::json
