// The public view of the packed-weight cache.
#include "gerbil/gerbil.h"
#include "hub/packed_cache.h"

namespace gerbil {
namespace {

Result<std::vector<CachedFile>> as_public(Result<std::vector<hub::CachedFile>> files) {
  if (!files) return std::unexpected(std::move(files).error());
  std::vector<CachedFile> all;
  for (hub::CachedFile& file : *files)
    all.push_back({std::move(file.name), file.size_bytes, file.changed_ns});
  return all;
}

}  // namespace

Result<std::vector<CachedFile>> list_cache(const std::string& cache_folder) {
  return as_public(hub::list_cache(cache_folder));
}

Result<std::vector<CachedFile>> clear_cache(const std::string& cache_folder) {
  return as_public(hub::clear_cache(cache_folder));
}

}  // namespace gerbil
