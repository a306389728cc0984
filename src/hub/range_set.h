// RangeSet: which bytes of a file there are. A plain value; not shared between threads while it
// changes.
#pragma once

#include <cstdint>
#include <vector>

#include "hub/byte_range.h"

namespace gerbil::hub {

class RangeSet {
 public:
  // Neighbours grow together. The range's end must not pass 2^64.
  void add(ByteRange range);
  bool contains(ByteRange range) const;  // an empty one always
  uint64_t size_bytes() const;
  const std::vector<ByteRange>& ranges() const { return ranges_; }  // in order, apart

  // This without the other's.
  RangeSet without(const RangeSet& other) const;
  // With the gaps of at most `gap_bytes` filled, as long as all of them together are at most
  // `most_bytes`: a gap may cost less than a request.
  RangeSet coalesced(uint64_t gap_bytes, uint64_t most_bytes) const;

 private:
  std::vector<ByteRange> ranges_;
};

// Cut into pieces of at most `most_bytes`.
std::vector<ByteRange> pieces_of(const RangeSet& set, uint64_t most_bytes);

}  // namespace gerbil::hub
