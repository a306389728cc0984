// Errors as values: the one error type of gerbil's public and internal interfaces.
//
// A function that can fail returns Result<T>; nothing in the library throws, prints or exits. The
// message is one line, meant for a person: it names the file, the tensor or field, what was
// expected and what was found. Plain values: copy and pass between threads freely.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace gerbil {

enum class ErrorCode {
  kInvalidArgument,  // a caller's value is out of range or contradicts another one
  kNotFound,         // a file, tensor or named thing does not exist
  kCorrupt,          // bytes that do not follow their format
  kUnsupported,      // well-formed, but not understood by this build
  kIo,               // the operating system refused
  kOutOfMemory,      // a limit on memory would be passed
  kCancelled,        // stopped on request
  kInternal,         // a broken promise inside gerbil: always a bug
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

using Status = Result<void>;

}  // namespace gerbil
