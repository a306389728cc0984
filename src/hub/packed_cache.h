// The folder where packed weights are kept between runs, and what a user may ask of it.
//
// Files are named NAME-HASH.packed: NAME for people, HASH of what they are of. Several processes
// may use one folder at once: files appear whole and are never changed, only replaced or removed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hub/packed_file.h"

namespace gerbil::hub {

// The file for a checkpoint's folder and what its weights are packed as.
std::string packed_path(const std::string& cache_folder, const std::string& model_folder,
                        std::string_view identity);

// Makes the folder, writes the file, then removes the files that were not used for longest until
// `limit_bytes` are kept at most; one that is larger than that alone is not written.
Status save_packed(const std::string& cache_folder, const std::string& path,
                   std::string_view identity, Span<const PackedBlob> blobs, uint64_t limit_bytes);

struct CachedFile {
  std::string name;
  uint64_t size_bytes = 0;
  int64_t changed_ns = 0;  // since 1970: when it was made, or last used
};

// The last used first. A folder that is not there is empty.
Result<std::vector<CachedFile>> list_cache(const std::string& cache_folder);
// Removes them all; what was removed.
Result<std::vector<CachedFile>> clear_cache(const std::string& cache_folder);

}  // namespace gerbil::hub
