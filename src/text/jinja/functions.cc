// The functions a template finds as variables: Jinja's own and the two that transformers adds.
#include "text/jinja/functions.h"

#include <fmt/format.h>

#include <array>

#include "text/jinja/arguments.h"
#include "text/jinja/builtins.h"
#include "text/jinja/operators.h"
#include "text/jinja/runtime.h"
#include "text/jinja/strftime.h"

namespace gerbil::text::jinja {
namespace {

Result<Value> range(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"start", "stop", "step"}, 1));
  GERBIL_TRY(int64_t start, arguments.integer(0, 0));
  int64_t stop = start;
  if (arguments.get(1)) {
    GERBIL_TRY(stop, arguments.integer(1, 0));
  } else {
    start = 0;
  }
  GERBIL_TRY(const int64_t step, arguments.integer(2, 1));
  if (step == 0) return invalid("range() arg 3 must not be zero");
  std::vector<Value> items;
  int64_t at = start;
  while (step > 0 ? at < stop : at > stop) {
    if (static_cast<int64_t>(items.size()) >= kMaxRange)
      return invalid("range too big: templates may have at most {} items", kMaxRange);
    items.push_back(Value(at));
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return call.runtime.list(std::move(items));
}

// dict(mapping or pairs, name=value ...)
Result<Dict> make_dict(const Call& call) {
  if (call.arguments.positional.size() > 1)
    return invalid("'{}' takes at most one positional argument", call.name);
  Dict out;
  if (!call.arguments.positional.empty()) {
    const Value& source = call.arguments.positional[0];
    GERBIL_CHECK_OK(call.runtime.work(source.weight()));
    if (const Dict* dict = source.dict()) {
      for (const Dict::Entry& entry : dict->entries) out.set(entry.key, entry.value);
    } else {
      GERBIL_TRY(const std::vector<Value> pairs, iterate(call.runtime, source));
      for (const Value& pair : pairs) {
        GERBIL_TRY(const std::vector<Value> items, iterate(call.runtime, pair));
        if (items.size() != 2)
          return invalid("'{}' wants pairs, got {} values", call.name, items.size());
        if (!is_hashable(items[0])) return invalid("unhashable type: '{}'", type_name(items[0]));
        out.set(items[0], items[1]);
      }
    }
  }
  for (const auto& [name, value] : call.arguments.named) {
    GERBIL_TRY(Value key, call.runtime.string(name));
    out.set(std::move(key), value);
  }
  return out;
}

Result<Value> dict_function(const Call& call) {
  GERBIL_TRY(Dict dict, make_dict(call));
  return call.runtime.dict(std::move(dict));
}

Result<Value> namespace_function(const Call& call) {
  GERBIL_TRY(const Dict dict, make_dict(call));
  GERBIL_TRY(Namespace* const out, call.runtime.make_namespace());
  constexpr size_t kMaxAttributes = 1000;  // found by a scan
  if (dict.entries.size() > kMaxAttributes)
    return invalid("a namespace has at most {} attributes", kMaxAttributes);
  for (const Dict::Entry& entry : dict.entries) {
    if (!entry.key.string()) return invalid("a namespace's attributes must be named by strings");
    out->set(*entry.key.string(), entry.value);
  }
  return Value(out);
}

Result<Value> raise_exception(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"message"}, 1));
  GERBIL_TRY(const std::string message, text_of(call, *arguments.get(0)));
  return invalid("{}", message);
}

Result<Value> strftime_now(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"format"}, 1));
  GERBIL_TRY(const std::string_view format, arguments.text(0, ""));
  GERBIL_CHECK_OK(call.runtime.room_for(format.size() * 16));
  GERBIL_TRY(std::string text, strftime(*call.runtime.now(), format));
  return call.runtime.string(std::move(text));
}

constexpr std::string_view kSeparator = "sep";
constexpr std::string_view kUsed = "used";
constexpr std::string_view kItems = "items";
constexpr std::string_view kPosition = "position";

Result<Value> joiner(const Call& call) {
  GERBIL_TRY(const Bound arguments, bind(call, {"sep"}));
  GERBIL_TRY(Namespace* const out, call.runtime.make_namespace());
  out->kind = Namespace::Kind::kJoiner;
  out->set(kSeparator, arguments.get_or(0, uncounted_string(", ")));
  return Value(out);
}

Result<Value> cycler(const Call& call) {
  if (!call.arguments.named.empty()) return invalid("'cycler' takes no named arguments");
  if (call.arguments.positional.empty()) return invalid("at least one item has to be provided");
  GERBIL_TRY(Value items, call.runtime.list(call.arguments.positional, ListKind::kTuple));
  GERBIL_TRY(Namespace* const out, call.runtime.make_namespace());
  out->kind = Namespace::Kind::kCycler;
  out->set(kItems, std::move(items));
  out->set(kPosition, Value(int64_t{0}));
  return Value(out);
}

Result<Value> cycler_next(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  Namespace& self = *call.self.name_space();
  const Value current = cycler_current(self);
  const int64_t at = *self.find(kPosition)->integer() + 1;
  const auto size = static_cast<int64_t>(self.find(kItems)->list()->items.size());
  self.set(kPosition, Value(at % size));
  return current;
}

Result<Value> cycler_reset(const Call& call) {
  GERBIL_CHECK_OK(bind(call, {}));
  call.self.name_space()->set(kPosition, Value(int64_t{0}));
  return Value(None{});
}

constexpr Builtin kCyclerMethods[] = {
    {"next", cycler_next},
    {"reset", cycler_reset},
};

constexpr Builtin kFunctions[] = {
    {"cycler", cycler},
    {"dict", dict_function},
    {"joiner", joiner},
    {"namespace", namespace_function},
    {"raise_exception", raise_exception},
    {"range", range},
    {"strftime_now", strftime_now},
};

}  // namespace

std::span<const Builtin> global_functions() { return kFunctions; }
std::span<const Builtin> cycler_methods() { return kCyclerMethods; }

Result<Value> joined(Namespace& joiner, const Arguments& arguments) {
  if (!arguments.positional.empty() || !arguments.named.empty())
    return invalid("a joiner takes no arguments");
  if (joiner.find(kUsed)) return *joiner.find(kSeparator);
  joiner.set(kUsed, Value(true));
  return uncounted_string("");
}

Value cycler_current(const Namespace& cycler) {
  return cycler.find(kItems)
      ->list()
      ->items[static_cast<size_t>(*cycler.find(kPosition)->integer())];
}

}  // namespace gerbil::text::jinja
