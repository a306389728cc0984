#include "hub/packed_cache.h"

#include <algorithm>
#include <cctype>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "platform/file.h"

namespace gerbil::hub {
namespace {

constexpr std::string_view kEnding = ".packed";
constexpr size_t kLongestName = 64;

// The last part of a path, of characters that every file system takes.
std::string name_of(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  path.remove_prefix(path.rfind('/') + 1);  // npos + 1 is 0
  std::string name(path.substr(0, kLongestName));
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-') c = '_';
  return name;
}

}  // namespace

std::string packed_path(const std::string& cache_folder, const std::string& model_folder,
                        std::string_view identity) {
  const XXH128_hash_t hash = XXH3_128bits(identity.data(), identity.size());
  return platform::join_path(cache_folder, fmt::format("{}-{:016x}{:016x}{}", name_of(model_folder),
                                                       hash.high64, hash.low64, kEnding));
}

Result<std::vector<CachedFile>> list_cache(const std::string& cache_folder) {
  std::vector<CachedFile> files;
  if (platform::file_kind(cache_folder) == platform::FileKind::kNone) return files;
  GERBIL_TRY(const std::vector<std::string> names, platform::list_folder(cache_folder));
  for (const std::string& name : names) {
    if (!name.ends_with(kEnding)) continue;
    // Another process may have removed it meanwhile.
    if (const auto info = platform::file_info(platform::join_path(cache_folder, name)))
      files.push_back({name, info->size_bytes, info->changed_ns});
  }
  std::ranges::stable_sort(files, std::greater{}, &CachedFile::changed_ns);
  return files;
}

Result<std::vector<CachedFile>> clear_cache(const std::string& cache_folder) {
  GERBIL_TRY(std::vector<CachedFile> files, list_cache(cache_folder));
  for (const CachedFile& file : files)
    GERBIL_CHECK_OK(platform::remove_file(platform::join_path(cache_folder, file.name)));
  return files;
}

Status save_packed(const std::string& cache_folder, const std::string& path,
                   std::string_view identity, Span<const PackedBlob> blobs, uint64_t limit_bytes) {
  uint64_t size = 0;
  for (const PackedBlob& blob : blobs) size += blob.bytes.size();
  if (size > limit_bytes)
    return invalid("{}: {} bytes are more than the cache's limit of {}", path, size, limit_bytes);
  GERBIL_CHECK_OK(platform::make_folders(cache_folder));
  GERBIL_CHECK_OK(PackedFile::write(path, identity, blobs));
  GERBIL_TRY(const std::vector<CachedFile> files, list_cache(cache_folder));
  uint64_t kept = 0;
  for (const CachedFile& file : files) {
    const std::string other = platform::join_path(cache_folder, file.name);
    kept += file.size_bytes;
    if (kept > limit_bytes && other != path) {
      GERBIL_CHECK_OK(platform::remove_file(other));
      kept -= file.size_bytes;
    }
  }
  return {};
}

}  // namespace gerbil::hub
