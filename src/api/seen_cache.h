// SeenCache: the pictures and videos that a conversation has seen, encoded, so that its later turns
// do not encode them again. Bounded in bytes: those used longest ago go first.
//
// Belongs to a session: one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/soft_prompt.h"

namespace gerbil::api {

// A picture or video in its encoder's form.
struct EncodedMedia {
  runtime::Grid grid;
  std::vector<double> timestamps;  // [grid.t] of a video
  runtime::EncodedRows rows;

  uint64_t bytes() const { return rows == nullptr ? 0 : rows->size() * sizeof(float); }
};

class SeenCache {
 public:
  static constexpr uint64_t kBytes = uint64_t{256} << 20;

  explicit SeenCache(uint64_t limit_bytes = kBytes) : limit_bytes_(limit_bytes) {}

  // Null: not seen, or gone. Valid until the next keep().
  const EncodedMedia* find(std::string_view key);
  // What is larger than the limit alone is not kept.
  void keep(std::string key, EncodedMedia media);
  uint64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    EncodedMedia media;
  };

  uint64_t limit_bytes_;
  uint64_t bytes_ = 0;
  std::vector<Entry> entries_;  // the last used at the end
};

}  // namespace gerbil::api
