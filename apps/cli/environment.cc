#include "cli/environment.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace gerbil::cli {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::string bundled_models_folder() {
  namespace fs = std::filesystem;
  if (auto chosen = environment("GERBIL_MODELS")) return *chosen;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path installed = program.parent_path().parent_path() / "share/gerbil/models";
    if (fs::is_directory(installed, error)) return installed.string();
  }
  return GERBIL_SOURCE_MODELS;
}

std::string cache_folder() {
  if (auto chosen = environment("GERBIL_CACHE")) return *chosen;
  if (const auto caches = environment("XDG_CACHE_HOME")) return *caches + "/gerbil";
  if (const auto home = environment("HOME")) return *home + "/.cache/gerbil";
  return "";
}

}  // namespace gerbil::cli
