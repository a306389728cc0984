#include "api/seen_cache.h"

#include <algorithm>

namespace gerbil::api {

const EncodedMedia* SeenCache::find(std::string_view key) {
  const auto found = std::ranges::find(entries_, key, &Entry::key);
  if (found == entries_.end()) return nullptr;
  std::rotate(found, found + 1, entries_.end());
  return &entries_.back().media;
}

void SeenCache::keep(std::string key, EncodedMedia media) {
  const uint64_t size = media.bytes();
  if (size > limit_bytes_ || find(key) != nullptr) return;
  while (bytes_ + size > limit_bytes_) {
    bytes_ -= entries_.front().media.bytes();
    entries_.erase(entries_.begin());
  }
  bytes_ += size;
  entries_.push_back({std::move(key), std::move(media)});
}

}  // namespace gerbil::api
