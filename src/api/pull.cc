// pull(), and the models that the cache has.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/hub.h"
#include "api/weight_class.h"
#include "base/quote.h"
#include "hub/hub_cache.h"
#include "hub/model_name.h"

namespace gerbil {
namespace {

using Json = nlohmann::ordered_json;

Result<hub::ModelName> hub_name(const std::string& model) {
  if (auto name = hub::parse_model_name(model)) return *std::move(name);
  return invalid("{}: expected the name of a hub's model, org/name[@revision][:file]",
                 in_quotes(model));
}

CachedModel as_public(hub::CachedRepo repo) {
  CachedModel model{.name = std::move(repo.repo), .folder = std::move(repo.folder)};
  model.disk_bytes = repo.bytes_on_disk;
  for (hub::CachedRepo::Revision& revision : repo.revisions)
    model.revisions.push_back({std::move(revision.name), std::move(revision.commit)});
  model.partial = repo.partial;
  model.changed_ns = repo.changed_ns;
  return model;
}

// The parts of a model in the order that a plan lists them.
void add_parts(const model::Model& model, PullReport& report) {
  for (const std::string_view name : api::weight_classes())
    report.needed.push_back({.name = std::string(name)});
  for (const auto& [role, binding] : model.weights) {
    if (!binding.present) continue;
    PullReport::Part& part =
        *std::ranges::find(report.needed, api::weight_class(role), &PullReport::Part::name);
    for (const graph::StoredPart& stored : binding.parts) {
      ++part.tensors;
      part.bytes += stored.tensor.size_bytes;
    }
  }
  std::erase_if(report.needed, [](const PullReport::Part& part) { return part.tensors == 0; });
  report.needed_bytes = model.report.claimed.bytes;
  for (const model::LoadReport::Skipped& skipped : model.report.skipped) {
    report.skipped.push_back({.name = std::string(skipped.rule),
                              .tensors = static_cast<int64_t>(skipped.count.tensors),
                              .bytes = skipped.count.bytes});
    report.skipped_bytes += skipped.count.bytes;
  }
}

PullReport report_of(const hub::RemoteModel& model) {
  return {.model = model.name().text(), .commit = model.commit(), .folder = model.folder()};
}

Result<PullReport> pull_file(hub::ModelName name, const PullOptions& options) {
  GERBIL_TRY(const auto model,
             hub::RemoteModel::open(std::move(name), api::hub_access(options.hub, options.on_note),
                                    {.weights = false, .refresh = true}));
  const std::string& file = model->name().file;
  if (!options.dry_run) GERBIL_CHECK_OK(model->fetch_whole({file}));
  return report_of(*model);
}

// Files that programs for safetensors models read: not the same weights in other formats.
bool belongs_to_whole(const std::string& file) {
  constexpr std::string_view kEndings[] = {".safetensors", ".json", ".jinja", ".txt", ".model"};
  return file.find('/') == std::string::npos &&
         std::ranges::any_of(kEndings, [&](auto ending) { return file.ends_with(ending); });
}

}  // namespace

Result<PullReport> pull(const PullOptions& options) {
  GERBIL_TRY(hub::ModelName name, hub_name(options.model));
  if (!name.file.empty()) return pull_file(std::move(name), options);
  hub::HubOptions hub_options;
  hub_options.hub = api::hub_access(options.hub, options.on_note);
  hub_options.refresh = true;
  GERBIL_TRY(hub::ModelFiles files, hub::open_model(options.model, hub_options));
  if (!files.remote)
    return invalid("{}: is a folder here; nothing is to be fetched", in_quotes(options.model));
  GERBIL_TRY(
      const model::Model model,
      model::load_model(files.config, files.path("config.json"), files.checkpoint, options.on_note,
                        options.vision ? model::VisionWish::kIfAny : model::VisionWish::kNo));
  PullReport report = report_of(*files.remote);
  add_parts(model, report);
  std::vector<tensor::TensorRef> needed = api::needed_tensors(model, files.checkpoint);
  if (options.whole) {
    needed.clear();
    for (const auto& [stored, tensor] : files.checkpoint.tensors) needed.push_back(tensor);
  }
  report.missing_bytes = files.remote->missing_bytes(needed);
  if (options.dry_run) return report;
  if (options.whole) {
    std::vector<std::string> all = files.remote->files();
    std::erase_if(all, [](const std::string& file) { return !belongs_to_whole(file); });
    GERBIL_CHECK_OK(files.remote->fetch_whole(all));
  } else {
    GERBIL_CHECK_OK(hub::fetch_weights(files, needed));
  }
  return report;
}

std::string to_json(const PullReport& report) {
  const auto parts = [](const std::vector<PullReport::Part>& of) {
    Json all = Json::array();
    for (const PullReport::Part& part : of)
      all.push_back({{"name", part.name}, {"tensors", part.tensors}, {"bytes", part.bytes}});
    return all;
  };
  const Json json = {{"model", report.model},
                     {"commit", report.commit},
                     {"folder", report.folder},
                     {"needed_bytes", report.needed_bytes},
                     {"skipped_bytes", report.skipped_bytes},
                     {"missing_bytes", report.missing_bytes},
                     {"needed", parts(report.needed)},
                     {"skipped", parts(report.skipped)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::vector<CachedModel>> list_models(const std::string& cache_folder) {
  GERBIL_TRY(std::vector<hub::CachedRepo> repos, hub::list_repos(cache_folder));
  std::vector<CachedModel> models;
  models.reserve(repos.size());
  for (hub::CachedRepo& repo : repos) models.push_back(as_public(std::move(repo)));
  return models;
}

Result<CachedModel> remove_model(const std::string& cache_folder, const std::string& name) {
  GERBIL_TRY(const hub::ModelName parsed, hub_name(name));
  if (parsed.text() != parsed.repo())
    return invalid("{}: all revisions go together; name it {}", in_quotes(name), parsed.repo());
  GERBIL_TRY(hub::CachedRepo repo, hub::remove_repo(cache_folder, parsed.repo()));
  return as_public(std::move(repo));
}

}  // namespace gerbil
