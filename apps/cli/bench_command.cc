// gerbil bench: how fast a model runs here.
#include "cli/bench_measure.h"
#include "cli/bench_text.h"
#include "cli/commands.h"
#include "cli/terminal.h"

namespace gerbil::cli {

ExitCode bench(const BenchOptions& options) {
  // Told before anything is measured.
  if (!options.trace_file.empty())
    if (const Status good = TraceFile::check(options.trace_file); !good)
      return report_error(good.error().message);
  const auto report = measure(options);
  if (!report) return report_error(report.error().message);
  Output output;
  // Half of a report is still one for a person, but not for a program.
  if (!options.json) {
    output.write(bench_text(*report));
  } else if (!report->interrupted) {
    output.write(bench_json(*report) + "\n");
  }
  if (!output.status()) return report_error(output.status().error().message);
  if (report->interrupted) return kInterrupted;
  if (!options.quiet && !options.json) print_notes(report->notes);
  if (report->trace)
    if (const Status done = report->trace->finish(); !done)
      return report_error(done.error().message);
  return kDone;
}

}  // namespace gerbil::cli
