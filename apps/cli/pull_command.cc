// gerbil pull: fetches what a model needs. gerbil ls, gerbil rm: what is there.
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/hub_environment.h"
#include "cli/plan_text.h"
#include "cli/terminal.h"

namespace gerbil::cli {
namespace {

std::string part_line(std::string_view what, const PullReport::Part& part) {
  return fmt::format("  {:<10}{:<22}{:>6} tensors{:>14}\n", what, for_terminal(part.name),
                     part.tensors, bytes_text(part.bytes));
}

std::string report_text(const PullReport& report, bool dry_run, double seconds) {
  std::string text =
      fmt::format("{} at {}\n", for_terminal(report.model), report.commit.substr(0, 12));
  for (const PullReport::Part& part : report.needed) text += part_line("needed", part);
  for (const PullReport::Part& part : report.skipped) text += part_line("skipped", part);
  if (!report.needed.empty())
    text += fmt::format("{} needed, {} skipped\n", bytes_text(report.needed_bytes),
                        bytes_text(report.skipped_bytes));
  if (dry_run) return text + fmt::format("to fetch: {}\n", bytes_text(report.missing_bytes));
  if (report.missing_bytes > 0)
    text += fmt::format("fetched {} in {:.1f} s\n", bytes_text(report.missing_bytes), seconds);
  return text + fmt::format("{}\n", for_terminal(report.folder));
}

std::string as_json(const CachedModel& model) {
  nlohmann::ordered_json revisions = nlohmann::ordered_json::array();
  for (const CachedModel::Revision& revision : model.revisions)
    revisions.push_back({{"name", revision.name}, {"commit", revision.commit}});
  const nlohmann::ordered_json json = {{"name", model.name},
                                       {"folder", model.folder},
                                       {"disk_bytes", model.disk_bytes},
                                       {"partial", model.partial},
                                       {"changed_ns", model.changed_ns},
                                       {"revisions", std::move(revisions)}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string as_text(const std::vector<CachedModel>& models, const std::string& folder) {
  std::string text;
  uint64_t sum = 0;
  for (const CachedModel& model : models) {
    std::string revisions;
    for (const CachedModel::Revision& revision : model.revisions)
      revisions += (revisions.empty() ? "" : ", ") +
                   (revision.name.empty() ? revision.commit.substr(0, 12) : revision.name);
    text += fmt::format("{:<48}{:>10}  {:<8}{}\n", for_terminal(model.name),
                        bytes_text(model.disk_bytes), model.partial ? "in part" : "",
                        for_terminal(revisions));
    sum += model.disk_bytes;
  }
  return text + fmt::format("{} {}, {} in {}\n", models.size(),
                            models.size() == 1 ? "model" : "models", bytes_text(sum),
                            for_terminal(folder));
}

constexpr std::string_view kNoFolder =
    "no cache folder: none of HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME and HOME is set";

ExitCode print(const std::string& text) {
  Output output;
  output.write(text);
  return output.status() ? kDone : report_error(output.status().error().message);
}

}  // namespace

ExitCode pull(const PullCommandOptions& options) {
  PullOptions wanted = options.pull;
  wanted.hub = hub_from_environment();
  if (wanted.hub.cache_folder.empty()) return report_error(kNoFolder);
  std::vector<std::string> notes;
  // Another process that fetches the same is waited for: that is said at once.
  wanted.on_note = [&](std::string_view line) {
    if (!options.quiet && line.ends_with("waiting"))
      print_notes({std::string(line)});
    else
      notes.emplace_back(line);
  };
  const auto began = std::chrono::steady_clock::now();
  Result<PullReport> report = [&] {
    LoadProgress progress(LoadProgress::kFetching);
    if (!options.quiet && hub_shows_progress())
      wanted.hub.on_progress = [&](uint64_t done, uint64_t total) { progress.update(done, total); };
    return gerbil::pull(wanted);
  }();
  if (!report) return report_error(report.error().message);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const ExitCode code =
      print(options.json ? to_json(*report) + "\n"
                         : report_text(*report, options.pull.dry_run, took.count()));
  if (code == kDone && !options.quiet) print_notes(notes);
  return code;
}

ExitCode list(const ListOptions& options) {
  const std::string folder = hub_from_environment().cache_folder;
  if (folder.empty()) return report_error(kNoFolder);
  const auto models = list_models(folder);
  if (!models) return report_error(models.error().message);
  if (!options.json) return print(as_text(*models, folder));
  std::string text;
  for (const CachedModel& model : *models) text += (text.empty() ? "" : ",") + as_json(model);
  const nlohmann::json place = folder;
  return print(fmt::format("{{\"folder\":{},\"models\":[{}]}}\n",
                           place.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                           text));
}

ExitCode remove(const RemoveOptions& options) {
  const std::string folder = hub_from_environment().cache_folder;
  if (folder.empty()) return report_error(kNoFolder);
  for (const std::string& name : options.models) {
    const auto removed = remove_model(folder, name);
    if (!removed) return report_error(removed.error().message);
    const ExitCode code =
        print(options.json ? as_json(*removed) + "\n"
                           : fmt::format("removed {}, {}\n", for_terminal(removed->name),
                                         bytes_text(removed->disk_bytes)));
    if (code != kDone) return code;
  }
  return kDone;
}

}  // namespace gerbil::cli
