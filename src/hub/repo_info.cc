#include "hub/repo_info.h"

#include <algorithm>

#include "base/json.h"
#include "base/quote.h"
#include "hub/http_reply.h"
#include "hub/model_name.h"

namespace gerbil::hub {
namespace {

constexpr size_t kMostFiles = 100'000;
constexpr json::Limits kLimits{.max_depth = 32, .max_values = 1 << 22, .max_bytes = 64 << 20};
constexpr std::string_view kFirstLine = "gerbil files 1";
constexpr std::string_view kLastLine = "end";

// Up to the next `end`, which is taken too; nothing where there is none.
std::optional<std::string_view> take_until(std::string_view& text, char end) {
  const size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + 1);
  return taken;
}

}  // namespace

Result<RepoInfo> parse_repo_info(std::string_view text, std::string_view name) {
  GERBIL_TRY(const json::Value root, json::parse(text, name, kLimits));
  GERBIL_TRY(const json::Fields fields, json::Fields::of(root, name));
  RepoInfo info;
  GERBIL_TRY(info.commit, fields.string("sha"));
  if (!is_commit(info.commit)) return fields.expected("sha", "a commit of 40 hex digits");
  GERBIL_TRY(const std::vector<json::Fields> siblings, fields.objects("siblings", kMostFiles));
  for (const json::Fields& sibling : siblings) {
    GERBIL_TRY(std::string path, sibling.string("rfilename"));
    if (!is_safe_path(path))
      return corrupt("{}: a file called {}, which would lie outside of the model's folder", name,
                     in_quotes(path));
    info.files.push_back(std::move(path));
  }
  std::ranges::sort(info.files);
  const auto twice = std::ranges::unique(info.files);
  info.files.erase(twice.begin(), twice.end());
  return info;
}

std::string to_text(const FileList& list) {
  std::string text = fmt::format("{}\n", kFirstLine);
  for (const auto& [path, file] : list.files)
    text += fmt::format("{} {} {}\n", file.etag.empty() ? "-" : file.etag, file.size_bytes, path);
  return text + fmt::format("{}\n", kLastLine);
}

std::optional<FileList> parse_file_list(std::string_view text) {
  FileList list;
  if (take_until(text, '\n') != kFirstLine) return std::nullopt;
  while (auto line = take_until(text, '\n')) {
    if (*line == kLastLine) return text.empty() ? std::optional(std::move(list)) : std::nullopt;
    const auto etag = take_until(*line, ' ');
    const auto size = take_until(*line, ' ');
    const auto bytes = size ? parse_decimal(*size) : std::nullopt;
    if (!etag || !bytes || !is_safe_etag(*etag) || !is_safe_path(*line)) return std::nullopt;
    list.files[std::string(*line)] = {.etag = *etag == "-" ? "" : std::string(*etag),
                                      .size_bytes = *bytes};
  }
  return std::nullopt;
}

}  // namespace gerbil::hub
