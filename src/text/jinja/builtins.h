// The tables of filters, tests, methods and functions that templates may call: everything else is
// out of reach. Pure look-ups, any thread; nullptr where the name is not known.
#pragma once

#include <span>
#include <string_view>

#include "text/jinja/value.h"

namespace gerbil::text::jinja {

struct Builtin {
  std::string_view name;
  NativeFunction function = nullptr;
};

NativeFunction find_filter(std::string_view name);
NativeFunction find_test(std::string_view name);
// Of a value's own type: str, list, dict ...
NativeFunction find_method(const Value& value, std::string_view name);
std::span<const Builtin> global_functions();

// The rows of each table, by file.
std::span<const Builtin> text_filters();
std::span<const Builtin> sequence_filters();
std::span<const Builtin> sorting_filters();
std::span<const Builtin> value_filters();
std::span<const Builtin> string_methods();
std::span<const Builtin> markup_filters();
std::span<const Builtin> layout_filters();
std::span<const Builtin> cycler_methods();

}  // namespace gerbil::text::jinja
