// RandomFile: a regular file that is read and written at any place, as a download fills it;
// FileLock: one process at a time; and the moves that a cache of files is made of.
//
// Paths and errors as in platform/file.h. A RandomFile may be used by one thread at a time, or read
// by many. A FileLock is the process's: it ends with the object or the process, however that ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/span.h"

namespace gerbil::platform {

class RandomFile {
 public:
  // For reading and writing; made empty where it is missing. Links are followed nowhere: one in its
  // place is an error.
  static Result<RandomFile> open(const std::string& path);
  ~RandomFile();
  RandomFile(RandomFile&& other) noexcept;
  RandomFile& operator=(RandomFile&& other) noexcept;

  Result<uint64_t> size() const;
  // Grows with bytes that take no place on disk until they are written, or shortens.
  Status resize(uint64_t size_bytes);
  Status write_at(uint64_t offset_bytes, Bytes bytes);
  // All of `out`; an end before that is kCorrupt.
  Status read_at(uint64_t offset_bytes, Span<std::byte> out) const;
  // On the disk when it returns.
  Status flush();
  const std::string& path() const { return path_; }

 private:
  RandomFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_ = -1;
};

class FileLock {
 public:
  // Nothing: another process (or another FileLock of this one) has it. The file is made where it is
  // missing, and stays.
  static Result<std::optional<FileLock>> take(const std::string& path);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

// Replaces what has the name `to`; the name lasts through a loss of power.
Status rename_file(const std::string& from, const std::string& to);
// A symbolic link at `path` that says `target`; one that is there is replaced.
Status make_link(const std::string& target, const std::string& path);
// What a symbolic link says; nothing where `path` is none.
std::optional<std::string> read_link(const std::string& path);
// A folder and all that is in it; links in it are removed, not followed. One that is not there is
// removed already.
Status remove_folder(const std::string& path);
// Of all files below a folder, as they lie on disk: holes and links count nothing.
uint64_t bytes_on_disk(const std::string& path);

// Bytes that a file system has left for this user; nothing where it does not say.
std::optional<uint64_t> free_disk_bytes(const std::string& folder);

// While it lives, writing to a connection that the other side has closed is an error of this thread
// alone, not a signal that ends the process.
class PipeSignalBlock {
 public:
  PipeSignalBlock();
  ~PipeSignalBlock();
  PipeSignalBlock(const PipeSignalBlock&) = delete;
  PipeSignalBlock& operator=(const PipeSignalBlock&) = delete;

 private:
  bool blocked_ = false;  // by this object
};

// Sleeps; may wake early.
void sleep_seconds(double seconds);

}  // namespace gerbil::platform
