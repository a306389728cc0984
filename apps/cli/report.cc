#include "cli/report.h"

#include <fmt/format.h>

#include <utility>

#include "cli/environment.h"
#include "cli/hub_environment.h"
#include "cli/terminal.h"

namespace gerbil::cli {

ExitCode report_error(std::string_view message) {
  print_error_line(fmt::format("gerbil: error: {}", message));
  return kFailed;
}

ExitCode report_chat_error(std::string_view message, std::string_view messages_file,
                           std::string_view tools_file) {
  for (const auto& [part, file] :
       {std::pair<std::string_view, std::string_view>("messages", messages_file),
        std::pair<std::string_view, std::string_view>("tools", tools_file)}) {
    if (file.empty() || !message.starts_with(part)) continue;
    const std::string_view rest = message.substr(part.size());
    if (rest.empty() || std::string_view(": [").find(rest.front()) == std::string_view::npos)
      continue;
    // "messages: expected ..." and "messages[2]: expected ..."
    return report_error(fmt::format("{}: {}", file == "-" ? "standard input" : file,
                                    rest.starts_with(": ") ? rest.substr(2) : message));
  }
  return report_error(message);
}

ExitCode report_wrong_usage(std::string_view message, std::string_view help) {
  print_error_line(fmt::format("gerbil: error: {}; run '{}'", message, help));
  return kWrongUsage;
}

Result<std::unique_ptr<Engine>> ModelLoader::load(LoadOptions options) {
  LoadProgress fetching(LoadProgress::kFetching);
  LoadProgress progress;
  options.hub = hub_from_environment();
  if (hub_shows_progress())
    options.hub.on_progress = [&](uint64_t done, uint64_t total) {
      fetching.update(done, total);
      if (done == total) fetching.clear();
    };
  options.bundled_models = bundled_models_folder();
  options.cache_folder = cache_folder();
  options.on_note = [this](std::string_view line) { notes_.emplace_back(line); };
  options.on_progress = [&, also = std::move(options.on_progress)](uint64_t done, uint64_t total) {
    progress.update(done, total);
    if (also) also(done, total);
  };
  return Engine::load(options);
}

void print_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) {
    print_error_line(fmt::format("gerbil: note: {}", note));
  }
}

void ModelLoader::print_notes() { cli::print_notes(std::exchange(notes_, {})); }

}  // namespace gerbil::cli
