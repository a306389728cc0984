// The cache of a hub's client, as the Hugging Face client lays it out, so that both use each
// other's files:
//
//   CACHE/models--ORG--NAME/
//     refs/REVISION            the commit that a branch or tag was at
//     blobs/ETAG               whole files by content
//     snapshots/COMMIT/PATH    links to them
//     .gerbil/                 gerbil's own: files that are there in parts (hub/partial_file.h),
//     the
//                              lists of commits' files, and the lock of whoever fetches
//
// What is read is hostile. Writing needs the lock. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hub/repo_info.h"

namespace gerbil::hub {

class RepoFolder {
 public:
  RepoFolder(const std::string& cache_folder, std::string_view repo);

  const std::string& path() const { return path_; }
  std::string own() const;
  std::string lock() const;
  std::string blob(std::string_view etag) const;
  std::string snapshot(std::string_view commit) const;

  std::optional<std::string> read_ref(const std::string& revision) const;
  Status write_ref(const std::string& revision, const std::string& commit) const;
  // Of what was asked of the hub by this program.
  std::optional<FileList> read_list(const std::string& commit) const;
  Status write_list(const std::string& commit, const FileList& list) const;

  // A blob as a file of a snapshot.
  Status link(const std::string& commit, const std::string& file, std::string_view etag) const;
  // A whole small file as a blob.
  Status write_blob(std::string_view etag, std::string_view bytes) const;

 private:
  std::string path_;
};

struct CachedRepo {
  std::string repo;  // "org/name"
  std::string folder;
  uint64_t bytes_on_disk = 0;
  struct Revision {
    std::string name;  // "main"; empty: of a commit alone
    std::string commit;
  };
  std::vector<Revision> revisions;
  bool partial = false;    // some files are there in parts
  int64_t changed_ns = 0;  // since 1970
};

// By name. A folder that is not there is empty.
Result<std::vector<CachedRepo>> list_repos(const std::string& cache_folder);
// kNotFound where there is none; kIo while somebody fetches it. What was removed.
Result<CachedRepo> remove_repo(const std::string& cache_folder, const std::string& repo);

}  // namespace gerbil::hub
