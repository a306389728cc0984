// ByteRange: a part of a file.
#pragma once

#include <cstdint>

namespace gerbil::hub {

struct ByteRange {
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;

  uint64_t end() const { return offset_bytes + size_bytes; }
  bool operator==(const ByteRange&) const = default;
};

}  // namespace gerbil::hub
