// An open POSIX file descriptor and the errors around it. For the *_posix.cc files of this room.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/result.h"

namespace gerbil::platform {

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// A path with a NUL byte would be cut there by the system, and name another file.
Status check_path(const std::string& path);

Result<Descriptor> open_for_reading(const std::string& path);

// The same for regular files alone: nothing else is opened, for a pipe would wait for its writer
// and a device may do anything.
Result<Descriptor> open_regular_file(const std::string& path);

// "PATH: cannot be read: No such file or directory"; kNotFound or kIo.
std::unexpected<Error> system_error(const std::string& path, std::string_view what, int code);

}  // namespace gerbil::platform
