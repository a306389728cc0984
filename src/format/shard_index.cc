#include "format/shard_index.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/quote.h"

namespace gerbil::format {
namespace {

// A name of a file in the same folder, on every system that gerbil runs on.
bool is_plain_shard_name(std::string_view name) {
  constexpr std::string_view kSuffix = ".safetensors";
  const bool clean = std::ranges::none_of(name, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '/' || c == '\\' || c == ':';
  });
  return clean && name.size() > kSuffix.size() && name.size() <= 255 && name.ends_with(kSuffix) &&
         !name.starts_with('.');
}

}  // namespace

Result<ShardIndex> parse_shard_index(std::string_view text, std::string_view name) {
  GERBIL_TRY(const json::Value root, json::parse(text, name));
  GERBIL_TRY(const json::Fields fields, json::Fields::of(root, name));
  GERBIL_TRY(const json::Fields weight_map, fields.object("weight_map"));
  ShardIndex index;
  std::set<std::string_view> shards;
  for (const auto& [tensor, value] : weight_map.object().members()) {
    const std::string* shard = value.string();
    if (!shard || !is_plain_shard_name(*shard))
      return corrupt(
          "{}: tensor {}: expected the name of a .safetensors file in the same folder, "
          "found {}",
          name, in_quotes(tensor), json::describe(value));
    index.shard_of.emplace(tensor, *shard);
    shards.insert(*shard);
  }
  if (shards.empty()) return corrupt("{}: \"weight_map\" names no tensor", name);
  index.shards.assign(shards.begin(), shards.end());
  return index;
}

}  // namespace gerbil::format
