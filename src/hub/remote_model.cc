#include "hub/remote_model.h"

#include <algorithm>
#include <array>

#include "base/quote.h"
#include "format/file_source.h"
#include "format/safetensors.h"
#include "format/shard_index.h"
#include "hub/content_hash.h"
#include "hub/http_reply.h"
#include "hub/range_fetch.h"
#include "platform/file.h"
#include "platform/random_file.h"

namespace gerbil::hub {
namespace {

using platform::join_path;

constexpr std::string_view kConfigFile = "config.json";
constexpr std::array<std::string_view, 10> kTexts = {kConfigFile,
                                                     "generation_config.json",
                                                     "tokenizer.json",
                                                     "tokenizer_config.json",
                                                     "chat_template.jinja",
                                                     "chat_template.json",
                                                     "preprocessor_config.json",
                                                     "video_preprocessor_config.json",
                                                     "processor_config.json",
                                                     format::kShardIndexFile};
constexpr std::string_view kTemplates = "additional_chat_templates/";
constexpr uint64_t kMostTextBytes = 256u << 20;
constexpr uint64_t kMostAnswerBytes = 64u << 20;
constexpr uint64_t kMostIndexBytes = 100'000'000;
// Most headers are whole in the first read; the second has the rest of a longer one.
constexpr uint64_t kFirstRead = 32u << 10;
// Bytes that nobody asked for are cheaper than a request; in all they stay far below 0.1 %.
constexpr uint64_t kGap = 64u << 10;
constexpr uint64_t kShareOfGaps = 4000;
constexpr uint64_t kSpareDiskBytes = 64u << 20;

std::string without_slashes(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

std::string header_of(const Transfer& transfer, std::string_view name) {
  const auto found = transfer.headers.find(name);
  return found == transfer.headers.end() ? "" : found->second;
}

}  // namespace

bool is_model_text(std::string_view file) {
  if (std::ranges::find(kTexts, file) != kTexts.end()) return true;
  return file.starts_with(kTemplates) && file.ends_with(".jinja") &&
         file.find('/', kTemplates.size()) == std::string_view::npos;
}

RemoteModel::RemoteModel(ModelName name, HubAccess access)
    : name_(std::move(name)),
      access_(std::move(access)),
      repo_(access_.cache_folder, name_.repo()) {
  access_.endpoint = without_slashes(access_.endpoint);
}

Result<std::shared_ptr<RemoteModel>> RemoteModel::open(ModelName name, HubAccess access,
                                                       const RemoteWants& wants) {
  if (access.cache_folder.empty())
    return fail(ErrorCode::kNotFound,
                "{}: there is no folder of that name, and no cache folder "
                "to fetch it to",
                name.text());
  const std::shared_ptr<RemoteModel> model(new RemoteModel(std::move(name), std::move(access)));
  const std::string& revision = model->name_.revision;
  const auto known =
      is_commit(revision) ? std::optional(revision) : model->repo_.read_ref(revision);
  if (known) {
    model->commit_ = *known;
    model->list_ = model->repo_.read_list(*known);
  }
  const auto is_there = [&] {
    return known && model->has_small_files() && (!wants.weights || model->checkpoint());
  };
  if (!(wants.refresh && !model->access_.offline) && is_there()) return model;
  if (model->access_.offline)
    return fail(ErrorCode::kNotFound, "{}: is not in {} as a whole, and fetching is switched off",
                model->name_.text(), model->access_.cache_folder);
  GERBIL_TRY(const platform::FileLock lock, model->lock());
  // What is there in parts is completed, whatever the hub has by now.
  GERBIL_CHECK_OK(model->ask(known && !wants.refresh ? *known : revision));
  HttpClient client(model->access_.http);
  GERBIL_CHECK_OK(model->fetch_small_files(client));
  if (wants.weights) GERBIL_CHECK_OK(model->fetch_headers(client));
  if (!is_commit(revision)) GERBIL_CHECK_OK(model->repo_.write_ref(revision, model->commit_));
  return model;
}

// ---- what is there

bool RemoteModel::has(const std::string& file) const {
  return platform::is_file(join_path(folder(), file));
}

bool RemoteModel::has_small_files() const {
  if (!has(std::string(kConfigFile))) return false;
  if (!list_) return true;  // another client's: it fetched what it wanted
  return std::ranges::all_of(list_->files, [&](const auto& file) {
    return !is_model_text(file.first) || has(file.first) ||
           (file.first == format::kShardIndexFile && list_->has(format::kSafetensorsFile));
  });
}

std::vector<std::string> RemoteModel::files() const {
  std::vector<std::string> names;
  if (list_) {
    for (const auto& [file, what] : list_->files) names.push_back(file);
  } else if (const auto there = platform::list_folder(folder())) {
    names = *there;
  }
  return names;
}

// Those that a checkpoint is read from; empty where it has none, or its index is no good.
std::vector<std::string> RemoteModel::weight_files() const {
  const std::string single(format::kSafetensorsFile);
  if (has(single) || (list_ && list_->has(single))) return {single};
  const std::string index = join_path(folder(), format::kShardIndexFile);
  const auto text = platform::read_text_file(index, kMostIndexBytes);
  const auto shards = text ? format::parse_shard_index(*text, index)
                           : std::unexpected(Error{ErrorCode::kNotFound, ""});
  return shards ? shards->shards : std::vector<std::string>();
}

Result<format::OpenedFile> RemoteModel::open_weight(const std::string& file) {
  const std::string path = join_path(folder(), file);
  Weight weight{.file = file};
  if (platform::is_file(path)) {
    GERBIL_TRY(weight.source, format::map_source(path));
    format::OpenedFile opened{weight.source, path};
    weights_.push_back(std::move(weight));
    return opened;
  }
  const auto listed = list_ ? list_->files.find(file) : decltype(list_->files.end()){};
  const bool known = list_ && listed != list_->files.end() && !listed->second.etag.empty();
  if (known) {
    GERBIL_TRY(weight.partial, PartialFile::find(repo_.own(), listed->second.etag));
  }
  if (!weight.partial) return fail(ErrorCode::kNotFound, "{}: is missing", path);
  GERBIL_TRY(weight.source, weight.partial->source(path));
  format::OpenedFile opened{weight.source, weight.partial->path()};
  weights_.push_back(std::move(weight));
  return opened;
}

Result<format::Checkpoint> RemoteModel::checkpoint() {
  weights_.clear();
  return format::open_checkpoint(folder(),
                                 [this](const std::string& file) { return open_weight(file); });
}

// ---- what is asked for

std::string RemoteModel::url_of(const std::string& file) const {
  return fmt::format("{}/{}/resolve/{}/{}", access_.endpoint, name_.repo(), commit_,
                     percent_encoded(file, true));
}

Result<platform::FileLock> RemoteModel::lock() const {
  GERBIL_CHECK_OK(platform::make_folders(repo_.own()));
  for (bool waits = false;; waits = true) {
    GERBIL_TRY(auto lock, platform::FileLock::take(repo_.lock()));
    if (lock) return *std::move(lock);
    if (!waits && access_.on_note)
      access_.on_note(fmt::format("{}: another process is fetching it; waiting", name_.repo()));
    if (access_.http.cancelled && access_.http.cancelled())
      return fail(ErrorCode::kCancelled, "fetching was stopped");
    platform::sleep_seconds(0.1);
  }
}

// The same error, for who knows the model's name and not the hub's URLs.
Status RemoteModel::explain(Error error, const Transfer* transfer) const {
  if (error.code == ErrorCode::kCancelled || !transfer) return std::unexpected(std::move(error));
  const std::string code = header_of(*transfer, "x-error-code");
  const int status = transfer->status;
  if (code == "RevisionNotFound")
    return fail(ErrorCode::kNotFound, "{}: has no revision {} on {}", name_.repo(),
                in_quotes(name_.revision), access_.endpoint);
  if (code == "GatedRepo")
    return fail(ErrorCode::kIo,
                "{}: is open only to those who accepted its terms at {}/{}, with the token of such "
                "an account",
                name_.repo(), access_.endpoint, name_.repo());
  if (status == 401 || status == 403 || code == "RepoNotFound")
    return fail(status == 404 ? ErrorCode::kNotFound : ErrorCode::kIo,
                "{}: is no folder, and there is no such model on {}, or {}", name_.repo(),
                access_.endpoint,
                access_.token.empty() ? "it wants a token and none was given"
                                      : "the token does not open it");
  return std::unexpected(std::move(error));
}

// Which commit the revision is at, and its files.
Status RemoteModel::ask(const std::string& revision) {
  HttpClient client(access_.http);
  Transfer transfer;
  transfer.url = fmt::format("{}/api/models/{}/revision/{}", access_.endpoint, name_.repo(),
                             percent_encoded(revision, false));
  transfer.token = access_.token;
  transfer.most_bytes = kMostAnswerBytes;
  if (auto status = client.run({&transfer, 1}); !status)
    return explain(std::move(status).error(), &transfer);
  GERBIL_TRY(const RepoInfo info, parse_repo_info(transfer.body, shown_url(transfer.url)));
  commit_ = info.commit;
  list_ = repo_.read_list(commit_).value_or(FileList());
  FileList list;
  for (const std::string& file : info.files) {
    const auto known = list_->files.find(file);
    list.files[file] = known == list_->files.end() ? FileList::File() : known->second;
  }
  list_ = std::move(list);
  return repo_.write_list(commit_, *list_);
}

Status RemoteModel::fetch_small_files(HttpClient& client) {
  std::vector<std::string> names;
  std::vector<Transfer> transfers;
  for (const auto& [file, what] : list_->files) {
    const bool index_of_nothing =
        file == format::kShardIndexFile && list_->has(format::kSafetensorsFile);
    if (!is_model_text(file) || index_of_nothing || has(file)) continue;
    names.push_back(file);
    Transfer& transfer = transfers.emplace_back();
    transfer.url = url_of(file);
    transfer.token = access_.token;
    transfer.most_bytes = kMostTextBytes;
  }
  if (auto status = client.run(transfers); !status) {
    const auto refused = std::ranges::find_if(
        transfers, [](const Transfer& transfer) { return transfer.status >= 400; });
    return explain(std::move(status).error(), refused == transfers.end() ? nullptr : &*refused);
  }
  for (size_t i = 0; i < names.size(); ++i) {
    const Transfer& transfer = transfers[i];
    const std::string etag = transfer.found_etag();
    if (!is_safe_etag(etag))
      return corrupt("{}: the server names it by no usable ETag", shown_url(transfer.url));
    if (!matches_etag(std::as_bytes(Span<const char>(transfer.body)), etag))
      return corrupt("{}: its bytes are not those that the server promises (ETag {})",
                     shown_url(transfer.url), etag);
    GERBIL_CHECK_OK(repo_.write_blob(etag, transfer.body));
    GERBIL_CHECK_OK(repo_.link(commit_, names[i], etag));
    list_->files[names[i]] = {.etag = etag, .size_bytes = transfer.body.size()};
  }
  return repo_.write_list(commit_, *list_);
}

// ETag and size of large files; one whose content is in the cache already is linked.
Status RemoteModel::identify(HttpClient& client, const std::vector<std::string>& files) {
  std::vector<std::string> names;
  std::vector<Transfer> transfers;
  for (const std::string& file : files) {
    const auto known = list_->files.find(file);
    if (known == list_->files.end())
      return fail(ErrorCode::kNotFound, "{}: has no file {}", name_.repo(), in_quotes(file));
    if (has(file) || !known->second.etag.empty()) continue;
    names.push_back(file);
    Transfer& transfer = transfers.emplace_back();
    transfer.url = url_of(file);
    transfer.token = access_.token;
    transfer.head = true;
  }
  if (auto status = client.run(transfers); !status) {
    const auto refused = std::ranges::find_if(
        transfers, [](const Transfer& transfer) { return transfer.status >= 400; });
    return explain(std::move(status).error(), refused == transfers.end() ? nullptr : &*refused);
  }
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string etag = transfers[i].found_etag();
    const auto size = transfers[i].found_size();
    if (!is_safe_etag(etag) || !size)
      return corrupt("{}: the server says no size or no usable ETag", shown_url(transfers[i].url));
    list_->files[names[i]] = {.etag = etag, .size_bytes = *size};
  }
  if (!names.empty()) GERBIL_CHECK_OK(repo_.write_list(commit_, *list_));
  for (const std::string& file : files) {
    const FileList::File& what = list_->files[file];
    const auto blob = platform::file_info(repo_.blob(what.etag));
    if (!has(file) && blob && blob->size_bytes == what.size_bytes)
      GERBIL_CHECK_OK(repo_.link(commit_, file, what.etag));
  }
  return {};
}

Status RemoteModel::fetch_headers(HttpClient& client) {
  std::vector<std::string> files;
  for (const std::string& file : weight_files())
    if (!has(file)) files.push_back(file);
  GERBIL_CHECK_OK(identify(client, files));
  std::erase_if(files, [&](const std::string& file) { return has(file); });
  std::vector<PartialFile> partials;
  for (const std::string& file : files) {
    const FileList::File& what = list_->files[file];
    GERBIL_TRY(PartialFile partial, PartialFile::open(repo_.own(), what.etag, what.size_bytes));
    partials.push_back(std::move(partial));
  }
  for (const bool second : {false, true}) {
    std::vector<RangeFetch> fetches;
    for (size_t i = 0; i < files.size(); ++i) {
      uint64_t bytes = std::min(kFirstRead, partials[i].size_bytes());
      if (second && bytes >= 8) {
        std::array<std::byte, 8> start{};
        GERBIL_CHECK_OK(partials[i].read(0, start));
        GERBIL_TRY(bytes, format::safetensors_header_bytes(start, partials[i].size_bytes(),
                                                           join_path(folder(), files[i])));
      }
      RangeSet wanted;
      wanted.add({0, bytes});
      wanted = wanted.without(partials[i].have());
      if (!wanted.ranges().empty()) fetches.push_back({&partials[i], url_of(files[i]), wanted});
    }
    if (!fetches.empty())
      GERBIL_CHECK_OK(
          fetch_ranges(client, access_.token, access_.http.connections, fetches, nullptr));
  }
  for (PartialFile& partial : partials) GERBIL_CHECK_OK(partial.seal());
  return {};
}

// ---- weights

uint64_t RemoteModel::missing_bytes(Span<const tensor::TensorRef> tensors) const {
  uint64_t bytes = 0;
  for (const Weight& weight : weights_) {
    if (!weight.partial) continue;
    RangeSet wanted;
    for (const tensor::TensorRef& tensor : tensors)
      if (tensor.source == weight.source) wanted.add({tensor.offset_bytes, tensor.size_bytes});
    bytes += wanted.without(weight.partial->have()).size_bytes();
  }
  return bytes;
}

Status RemoteModel::publish(const std::string& file, PartialFile& partial) {
  const std::string blob = repo_.blob(partial.etag());
  GERBIL_CHECK_OK(platform::make_folders(blob.substr(0, blob.rfind('/'))));
  GERBIL_CHECK_OK(partial.publish(blob));
  return repo_.link(commit_, file, partial.etag());
}

Status RemoteModel::fetch(Span<const tensor::TensorRef> tensors, format::Checkpoint& checkpoint) {
  const uint64_t missing = missing_bytes(tensors);
  // Whole, but somebody was ended before it became a blob.
  const bool unpublished = std::ranges::any_of(
      weights_, [](const Weight& weight) { return weight.partial && weight.partial->whole(); });
  if (missing == 0 && (!unpublished || access_.offline)) return {};
  if (access_.offline)
    return fail(ErrorCode::kNotFound,
                "{}: {} bytes of the needed weights are not in {}, and fetching is switched off",
                name_.text(), missing, access_.cache_folder);
  GERBIL_TRY(const platform::FileLock lock, this->lock());
  struct Work {
    Weight* weight;
    PartialFile file;
    RangeSet wanted;
  };
  std::vector<Work> work;
  uint64_t total = 0;
  for (Weight& weight : weights_) {
    if (!weight.partial) continue;
    RangeSet wanted;
    for (const tensor::TensorRef& tensor : tensors)
      if (tensor.source == weight.source) wanted.add({tensor.offset_bytes, tensor.size_bytes});
    const uint64_t needed = wanted.size_bytes();
    if (has(weight.file)) {  // another process was faster: the mapped file is the whole one now
      weight.partial->see_whole();
      continue;
    }
    GERBIL_TRY(PartialFile file, PartialFile::open(repo_.own(), weight.partial->etag(),
                                                   weight.partial->size_bytes()));
    wanted = wanted.without(file.have()).coalesced(kGap, needed / kShareOfGaps);
    wanted = wanted.without(file.have());
    total += wanted.size_bytes();
    work.push_back({&weight, std::move(file), std::move(wanted)});
  }
  const auto free = platform::free_disk_bytes(repo_.own());
  if (free && *free < total + kSpareDiskBytes)
    return fail(ErrorCode::kIo, "{}: {} bytes are to be fetched, but only {} are free there",
                access_.cache_folder, total, *free);
  std::vector<RangeFetch> fetches;
  for (Work& one : work)
    if (!one.wanted.ranges().empty())
      fetches.push_back({&one.file, url_of(one.weight->file), one.wanted});
  uint64_t done = 0;
  const auto on_bytes = [&](uint64_t bytes) {
    done = std::min(done + bytes, total);
    if (access_.on_progress) access_.on_progress(done, total);
  };
  if (access_.on_progress) access_.on_progress(0, total);
  HttpClient client(access_.http);
  GERBIL_CHECK_OK(fetch_ranges(client, access_.token, access_.http.connections, fetches, on_bytes));
  for (Work& one : work) {
    const std::string part = one.file.path();
    if (one.file.whole()) {
      GERBIL_CHECK_OK(publish(one.weight->file, one.file));
      for (std::string& path : checkpoint.files)
        if (path == part) path = join_path(folder(), one.weight->file);
    } else {
      GERBIL_CHECK_OK(one.file.seal());
    }
    one.weight->partial->see(one.file);
  }
  return {};
}

Status RemoteModel::fetch_whole(const std::vector<std::string>& files) {
  if (std::ranges::all_of(files, [&](const std::string& file) { return has(file); })) return {};
  if (access_.offline)
    return fail(ErrorCode::kNotFound, "{}: is not in {} as a whole, and fetching is switched off",
                name_.text(), access_.cache_folder);
  GERBIL_TRY(const platform::FileLock lock, this->lock());
  if (!list_) GERBIL_CHECK_OK(ask(commit_));
  HttpClient client(access_.http);
  GERBIL_CHECK_OK(identify(client, files));
  std::vector<std::string> names;
  std::vector<PartialFile> partials;
  uint64_t total = 0;
  for (const std::string& file : files) {
    const FileList::File& what = list_->files[file];
    if (has(file)) continue;
    GERBIL_TRY(PartialFile partial, PartialFile::open(repo_.own(), what.etag, what.size_bytes));
    total += what.size_bytes - partial.have().size_bytes();
    names.push_back(file);
    partials.push_back(std::move(partial));
  }
  const auto free = platform::free_disk_bytes(repo_.own());
  if (free && *free < total + kSpareDiskBytes)
    return fail(ErrorCode::kIo, "{}: {} bytes are to be fetched, but only {} are free there",
                access_.cache_folder, total, *free);
  std::vector<RangeFetch> fetches;
  for (size_t i = 0; i < names.size(); ++i) {
    RangeSet wanted;
    wanted.add({0, partials[i].size_bytes()});
    wanted = wanted.without(partials[i].have());
    if (!wanted.ranges().empty()) fetches.push_back({&partials[i], url_of(names[i]), wanted});
  }
  uint64_t done = 0;
  GERBIL_CHECK_OK(
      fetch_ranges(client, access_.token, access_.http.connections, fetches, [&](uint64_t bytes) {
        done = std::min(done + bytes, total);
        if (access_.on_progress) access_.on_progress(done, total);
      }));
  for (size_t i = 0; i < names.size(); ++i) GERBIL_CHECK_OK(publish(names[i], partials[i]));
  return {};
}

}  // namespace gerbil::hub
