#include "text/jinja/runtime.h"

#include <algorithm>

#include "base/checked_math.h"

namespace gerbil::text::jinja {
namespace {

constexpr uint64_t kObjectBytes = 96;  // a shared object's own cost, roughly

}  // namespace

const Value* Scope::find_here(Symbol symbol) const {
  for (const auto& [key, value] : variables)
    if (key == symbol) return &value;
  return nullptr;
}

void Scope::set(Symbol symbol, Value value) {
  for (auto& [key, old] : variables) {
    if (key == symbol) {
      old = std::move(value);
      return;
    }
  }
  variables.emplace_back(symbol, std::move(value));
}

Status Runtime::work(uint64_t units) {
  steps_ += std::min(units, limits_.max_steps + 1);
  if (steps_ > limits_.max_steps)
    return fail(ErrorCode::kOutOfMemory, "the template takes more than {} steps",
                limits_.max_steps);
  return {};
}

Status Runtime::room_for(uint64_t bytes) {
  if (bytes > limits_.max_output_bytes)
    return fail(ErrorCode::kOutOfMemory, "a string of {} bytes is longer than the limit of {}",
                bytes, limits_.max_output_bytes);
  return reserve(bytes);
}

Status Runtime::search_work(std::string_view text, std::string_view part) {
  // Both are far below 2^32 bytes.
  return work(1 + text.size() * (1 + part.size() / 4) / 64);
}

Status Runtime::reserve(uint64_t bytes) {
  const auto total = checked_add(memory_bytes_, bytes);
  if (!total || *total > limits_.max_memory_bytes)
    return fail(ErrorCode::kOutOfMemory, "the template needs more than {} bytes of memory",
                limits_.max_memory_bytes);
  return {};
}

Result<Value> Runtime::string(std::string text, bool markup) {
  GERBIL_CHECK_OK(room_for(text.size()));
  GERBIL_CHECK_OK(work(1 + text.size() / 64));
  const uint64_t bytes = kObjectBytes + text.capacity();
  return Value(std::make_shared<const String>(
      String{std::move(text), Charge(&memory_bytes_, bytes), markup}));
}

Result<Value> Runtime::list(std::vector<Value> items, ListKind kind) {
  const uint64_t bytes = kObjectBytes + items.capacity() * sizeof(Value);
  GERBIL_CHECK_OK(reserve(bytes));
  GERBIL_CHECK_OK(work(1 + items.size() / 8));
  uint32_t depth = 0;
  uint64_t weight = 1;
  for (const Value& item : items) {
    depth = std::max(depth, item.depth());
    weight += item.weight();
  }
  if (depth >= kMaxContainerDepth)
    return invalid("lists and dicts are nested deeper than {}", kMaxContainerDepth);
  if (weight > limits_.max_steps)
    return fail(ErrorCode::kOutOfMemory, "a list holds more than {} values", limits_.max_steps);
  List list{std::move(items), kind, false, depth + 1, weight, Charge(&memory_bytes_, bytes)};
  return Value(std::make_shared<const List>(std::move(list)));
}

Result<Value> Runtime::dict(Dict dict) {
  const uint64_t bytes = kObjectBytes + dict.entries.capacity() * (sizeof(Dict::Entry) + 48);
  GERBIL_CHECK_OK(reserve(bytes));
  GERBIL_CHECK_OK(work(1 + dict.entries.size() / 4));
  uint32_t depth = 0;
  uint64_t weight = 1;
  for (const Dict::Entry& entry : dict.entries) {
    depth = std::max({depth, entry.key.depth(), entry.value.depth()});
    weight += entry.key.weight() + entry.value.weight();
  }
  if (depth >= kMaxContainerDepth)
    return invalid("lists and dicts are nested deeper than {}", kMaxContainerDepth);
  if (weight > limits_.max_steps)
    return fail(ErrorCode::kOutOfMemory, "a dict holds more than {} values", limits_.max_steps);
  dict.depth = depth + 1;
  dict.weight = weight;
  dict.charge = Charge(&memory_bytes_, bytes);
  return Value(std::make_shared<const Dict>(std::move(dict)));
}

Result<Namespace*> Runtime::make_namespace() {
  GERBIL_CHECK_OK(reserve(sizeof(Namespace)));
  memory_bytes_ += sizeof(Namespace);
  return &namespaces_.emplace_back();
}

Result<LoopState*> Runtime::make_loop(std::vector<Value> items) {
  const uint64_t bytes = items.capacity() * sizeof(Value);
  GERBIL_CHECK_OK(reserve(sizeof(LoopState) + bytes));
  memory_bytes_ += sizeof(LoopState);
  LoopState& loop = loops_.emplace_back();
  loop.length = static_cast<int64_t>(items.size());
  loop.items = std::move(items);
  loop.charge = Charge(&memory_bytes_, bytes);
  return &loop;
}

Result<Scope*> Runtime::open_scope(Scope* parent) {
  Scope* scope = nullptr;
  if (!free_scopes_.empty()) {
    scope = free_scopes_.back();
    free_scopes_.pop_back();
  } else {
    GERBIL_CHECK_OK(reserve(sizeof(Scope)));
    memory_bytes_ += sizeof(Scope);
    scope = &scopes_.emplace_back();
  }
  scope->parent = parent;
  return scope;
}

void Runtime::close_scope(Scope* scope) {
  if (scope->captured) return;
  scope->variables.clear();
  free_scopes_.push_back(scope);
}

Value uncounted_string(std::string text) {
  return Value(std::make_shared<const String>(String{std::move(text), Charge()}));
}

Value undefined_because(std::string reason) {
  return Value(Undefined{std::make_shared<const std::string>(std::move(reason))});
}

}  // namespace gerbil::text::jinja
