// ByteSource: bytes behind a checkpoint (a mapped file, a partial download, memory, the browser's
// fetch).
//
// Immutable once made and safe to read from many threads. A mapped source gives a view at once; any
// other reads a range into a caller's buffer. Ranges are checked: one that leaves the source is an
// error, never a wild read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/span.h"

namespace gerbil::tensor {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  virtual uint64_t size_bytes() const = 0;
  // What errors call it: usually the file's path.
  virtual const std::string& name() const = 0;
  // The bytes themselves when they lie in memory; valid as long as the source lives.
  virtual std::optional<Bytes> view(uint64_t offset_bytes, uint64_t size_bytes) const = 0;
  virtual Status read(uint64_t offset_bytes, Span<std::byte> out) const = 0;
  // Will not be read again soon: memory that holds a copy of these bytes may be given back. They
  // stay readable.
  virtual void release(uint64_t /*offset_bytes*/, uint64_t /*size_bytes*/) const {}
};

// Bytes held in memory: tests, and files too small to map.
class MemorySource final : public ByteSource {
 public:
  MemorySource(std::string name, std::vector<std::byte> bytes)
      : name_(std::move(name)), bytes_(std::move(bytes)) {}

  uint64_t size_bytes() const override { return bytes_.size(); }
  const std::string& name() const override { return name_; }
  std::optional<Bytes> view(uint64_t offset_bytes, uint64_t size_bytes) const override;
  Status read(uint64_t offset_bytes, Span<std::byte> out) const override;

 private:
  std::string name_;
  std::vector<std::byte> bytes_;
};

}  // namespace gerbil::tensor
