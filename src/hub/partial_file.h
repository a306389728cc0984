// PartialFile: a large file of a hub as far as it was fetched: a sparse file of its full size, and
// the journal of its parts (hub/range_journal.h).
//
//   FOLDER/ETAG.part      the bytes, each at its place
//   FOLDER/ETAG.ranges    which of them are there
//
// Nobody else takes it for the whole file: only what is whole and was checked gets the name of a
// blob. Writing needs the repository's lock (one process at a time); reading does not: sealed parts
// never change. An object belongs to one thread; its source() may be read by many while nobody
// writes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/span.h"
#include "hub/range_set.h"
#include "platform/random_file.h"
#include "tensor/byte_source.h"

namespace gerbil::hub {

class PartialFile {
 public:
  // What is sealed of it. Nothing: no such file, or nothing sealed in it.
  static Result<std::optional<PartialFile>> find(const std::string& folder,
                                                 const std::string& etag);
  // With the lock: makes it where it is missing, and checks what a killed process left unsealed.
  static Result<PartialFile> open(const std::string& folder, const std::string& etag,
                                  uint64_t size_bytes);

  const std::string& etag() const { return etag_; }
  const std::string& path() const { return path_; }
  uint64_t size_bytes() const { return size_bytes_; }
  const RangeSet& have() const { return *have_; }
  bool whole() const { return have_->contains({0, size_bytes_}); }

  // What another object has of the same file since; or all of it, where it became a blob.
  void see(const PartialFile& later) { *have_ = *later.have_; }
  void see_whole() { have_->add({0, size_bytes_}); }

  // All below: only after open().
  Status read(uint64_t offset_bytes, Span<std::byte> out) const {
    return file_->read_at(offset_bytes, out);
  }
  Status write(uint64_t offset_bytes, Bytes bytes) { return file_->write_at(offset_bytes, bytes); }
  // These bytes were written; `hash` is their XXH3. A later process finds them.
  Status note(ByteRange range, uint64_t hash);
  // What was noted is on the disk when it returns.
  Status seal();
  // Removes both files.
  Status remove();
  // The whole file becomes `blob`; kCorrupt, and both files are gone, if its bytes are not those
  // that its ETag promises (a SHA-256; others promise nothing).
  Status publish(const std::string& blob);

  // Reads only what is there; of anything else it says that it was not fetched. It sees what this
  // object's have() holds, also later. `name`: what errors call it.
  Result<std::shared_ptr<const tensor::ByteSource>> source(const std::string& name) const;

 private:
  PartialFile() = default;

  std::string etag_;
  std::string path_;
  std::string journal_path_;
  uint64_t size_bytes_ = 0;
  std::shared_ptr<RangeSet> have_ = std::make_shared<RangeSet>();
  std::optional<platform::RandomFile> file_;
  std::optional<platform::RandomFile> journal_;
  uint64_t journal_bytes_ = 0;
  bool sealed_ = true;
};

}  // namespace gerbil::hub
