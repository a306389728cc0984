// model.safetensors.index.json: which shard holds which tensor. Thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gerbil::format {

struct ShardIndex {
  std::map<std::string, std::string, std::less<>> shard_of;  // tensor -> file name
  std::vector<std::string> shards;                           // each file name once, sorted
};

// Every file name is a plain *.safetensors name: it cannot leave the index's folder. `name` is what
// errors call the index.
Result<ShardIndex> parse_shard_index(std::string_view text, std::string_view name);

}  // namespace gerbil::format
