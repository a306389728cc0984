// MappedFile: a file's bytes in the address space, read-only, paged in by the system when touched.
//
// Immutable and safe to read from many threads; the bytes live as long as the object. A file that
// another program shortens while it is mapped cannot be guarded against: touching the lost part
// ends the process, as it does for every program that maps files.
#pragma once

#include <string>

#include "base/result.h"
#include "base/span.h"

namespace gerbil::platform {

class MappedFile {
 public:
  // Regular files only; an empty one maps to no bytes.
  static Result<MappedFile> open(const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;

  Bytes bytes() const { return bytes_; }
  // Takes the whole pages of a range out of this process's memory until they are touched again.
  void release(uint64_t offset_bytes, uint64_t size_bytes) const;
  const std::string& path() const { return path_; }

 private:
  MappedFile(std::string path, Bytes bytes) : path_(std::move(path)), bytes_(bytes) {}

  std::string path_;
  Bytes bytes_;
};

}  // namespace gerbil::platform
