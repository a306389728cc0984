// PackedFile: packed weights kept between runs, one file for a checkpoint and a way of packing.
//
//   8 bytes    "gerbilP1"
//   8, 8, 8    size of the file, of the table, XXH3 of the table; little-endian
//   table      identity, then for each weight: key, offset, size, XXH3 of its first and last 64
//   KiB;
//              texts behind their length in 4 bytes, numbers in 8
//   weights    each from a multiple of 4096 on
//
// A file appears whole or not at all, and is used only if its identity is the wanted one and all of
// it is there; whatever else lies under its name is as good as none. Immutable and safe to read
// from many threads; the bytes are the file's pages and live as long as a copy of `owner`.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/span.h"
#include "format/checkpoint.h"
#include "platform/mapped_file.h"

namespace gerbil::hub {

struct PackedBlob {
  std::string key;
  Bytes bytes;
};

class PackedFile {
 public:
  // Nothing: no file, or one that is torn, of another identity or of another kind.
  static std::optional<PackedFile> open(const std::string& path, std::string_view identity);
  // Replaces what is there. kIo names the path and what the system said.
  static Status write(const std::string& path, std::string_view identity,
                      Span<const PackedBlob> blobs);

  std::optional<Bytes> find(std::string_view key) const;
  const std::shared_ptr<const platform::MappedFile>& owner() const { return file_; }

 private:
  std::shared_ptr<const platform::MappedFile> file_;
  std::map<std::string, Bytes, std::less<>> blobs_;
};

// What tells the weights of a checkpoint from all others: of each of its files the size, the time
// of the last change and a hash of its first MiB, where the header lies.
Result<std::string> checkpoint_identity(const format::Checkpoint& checkpoint);

// What tells bytes from others that nobody made to be taken for them.
std::string content_identity(std::string_view bytes);

}  // namespace gerbil::hub
