// What every command owes its caller, as checks for EXPECT_TRUE that say what came instead.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/process.h"

namespace gerbil::testing {

// Exit code 0, and nothing on standard error.
::testing::AssertionResult succeeded(const Finished& run);
// This exit code, nothing on standard output, and on standard error one line "gerbil: error: ..."
// that holds all `words`.
::testing::AssertionResult failed(const Finished& run, int exit_code,
                                  const std::vector<std::string>& words);

}  // namespace gerbil::testing
