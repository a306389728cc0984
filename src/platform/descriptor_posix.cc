#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/quote.h"
#include "platform/descriptor.h"

namespace gerbil::platform {

Descriptor::~Descriptor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status check_path(const std::string& path) {
  if (path.empty()) return invalid("an empty path where a file was expected");
  if (path.find('\0') != std::string::npos)
    return invalid("{}: a path cannot hold a NUL byte", in_quotes(path));
  return {};
}

Result<Descriptor> open_for_reading(const std::string& path) {
  GERBIL_CHECK_OK(check_path(path));
  for (;;) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) return Descriptor(descriptor);
    if (errno != EINTR) return system_error(path, "cannot be opened", errno);
  }
}

std::unexpected<Error> system_error(const std::string& path, std::string_view what, int code) {
  const bool missing = code == ENOENT || code == ENOTDIR;
  return fail(missing ? ErrorCode::kNotFound : ErrorCode::kIo, "{}: {}: {}", path, what,
              std::generic_category().message(code));
}

}  // namespace gerbil::platform
