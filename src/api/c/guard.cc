#include "api/c/guard.h"

#include <new>

struct gerbil_error {
  gerbil_status status;
  std::string message;
};

namespace gerbil::c {

gerbil_status status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return GERBIL_INVALID_ARGUMENT;
    case ErrorCode::kNotFound:
      return GERBIL_NOT_FOUND;
    case ErrorCode::kCorrupt:
      return GERBIL_CORRUPT;
    case ErrorCode::kUnsupported:
      return GERBIL_UNSUPPORTED;
    case ErrorCode::kIo:
      return GERBIL_IO;
    case ErrorCode::kOutOfMemory:
      return GERBIL_OUT_OF_MEMORY;
    case ErrorCode::kCancelled:
      return GERBIL_CANCELLED;
    case ErrorCode::kInternal:
      return GERBIL_INTERNAL;
  }
  return GERBIL_INTERNAL;
}

gerbil_status report(const Error& error, gerbil_error** out) {
  const gerbil_status status = status_of(error.code);
  if (out != nullptr) {
    *out = nullptr;
    GERBIL_CATCH(return status, *out = new gerbil_error{status, error.message});
  }
  return status;
}

Status hand_out(std::string_view text, char** out, size_t* size) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) return fail(ErrorCode::kOutOfMemory, "out of memory");
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  *out = copy;
  if (size != nullptr) *size = text.size();
  return {};
}

Status hand_out(const std::vector<int32_t>& ids, int32_t** out, size_t* count) {
  const size_t bytes = ids.size() * sizeof(int32_t);
  auto* copy = static_cast<int32_t*>(std::malloc(bytes + sizeof(int32_t)));  // never 0 bytes
  if (copy == nullptr) return fail(ErrorCode::kOutOfMemory, "out of memory");
  if (!ids.empty()) std::memcpy(copy, ids.data(), bytes);
  *out = copy;
  if (count != nullptr) *count = ids.size();
  return {};
}

}  // namespace gerbil::c

extern "C" {

const char* gerbil_version(void) { return GERBIL_VERSION; }
void gerbil_free(void* memory) { std::free(memory); }

gerbil_status gerbil_error_status(const gerbil_error* error) {
  return error == nullptr ? GERBIL_OK : error->status;
}
const char* gerbil_error_message(const gerbil_error* error) {
  return error == nullptr ? "" : error->message.c_str();
}
void gerbil_error_free(gerbil_error* error) { delete error; }
}
