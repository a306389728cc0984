#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "platform/descriptor.h"
#include "platform/mapped_file.h"

namespace gerbil::platform {

Result<MappedFile> MappedFile::open(const std::string& path) {
  GERBIL_TRY(const Descriptor file, open_regular_file(path));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return system_error(path, "cannot be read", errno);
  if (status.st_size == 0) return MappedFile(path, {});
  const auto size = static_cast<uint64_t>(status.st_size);
  if (size > SIZE_MAX) return invalid("{}: {} bytes are too many to map", path, size);
  void* address = ::mmap(nullptr, static_cast<size_t>(size), PROT_READ, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) return system_error(path, "cannot be mapped", errno);
  return MappedFile(path, {static_cast<const std::byte*>(address), static_cast<size_t>(size)});
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::release(uint64_t offset_bytes, uint64_t size_bytes) const {
  static const auto kPage = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  if (offset_bytes > bytes_.size() || size_bytes > bytes_.size() - offset_bytes) return;
  const uint64_t first = (offset_bytes + kPage - 1) / kPage * kPage;
  const uint64_t last = (offset_bytes + size_bytes) / kPage * kPage;
  if (first < last)
    ::madvise(const_cast<std::byte*>(bytes_.data()) + first, last - first, MADV_DONTNEED);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), bytes_(std::exchange(other.bytes_, {})) {}

}  // namespace gerbil::platform
