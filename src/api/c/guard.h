// The border between C and C++: errors become objects that the caller owns, no exception crosses,
// texts and arrays are handed out in memory that gerbil_free takes. Thread-safe.
#pragma once

#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/exceptions.h"
#include "base/result.h"
#include "gerbil/gerbil_c.h"

namespace gerbil::c {

gerbil_status status_of(ErrorCode code);
// Makes the error, if the caller wants it; the status that belongs to it.
gerbil_status report(const Error& error, gerbil_error** out);

// Runs `body`, which returns a Status, and reports how it went.
template <class Body>
gerbil_status guarded(gerbil_error** error, Body&& body) {
  Status status;
  GERBIL_CATCH(status = fail(ErrorCode::kOutOfMemory, "out of memory ({})", what), status = body());
  return status ? GERBIL_OK : report(status.error(), error);
}

// A setter: a null object (or, where the caller checks it, value) is an error without a message.
template <class Object, class Body>
gerbil_status set(Object* object, Body&& body) {
  if (object == nullptr) return GERBIL_INVALID_ARGUMENT;
  return guarded(nullptr, [&]() -> Status {
    body(*object);
    return {};
  });
}

inline std::unexpected<Error> null_argument(std::string_view function, std::string_view name) {
  return invalid("{}: {} is NULL", function, name);
}

// A copy that gerbil_free takes, with a NUL behind it.
Status hand_out(std::string_view text, char** out, size_t* size);
Status hand_out(const std::vector<int32_t>& ids, int32_t** out, size_t* count);

inline std::string_view text_or_empty(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

inline const char* show(const std::string& text, size_t* size) {
  if (size != nullptr) *size = text.size();
  return text.c_str();
}
inline const char* show_nothing(size_t* size) {
  if (size != nullptr) *size = 0;
  return "";
}

}  // namespace gerbil::c
