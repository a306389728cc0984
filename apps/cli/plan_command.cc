// gerbil plan: what a model would take, without loading it.
#include "cli/commands.h"
#include "cli/environment.h"
#include "cli/hub_environment.h"
#include "cli/plan_text.h"
#include "cli/terminal.h"

namespace gerbil::cli {

ExitCode plan(const PlanOptions& options) {
  LoadOptions load = options.load;
  std::vector<std::string> notes;
  load.bundled_models = bundled_models_folder();
  load.hub = hub_from_environment();
  load.on_note = [&](std::string_view line) { notes.emplace_back(line); };
  const auto plan = gerbil::plan(load);
  if (!plan) return report_error(plan.error().message);
  Output output;
  output.write(options.json ? to_json(*plan) + "\n" : plan_text(*plan));
  if (!output.status()) return report_error(output.status().error().message);
  if (!options.quiet) print_notes(notes);
  return kDone;
}

}  // namespace gerbil::cli
