#include "hub/range_set.h"

#include <algorithm>

namespace gerbil::hub {

void RangeSet::add(ByteRange range) {
  if (range.size_bytes == 0) return;
  // Those that touch it: from the first that does not end before it, to the last that begins in it.
  auto first = std::ranges::lower_bound(ranges_, range.offset_bytes, {}, &ByteRange::end);
  auto last = first;
  uint64_t begin = range.offset_bytes;
  uint64_t end = range.end();
  for (; last != ranges_.end() && last->offset_bytes <= end; ++last) {
    begin = std::min(begin, last->offset_bytes);
    end = std::max(end, last->end());
  }
  first = ranges_.erase(first, last);
  ranges_.insert(first, {begin, end - begin});
}

bool RangeSet::contains(ByteRange range) const {
  if (range.size_bytes == 0) return true;
  const auto after =
      std::ranges::upper_bound(ranges_, range.offset_bytes, {}, &ByteRange::offset_bytes);
  if (after == ranges_.begin()) return false;
  const ByteRange& holder = *(after - 1);
  const uint64_t skipped = range.offset_bytes - holder.offset_bytes;
  return skipped < holder.size_bytes && range.size_bytes <= holder.size_bytes - skipped;
}

uint64_t RangeSet::size_bytes() const {
  uint64_t bytes = 0;
  for (const ByteRange& range : ranges_) bytes += range.size_bytes;
  return bytes;
}

RangeSet RangeSet::without(const RangeSet& other) const {
  RangeSet rest;
  auto gone = other.ranges_.begin();
  for (const ByteRange& range : ranges_) {
    uint64_t at = range.offset_bytes;
    while (gone != other.ranges_.end() && gone->end() <= at) ++gone;
    for (auto next = gone; next != other.ranges_.end() && next->offset_bytes < range.end();
         ++next) {
      if (next->offset_bytes > at) rest.add({at, next->offset_bytes - at});
      at = std::max(at, next->end());
    }
    if (at < range.end()) rest.add({at, range.end() - at});
  }
  return rest;
}

RangeSet RangeSet::coalesced(uint64_t gap_bytes, uint64_t most_bytes) const {
  RangeSet joined = *this;
  for (size_t i = 1; i < ranges_.size(); ++i) {
    const ByteRange gap{ranges_[i - 1].end(), ranges_[i].offset_bytes - ranges_[i - 1].end()};
    if (gap.size_bytes > gap_bytes || gap.size_bytes > most_bytes) continue;
    most_bytes -= gap.size_bytes;
    joined.add(gap);
  }
  return joined;
}

std::vector<ByteRange> pieces_of(const RangeSet& set, uint64_t most_bytes) {
  std::vector<ByteRange> pieces;
  for (ByteRange range : set.ranges())
    while (range.size_bytes > 0) {
      const uint64_t size = std::min(range.size_bytes, most_bytes);
      pieces.push_back({range.offset_bytes, size});
      range = {range.offset_bytes + size, range.size_bytes - size};
    }
  return pieces;
}

}  // namespace gerbil::hub
