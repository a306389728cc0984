// A library's exception is caught at the door of the room that calls it:
//
//   GERBIL_CATCH(return corrupt("config.json: {}", what), nlohmann::json::parse(text));
//
// Builds without exceptions (WebAssembly) run the statement bare; there such libraries are asked
// for error codes.
#pragma once

#if defined(__cpp_exceptions)
#include <exception>
// Runs `...`; on any std::exception runs `handler` with `what` naming the reason.
#define GERBIL_CATCH(handler, ...)                               \
  try {                                                          \
    __VA_ARGS__;                                                 \
  } catch (const std::exception& gerbil_exception) {             \
    [[maybe_unused]] const char* what = gerbil_exception.what(); \
    handler;                                                     \
  }
#else
#define GERBIL_CATCH(handler, ...) \
  do {                             \
    __VA_ARGS__;                   \
  } while (false)
#endif
