#include "cli/expect.h"

#include <algorithm>

namespace gerbil::testing {
namespace {

::testing::AssertionResult failure(const Finished& run, const std::string& why) {
  return ::testing::AssertionFailure()
         << why << "\nexit code " << run.exit_code << ", signal " << run.signal
         << "\nstandard output: " << run.output.substr(0, 2000)
         << "\nstandard error: " << run.errors.substr(0, 2000);
}

}  // namespace

::testing::AssertionResult succeeded(const Finished& run) {
  if (run.exit_code != 0) return failure(run, "did not succeed");
  if (!run.errors.empty()) return failure(run, "wrote to standard error");
  return ::testing::AssertionSuccess();
}

::testing::AssertionResult failed(const Finished& run, int exit_code,
                                  const std::vector<std::string>& words) {
  if (run.exit_code != exit_code) {
    return failure(run, "expected exit code " + std::to_string(exit_code));
  }
  if (!run.output.empty()) return failure(run, "wrote to standard output");
  if (!run.errors.starts_with("gerbil: error: ") || !run.errors.ends_with('\n') ||
      std::count(run.errors.begin(), run.errors.end(), '\n') != 1) {
    return failure(run, "expected one line \"gerbil: error: ...\"");
  }
  for (const std::string& word : words) {
    if (!run.errors.contains(word)) return failure(run, "expected to read \"" + word + "\"");
  }
  return ::testing::AssertionSuccess();
}

}  // namespace gerbil::testing
