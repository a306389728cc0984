// Whatever a hub answers and whatever lies in the cache as a list of files: refused, or a commit
// and paths that stay inside of a folder; and a list that is written is read again.
#include <cstdint>

#include "base/check.h"
#include "hub/model_name.h"
#include "hub/repo_info.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gerbil;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto info = hub::parse_repo_info(text, "api")) {
    GERBIL_ASSERT(hub::is_commit(info->commit));
    hub::FileList list;
    for (const std::string& file : info->files) {
      GERBIL_ASSERT(hub::is_safe_path(file));
      list.files[file] = {};
    }
    const auto again = hub::parse_file_list(to_text(list));
    GERBIL_ASSERT(again && again->files.size() == info->files.size());
  } else {
    GERBIL_ASSERT(info.error().message.starts_with("api: "));
    GERBIL_ASSERT(info.error().message.find('\n') == std::string::npos);
  }
  if (const auto list = hub::parse_file_list(text))
    for (const auto& [path, file] : list->files)
      GERBIL_ASSERT(hub::is_safe_path(path) && (file.etag.empty() || hub::is_safe_etag(file.etag)));
  if (const auto name = hub::parse_model_name(text)) {
    GERBIL_ASSERT(name->repo().find("..") == std::string::npos);
    GERBIL_ASSERT(hub::is_safe_path(name->revision));
  }
  return 0;
}
