// What a hub says of a repository: GET /api/models/ORG/NAME/revision/REVISION. And the list of a
// snapshot's files as it is kept in the cache. Both are hostile; pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gerbil::hub {

struct RepoInfo {
  std::string commit;              // 40 hex digits
  std::vector<std::string> files;  // safe paths, sorted, each once
};

// `name` is what errors call the text. A path that would lead out of the repository is kCorrupt.
Result<RepoInfo> parse_repo_info(std::string_view text, std::string_view name);

// Which files a commit has; of those that were looked at, what they are.
struct FileList {
  struct File {
    std::string etag;  // empty: not known yet
    uint64_t size_bytes = 0;
  };
  std::map<std::string, File, std::less<>> files;  // by path

  bool has(std::string_view path) const { return files.contains(path); }
};

// "gerbil files 1", a line "ETAG SIZE PATH" for each file ("- 0" where not known), "end".
std::string to_text(const FileList& list);
// Nothing: not such a text, or not whole.
std::optional<FileList> parse_file_list(std::string_view text);

}  // namespace gerbil::hub
