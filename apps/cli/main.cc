// gerbil: the command line.
#include <fcntl.h>
#include <unistd.h>

#include <exception>
#include <new>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "cli/commands.h"
#include "cli/signals.h"
#include "cli/terminal.h"

namespace gerbil::cli {
namespace {

// A file opened later must not become somebody's standard output.
void fill_standard_descriptors() {
  int descriptor;
  do {
    descriptor = ::open("/dev/null", O_RDWR);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0) ::close(descriptor);
}

ExitCode execute(const Command& command) {
  return std::visit(
      [](const auto& chosen) -> ExitCode {
        using Chosen = std::decay_t<decltype(chosen)>;
        if constexpr (std::is_same_v<Chosen, RunOptions>) {
          return run(chosen);
        } else if constexpr (std::is_same_v<Chosen, ChatCommandOptions>) {
          return chat(chosen);
        } else if constexpr (std::is_same_v<Chosen, TokenizeOptions>) {
          return tokenize(chosen);
        } else if constexpr (std::is_same_v<Chosen, TemplateOptions>) {
          return render(chosen);
        } else if constexpr (std::is_same_v<Chosen, ForwardOptions>) {
          return forward(chosen);
        } else if constexpr (std::is_same_v<Chosen, PlanOptions>) {
          return plan(chosen);
        } else if constexpr (std::is_same_v<Chosen, CacheOptions>) {
          return cache(chosen);
        } else if constexpr (std::is_same_v<Chosen, PullCommandOptions>) {
          return pull(chosen);
        } else if constexpr (std::is_same_v<Chosen, ListOptions>) {
          return list(chosen);
        } else if constexpr (std::is_same_v<Chosen, RemoveOptions>) {
          return remove(chosen);
        } else if constexpr (std::is_same_v<Chosen, BenchOptions>) {
          return bench(chosen);
        } else if constexpr (std::is_same_v<Chosen, WrongUsage>) {
          return report_wrong_usage(chosen.message, chosen.help);
        } else {
          Output output;
          output.write(chosen.text);
          return output.status() ? kDone : report_error(output.status().error().message);
        }
      },
      command);
}

}  // namespace
}  // namespace gerbil::cli

int main(int argc, char** argv) {
  using namespace gerbil::cli;
  fill_standard_descriptors();
  install_signal_handlers();
  try {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    return execute(parse_command_line(arguments));
  } catch (const std::bad_alloc&) {
    return report_error("out of memory");
  } catch (const std::exception& error) {
    return report_error(error.what());
  }
}
