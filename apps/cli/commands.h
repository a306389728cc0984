// The commands. Each reads, computes and prints, and returns the program's exit code. One thread.
#pragma once

#include "cli/options.h"
#include "cli/report.h"

namespace gerbil::cli {

ExitCode run(const RunOptions& options);            // run_command.cc
ExitCode chat(const ChatCommandOptions& options);   // chat_command.cc
ExitCode tokenize(const TokenizeOptions& options);  // text_commands.cc
ExitCode render(const TemplateOptions& options);    // text_commands.cc
ExitCode forward(const ForwardOptions& options);    // forward_command.cc
ExitCode plan(const PlanOptions& options);          // plan_command.cc
ExitCode bench(const BenchOptions& options);        // bench_command.cc
ExitCode cache(const CacheOptions& options);        // cache_command.cc
ExitCode pull(const PullCommandOptions& options);   // pull_command.cc
ExitCode list(const ListOptions& options);          // pull_command.cc
ExitCode remove(const RemoveOptions& options);      // pull_command.cc

}  // namespace gerbil::cli
