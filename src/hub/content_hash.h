// Hashes of content: the quick one of the journal, and those that hubs name files by. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/span.h"

namespace gerbil::hub {

uint64_t quick_hash(Bytes bytes);

// The same of bytes that come in pieces.
class QuickHash {
 public:
  QuickHash();
  ~QuickHash();
  QuickHash(QuickHash&&) noexcept;
  QuickHash& operator=(QuickHash&&) noexcept;
  void add(Bytes bytes);
  uint64_t value() const;
  void restart();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Is this what an ETag promises? 64 hex digits are a SHA-256, 40 the SHA-1 of a Git blob or of the
// bytes themselves; anything else promises nothing.
bool matches_etag(Bytes bytes, std::string_view etag);

}  // namespace gerbil::hub
