// RemoteModel: a model of a hub, as far as it is in the cache and as far as it is wanted.
//
//   open()       which commit, and its small files; from the cache alone where that has them
//   checkpoint() the tensors' headers
//   fetch()      the bytes of those tensors that turned out to be needed
//
// A snapshot that is whole is used as it is and nobody is asked. What is missing is fetched under
// the repository's lock; another process that fetches the same is waited for. One thread; what
// checkpoint() gave may be read by many once fetch() is done.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "format/checkpoint.h"
#include "hub/http_client.h"
#include "hub/hub_cache.h"
#include "hub/model_name.h"
#include "hub/partial_file.h"

namespace gerbil::hub {

// Where models come from and where they are kept.
struct HubAccess {
  std::string endpoint = "https://huggingface.co";
  std::string token;         // empty: none
  std::string cache_folder;  // made where it is missing; empty: nothing is fetched
  bool offline = false;      // the cache alone
  HttpOptions http;
  LogSink on_note;
  // Of what a call fetches; done may begin above 0.
  std::function<void(uint64_t done_bytes, uint64_t total_bytes)> on_progress;
};

struct RemoteWants {
  bool weights = true;   // their headers too
  bool refresh = false;  // ask the hub whether the revision has moved
};

class RemoteModel {
 public:
  static Result<std::shared_ptr<RemoteModel>> open(ModelName name, HubAccess access,
                                                   const RemoteWants& wants);

  // Where the small files lie, as every other client of the cache has them.
  std::string folder() const { return repo_.snapshot(commit_); }
  const std::string& commit() const { return commit_; }
  const ModelName& name() const { return name_; }

  Result<format::Checkpoint> checkpoint();

  // Of these tensors of checkpoint(): bytes that are not there yet.
  uint64_t missing_bytes(Span<const tensor::TensorRef> tensors) const;
  // Fetches them. `checkpoint`: the files that became whole get their new paths in it.
  Status fetch(Span<const tensor::TensorRef> tensors, format::Checkpoint& checkpoint);
  // Whole files, whatever they are; those that are there are left alone. kNotFound names one that
  // the repository does not have.
  Status fetch_whole(const std::vector<std::string>& files);

  // What the hub says the repository has, where it was asked; else what is there.
  std::vector<std::string> files() const;

 private:
  struct Weight {
    std::string file;                    // "model.safetensors"
    std::optional<PartialFile> partial;  // nothing: it is whole
    std::shared_ptr<const tensor::ByteSource> source;
  };

  RemoteModel(ModelName name, HubAccess access);

  bool has(const std::string& file) const;
  bool has_small_files() const;
  std::vector<std::string> weight_files() const;
  Result<format::OpenedFile> open_weight(const std::string& file);

  Result<platform::FileLock> lock() const;
  Status ask(const std::string& revision);
  Status fetch_small_files(HttpClient& client);
  Status fetch_headers(HttpClient& client);
  Status identify(HttpClient& client, const std::vector<std::string>& files);
  Status publish(const std::string& file, PartialFile& partial);
  Status explain(Error error, const Transfer* transfer) const;
  std::string url_of(const std::string& file) const;

  ModelName name_;
  HubAccess access_;
  RepoFolder repo_;
  std::string commit_;
  std::optional<FileList> list_;
  std::vector<Weight> weights_;
};

// The small files of a model that are fetched: configs, tokenizer, templates, index of the shards.
bool is_model_text(std::string_view file);

}  // namespace gerbil::hub
