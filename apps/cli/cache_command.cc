// gerbil cache: the quantised weights that are kept between runs.
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/environment.h"
#include "cli/plan_text.h"
#include "cli/terminal.h"

namespace gerbil::cli {
namespace {

std::string day_of(int64_t ns) {
  const auto seconds = static_cast<std::time_t>(ns / 1'000'000'000);
  std::tm local{};
  char text[32] = "";
  if (::localtime_r(&seconds, &local) != nullptr)
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
  return text;
}

std::string as_json(const std::string& folder, const std::vector<CachedFile>& files) {
  nlohmann::json list = nlohmann::json::array();
  for (const CachedFile& file : files)
    list.push_back({{"name", file.name}, {"bytes", file.size_bytes}, {"used_ns", file.used_ns}});
  const nlohmann::json all{{"folder", folder}, {"files", std::move(list)}};
  return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string as_text(const std::string& folder, const std::vector<CachedFile>& files, bool removed) {
  std::string text;
  uint64_t sum = 0;
  for (const CachedFile& file : files) {
    text += fmt::format("{:>10}  {}  {}\n", bytes_text(file.size_bytes), day_of(file.used_ns),
                        for_terminal(file.name));
    sum += file.size_bytes;
  }
  return text + fmt::format("{} {} {}, {} in {}\n", removed ? "removed" : "holds", files.size(),
                            files.size() == 1 ? "file" : "files", bytes_text(sum),
                            for_terminal(folder));
}

}  // namespace

ExitCode cache(const CacheOptions& options) {
  const std::string folder = cache_folder();
  if (folder.empty())
    return report_error("no cache folder: none of GERBIL_CACHE, XDG_CACHE_HOME and HOME is set");
  const auto files = options.clear ? clear_cache(folder) : list_cache(folder);
  if (!files) return report_error(files.error().message);
  Output output;
  output.write(options.json ? as_json(folder, *files) : as_text(folder, *files, options.clear));
  return output.status() ? kDone : report_error(output.status().error().message);
}

}  // namespace gerbil::cli
