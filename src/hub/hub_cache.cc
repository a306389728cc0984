#include "hub/hub_cache.h"

#include <algorithm>

#include "hub/model_name.h"
#include "platform/file.h"
#include "platform/random_file.h"

namespace gerbil::hub {
namespace {

using platform::join_path;

constexpr std::string_view kModels = "models--";
constexpr uint64_t kMostListBytes = 64u << 20;

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

// "models--org--name" -> "org/name"
std::optional<std::string> repo_of(std::string_view folder) {
  if (!folder.starts_with(kModels)) return std::nullopt;
  folder.remove_prefix(kModels.size());
  const size_t dashes = folder.find("--");
  if (dashes == std::string_view::npos) return std::nullopt;
  std::string repo = std::string(folder.substr(0, dashes)) + "/";
  repo += folder.substr(dashes + 2);
  return parse_model_name(repo) ? std::optional(std::move(repo)) : std::nullopt;
}

void add_refs(const std::string& folder, const std::string& prefix, int depth,
              std::vector<CachedRepo::Revision>& revisions, const RepoFolder& repo) {
  const auto names = platform::list_folder(folder);
  if (!names || depth > 4) return;
  for (const std::string& name : *names) {
    if (platform::is_folder(join_path(folder, name)))
      add_refs(join_path(folder, name), prefix + name + "/", depth + 1, revisions, repo);
    else if (auto commit = repo.read_ref(prefix + name))
      revisions.push_back({prefix + name, *std::move(commit)});
  }
}

CachedRepo describe(const std::string& cache_folder, const std::string& name) {
  const RepoFolder folder(cache_folder, name);
  CachedRepo repo{.repo = name, .folder = folder.path()};
  repo.bytes_on_disk = platform::bytes_on_disk(folder.path());
  add_refs(join_path(folder.path(), "refs"), "", 0, repo.revisions, folder);
  if (const auto commits = platform::list_folder(join_path(folder.path(), "snapshots"))) {
    for (const std::string& commit : *commits) {
      if (std::ranges::find(repo.revisions, commit, &CachedRepo::Revision::commit) ==
          repo.revisions.end())
        repo.revisions.push_back({"", commit});
      const std::string place = folder.snapshot(commit);
      if (const auto info = platform::file_info(place))
        repo.changed_ns = std::max(repo.changed_ns, info->changed_ns);
    }
  }
  if (const auto names = platform::list_folder(folder.own()))
    repo.partial =
        std::ranges::any_of(*names, [](const auto& file) { return file.ends_with(".part"); });
  return repo;
}

}  // namespace

RepoFolder::RepoFolder(const std::string& cache_folder, std::string_view repo) {
  std::string name(kModels);
  for (const char c : repo) name += c == '/' ? "--" : std::string(1, c);
  path_ = join_path(cache_folder, name);
}

std::string RepoFolder::own() const { return join_path(path_, ".gerbil"); }
std::string RepoFolder::lock() const { return join_path(own(), "lock"); }
std::string RepoFolder::blob(std::string_view etag) const {
  return join_path(join_path(path_, "blobs"), etag);
}
std::string RepoFolder::snapshot(std::string_view commit) const {
  return join_path(join_path(path_, "snapshots"), commit);
}

std::optional<std::string> RepoFolder::read_ref(const std::string& revision) const {
  if (!is_safe_path(revision)) return std::nullopt;
  const auto text = platform::read_text_file(join_path(join_path(path_, "refs"), revision), 256);
  if (!text) return std::nullopt;
  std::string commit = *text;
  while (!commit.empty() && (commit.back() == '\n' || commit.back() == ' ')) commit.pop_back();
  return is_commit(commit) ? std::optional(std::move(commit)) : std::nullopt;
}

Status RepoFolder::write_ref(const std::string& revision, const std::string& commit) const {
  if (read_ref(revision) == commit) return {};
  const std::string path = join_path(join_path(path_, "refs"), revision);
  GERBIL_CHECK_OK(platform::make_folders(folder_of(path)));
  GERBIL_TRY(platform::AtomicFile file, platform::AtomicFile::create(path));
  GERBIL_CHECK_OK(file.write(std::as_bytes(Span<const char>(commit))));
  return file.commit();
}

std::optional<FileList> RepoFolder::read_list(const std::string& commit) const {
  const auto text = platform::read_text_file(join_path(own(), commit + ".files"), kMostListBytes);
  return text ? parse_file_list(*text) : std::nullopt;
}

Status RepoFolder::write_list(const std::string& commit, const FileList& list) const {
  const std::string text = to_text(list);
  GERBIL_TRY(platform::AtomicFile file,
             platform::AtomicFile::create(join_path(own(), commit + ".files")));
  GERBIL_CHECK_OK(file.write(std::as_bytes(Span<const char>(text))));
  return file.commit();
}

Status RepoFolder::link(const std::string& commit, const std::string& file,
                        std::string_view etag) const {
  const std::string path = join_path(snapshot(commit), file);
  GERBIL_CHECK_OK(platform::make_folders(folder_of(path)));
  // From snapshots/COMMIT/ up to the repository, and one more for each folder in `file`.
  std::string target = "../../";
  for (const char c : file)
    if (c == '/') target += "../";
  target += "blobs/";
  target += etag;
  if (platform::read_link(path) == target) return {};
  return platform::make_link(target, path);
}

Status RepoFolder::write_blob(std::string_view etag, std::string_view bytes) const {
  const std::string path = blob(etag);
  if (const auto info = platform::file_info(path); info && info->size_bytes == bytes.size())
    return {};
  GERBIL_CHECK_OK(platform::make_folders(folder_of(path)));
  GERBIL_TRY(platform::AtomicFile file, platform::AtomicFile::create(path));
  GERBIL_CHECK_OK(file.write(std::as_bytes(Span<const char>(bytes))));
  return file.commit();
}

Result<std::vector<CachedRepo>> list_repos(const std::string& cache_folder) {
  std::vector<CachedRepo> repos;
  if (platform::file_kind(cache_folder) == platform::FileKind::kNone) return repos;
  GERBIL_TRY(const std::vector<std::string> names, platform::list_folder(cache_folder));
  for (const std::string& name : names)
    if (const auto repo = repo_of(name)) repos.push_back(describe(cache_folder, *repo));
  return repos;
}

Result<CachedRepo> remove_repo(const std::string& cache_folder, const std::string& repo) {
  const RepoFolder folder(cache_folder, repo);
  if (!platform::is_folder(folder.path()))
    return fail(ErrorCode::kNotFound, "{}: is not in {}", repo, cache_folder);
  GERBIL_CHECK_OK(platform::make_folders(folder.own()));
  GERBIL_TRY(const auto lock, platform::FileLock::take(folder.lock()));
  if (!lock) return fail(ErrorCode::kIo, "{}: another process is fetching it", repo);
  CachedRepo removed = describe(cache_folder, repo);
  // The refs first: who is interrupted here leaves nothing that looks whole.
  GERBIL_CHECK_OK(platform::remove_folder(join_path(folder.path(), "refs")));
  GERBIL_CHECK_OK(platform::remove_folder(join_path(folder.path(), "snapshots")));
  GERBIL_CHECK_OK(platform::remove_folder(folder.path()));
  return removed;
}

}  // namespace gerbil::hub
