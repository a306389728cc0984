// gerbil forward: a prompt's logits and hidden states to a file.
#include "cli/commands.h"
#include "cli/input.h"

namespace gerbil::cli {

ExitCode forward(const ForwardOptions& options) {
  const ForwardRequest& request = options.request;
  if (request.input_ids.empty() && request.inputs_file.empty() && request.prompt.empty()) {
    return report_error("the prompt is empty");
  }
  if (const Status good = check_utf8(request.prompt, "the prompt"); !good) {
    return report_error(good.error().message);
  }
  LoadOptions load = options.load;
  if (!request.inputs_file.empty()) {
    const Result<bool> pictures = has_pictures(request.inputs_file);
    if (!pictures) return report_error(pictures.error().message);
    if (*pictures) load.vision = Vision::kYes;
  }
  ModelLoader loader;
  const auto engine = loader.load(load);
  if (!engine) return report_error(engine.error().message);
  const Status done = (*engine)->forward(request, options.output_file);
  if (!done) return report_error(done.error().message);
  if (!options.quiet) loader.print_notes();
  return kDone;
}

}  // namespace gerbil::cli
