// Files and folders, for the few places that may touch them. Paths are UTF-8 with '/' as the
// separator. Every error is one line that names the path and what the system said. Functions are
// thread-safe; an AtomicFile belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/span.h"

namespace gerbil::platform {

enum class FileKind : uint8_t {
  kNone,
  kFile,
  kFolder,
  kOther,    // a pipe, a device, ...
  kUnknown,  // the system does not let us look, or a link leads nowhere: opening it says why
};

// Follows links.
FileKind file_kind(const std::string& path);
inline bool is_file(const std::string& path) { return file_kind(path) == FileKind::kFile; }
inline bool is_folder(const std::string& path) { return file_kind(path) == FileKind::kFolder; }

// "models/", "config.json" -> "models/config.json"
std::string join_path(std::string_view folder, std::string_view name);

// The whole content of a regular file; more than `max_bytes` is an error.
Result<std::string> read_text_file(const std::string& path, uint64_t max_bytes);

// The first `most_bytes` of a regular file, or all of it.
Result<std::string> read_start(const std::string& path, uint64_t most_bytes);

struct FileInfo {
  uint64_t size_bytes = 0;
  int64_t changed_ns = 0;  // of its bytes, since 1970
};
Result<FileInfo> file_info(const std::string& path);

// The file was used now: that is when it changed last.
Status touch_file(const std::string& path);
// One that is not there is removed already.
Status remove_file(const std::string& path);
// The folder and those above it, where they are missing; for this user alone.
Status make_folders(const std::string& path);

// The names in a folder, sorted, without "." and "..".
Result<std::vector<std::string>> list_folder(const std::string& path);

// A file that appears whole or not at all: written without a name, or beside its place under
// another one where the file system cannot do that, then moved there. Dropping it without commit()
// leaves nothing behind and an older file as it was; so does the end of the process, if it had no
// name.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::string& path);
  ~AtomicFile();
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;

  Status write(Bytes bytes);
  // Flushes to the disk and moves into place; nothing may be written afterwards.
  Status commit();
  const std::string& path() const { return path_; }

 private:
  AtomicFile(std::string path, std::string temporary, int descriptor)
      : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}
  void drop();
  Status give_name();  // to a file without one: a temporary name

  std::string path_;
  std::string temporary_;  // its name until then; empty: none
  int descriptor_ = -1;    // -1 once committed or moved from
};

}  // namespace gerbil::platform
