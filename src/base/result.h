// Helpers around gerbil::Result: building errors, passing them on, and stopping on broken promises.
//
// GERBIL_TRY(auto x, f()) binds the value of f() to x or returns its error; GERBIL_CHECK_OK(f())
// does the same for a Status. Both may be used in any function that returns a Result. Thread-safe:
// no state.
#pragma once

#include <fmt/format.h>

#include <utility>

#include "gerbil/result.h"

namespace gerbil {

template <class... Args>
std::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

template <class... Args>
std::unexpected<Error> invalid(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::kInvalidArgument, format, std::forward<Args>(args)...);
}

template <class... Args>
std::unexpected<Error> corrupt(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::kCorrupt, format, std::forward<Args>(args)...);
}

template <class... Args>
std::unexpected<Error> unsupported(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::kUnsupported, format, std::forward<Args>(args)...);
}

// The same error with a place in front: "model.safetensors: header is longer than the file".
inline std::unexpected<Error> with_context(Error error, std::string_view place) {
  error.message = fmt::format("{}: {}", place, error.message);
  return std::unexpected<Error>(std::move(error));
}

}  // namespace gerbil

#define GERBIL_CONCAT_INNER(a, b) a##b
#define GERBIL_CONCAT(a, b) GERBIL_CONCAT_INNER(a, b)

#define GERBIL_TRY_IMPL(temporary, declaration, expression)                              \
  auto temporary = (expression);                                                         \
  if (!temporary) return std::unexpected<::gerbil::Error>(std::move(temporary).error()); \
  declaration = *std::move(temporary)

// GERBIL_TRY(auto header, parse(bytes));
#define GERBIL_TRY(declaration, ...) \
  GERBIL_TRY_IMPL(GERBIL_CONCAT(gerbil_try_, __LINE__), declaration, (__VA_ARGS__))

// GERBIL_CHECK_OK(write(file));   for Status
#define GERBIL_CHECK_OK(...)                                                                       \
  do {                                                                                             \
    auto gerbil_status = (__VA_ARGS__);                                                            \
    if (!gerbil_status) return std::unexpected<::gerbil::Error>(std::move(gerbil_status).error()); \
  } while (false)
