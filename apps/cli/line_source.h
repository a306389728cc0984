// Lines of standard input where it is no terminal. One thread.
#pragma once

#include <optional>
#include <string>

#include "gerbil/result.h"

namespace gerbil::cli {

class LineSource {
 public:
  // Without its line feed (or carriage return and line feed); nullopt: the end. A line longer than
  // kMaxInputBytes is an error, and so is input that cannot be read.
  Result<std::optional<std::string>> next();

 private:
  std::string buffer_;
  size_t searched_ = 0;  // of the buffer: no line feed before it
  bool ended_ = false;
};

}  // namespace gerbil::cli
