#include "media/identity.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/span.h"
#include "platform/file.h"
#include "platform/mapped_file.h"

// xxhash.h comes last: it defines macros of its own.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace gerbil::media {
namespace {

constexpr uint64_t kWholeBytes = uint64_t{64} << 20;
constexpr uint64_t kEndBytes = uint64_t{1} << 20;

std::string hash_of(const void* data, uint64_t size) {
  const XXH128_hash_t hash = XXH3_128bits(data, size);
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

Result<std::string> identity_of_file(const std::string& path) {
  GERBIL_TRY(const platform::FileInfo info, platform::file_info(path));
  GERBIL_TRY(const platform::MappedFile file, platform::MappedFile::open(path));
  const Bytes bytes = file.bytes();
  if (bytes.size() <= kWholeBytes) return hash_of(bytes.data(), bytes.size());
  return fmt::format("{} {} {} {}", info.size_bytes, info.changed_ns,
                     hash_of(bytes.data(), kEndBytes),
                     hash_of(bytes.data() + bytes.size() - kEndBytes, kEndBytes));
}

Result<std::string> identity_of_folder(const std::string& path) {
  GERBIL_TRY(const std::vector<std::string> names, platform::list_folder(path));
  std::string all;
  for (const std::string& name : names) {
    const auto info = platform::file_info(platform::join_path(path, name));
    if (!info) continue;  // no file: no frame
    all += fmt::format("{}/{}/{}/", name, info->size_bytes, info->changed_ns);
  }
  return hash_of(all.data(), all.size());
}

}  // namespace

Result<std::string> media_identity(const std::string& place) {
  if (place.starts_with("data:")) return hash_of(place.data(), place.size());
  return platform::is_folder(place) ? identity_of_folder(place) : identity_of_file(place);
}

}  // namespace gerbil::media
