// Fetches ranges of large files into PartialFiles: cut into requests, several at once, each piece
// noted in its file's journal as it comes. One thread, with the repository's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "hub/http_client.h"
#include "hub/partial_file.h"
#include "hub/range_set.h"

namespace gerbil::hub {

struct RangeFetch {
  PartialFile* file = nullptr;
  std::string url;
  RangeSet wanted;
};

// After an error what came is noted all the same. `on_bytes` hears how many more there are.
Status fetch_ranges(HttpClient& client, const std::string& token, int connections,
                    Span<const RangeFetch> fetches,
                    const std::function<void(uint64_t bytes)>& on_bytes);

}  // namespace gerbil::hub
