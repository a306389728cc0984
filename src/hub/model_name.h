// Names of models on a hub: org/name[@revision][:file]. Pure functions over hostile text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gerbil::hub {

struct ModelName {
  std::string org;
  std::string name;
  std::string revision = "main";  // a branch, a tag or a commit
  std::string file;               // empty: the model as a whole

  std::string repo() const { return org + "/" + name; }
  // As the user would write it: without "@main".
  std::string text() const;
};

// Nothing: no such name. "a/b/c", "./a/b", "a/..", "-a/b" are none.
std::optional<ModelName> parse_model_name(std::string_view reference);

// A path inside a repository or a folder, which cannot lead out of it: "a/b.json"; no "..", no
// empty part, no backslash, no control characters.
bool is_safe_path(std::string_view path);

// 40 lower-case hex digits.
bool is_commit(std::string_view text);

// Fit to be a file's name in the cache: letters, digits, '.', '_' and '-', at most 128, not dots
// alone.
bool is_safe_etag(std::string_view etag);

// For the path of a URL; '/' stays where `slashes` says so.
std::string percent_encoded(std::string_view text, bool slashes);

}  // namespace gerbil::hub
