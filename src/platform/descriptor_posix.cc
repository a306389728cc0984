#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/quote.h"
#include "platform/descriptor.h"
#include "platform/file.h"

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

namespace {

Result<Descriptor> open_with(const std::string& path, int flags) {
  GERBIL_CHECK_OK(check_path(path));
  for (;;) {
    const int descriptor = ::open(path.c_str(), flags);
    if (descriptor >= 0) return Descriptor(descriptor);
    if (errno != EINTR) return system_error(path, "cannot be opened", errno);
  }
}

}  // namespace

Result<Descriptor> open_for_reading(const std::string& path) {
  return open_with(path, O_RDONLY | O_CLOEXEC);
}

Result<Descriptor> open_regular_file(const std::string& path) {
  const FileKind kind = file_kind(path);
  if (kind == FileKind::kFolder) return invalid("{}: is a folder, not a file", path);
  if (kind == FileKind::kOther) return invalid("{}: is not a regular file", path);
  // Should it become a pipe in between, O_NONBLOCK does not wait.
  GERBIL_TRY(Descriptor file, open_with(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return system_error(path, "cannot be read", errno);
  if (!S_ISREG(status.st_mode)) return invalid("{}: is not a regular file", path);
  return file;
}

std::unexpected<Error> system_error(const std::string& path, std::string_view what, int code) {
  const bool missing = code == ENOENT || code == ENOTDIR;
  return fail(missing ? ErrorCode::kNotFound : ErrorCode::kIo, "{}: {}: {}", path, what,
              std::generic_category().message(code));
}

}  // namespace gerbil::platform
