#include "format/checkpoint.h"

#include "base/quote.h"
#include "format/file_source.h"
#include "format/safetensors.h"
#include "format/shard_index.h"
#include "platform/file.h"

namespace gerbil::format {
namespace {

constexpr uint64_t kMaxIndexBytes = 100'000'000;

Result<OpenedFile> open_in(const std::string& folder, const std::string& name) {
  const std::string path = platform::join_path(folder, name);
  if (platform::file_kind(path) == platform::FileKind::kNone)
    return fail(ErrorCode::kNotFound, "{}: is missing", path);
  GERBIL_TRY(auto source, map_source(path));
  return OpenedFile{std::move(source), path};
}

Status add_shard(const std::string& shard, const ShardIndex& index, const std::string& index_path,
                 const OpenFile& open, Checkpoint& checkpoint) {
  auto opened = open(shard);
  if (!opened && opened.error().code == ErrorCode::kNotFound)
    return fail(ErrorCode::kNotFound, "{}: the shard {} is missing", index_path, in_quotes(shard));
  if (!opened) return std::unexpected(std::move(opened).error());
  const std::string& path = opened->path;
  GERBIL_TRY(Checkpoint part, open_safetensors(opened->source));
  for (auto& [name, ref] : part.tensors) {
    const auto place = index.shard_of.find(name);
    if (place == index.shard_of.end())
      return corrupt("{}: tensor {} is not in {}", path, in_quotes(name), kShardIndexFile);
    if (place->second != shard)
      return corrupt("{}: tensor {} is placed in {} by {}", path, in_quotes(name),
                     in_quotes(place->second), kShardIndexFile);
    checkpoint.tensors.emplace(name, std::move(ref));
  }
  checkpoint.files.push_back(path);
  checkpoint.metadata.merge(part.metadata);  // the first shard that has a key wins
  return {};
}

Result<Checkpoint> open_shards(const std::string& folder, const std::string& index_path,
                               const OpenFile& open) {
  GERBIL_TRY(const std::string text, platform::read_text_file(index_path, kMaxIndexBytes));
  GERBIL_TRY(const ShardIndex index, parse_shard_index(text, index_path));
  Checkpoint checkpoint;
  for (const std::string& shard : index.shards)
    GERBIL_CHECK_OK(add_shard(shard, index, index_path, open, checkpoint));
  for (const auto& [name, shard] : index.shard_of)
    if (!checkpoint.find(name))
      return corrupt("{}: tensor {} is missing, {} places it there",
                     platform::join_path(folder, shard), in_quotes(name), kShardIndexFile);
  return checkpoint;
}

}  // namespace

Result<Checkpoint> open_checkpoint(const std::string& folder) {
  return open_checkpoint(folder, [&](const std::string& name) { return open_in(folder, name); });
}

Result<Checkpoint> open_checkpoint(const std::string& folder, const OpenFile& open) {
  auto single = open(std::string(kSafetensorsFile));
  if (single) {
    GERBIL_TRY(Checkpoint checkpoint, open_safetensors(single->source));
    checkpoint.files = {single->path};
    return checkpoint;
  }
  if (single.error().code != ErrorCode::kNotFound)
    return std::unexpected(std::move(single).error());
  const std::string index = platform::join_path(folder, kShardIndexFile);
  if (platform::file_kind(index) != platform::FileKind::kNone)
    return open_shards(folder, index, open);
  return fail(ErrorCode::kNotFound, "{}: has neither {} nor {}", folder, kSafetensorsFile,
              kShardIndexFile);
}

}  // namespace gerbil::format
