// A tiny hybrid model (three layers of Gated DeltaNet, one of attention, twice) whose context is
// that of a large one: 262,144 tokens. It has no tokenizer: prompts are ids.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gerbil/gerbil.h"
#include "support/checkpoint_copy.h"

namespace gerbil::testing {

inline constexpr int64_t kLongContext = 262'144;

struct LongModel {
  CheckpointCopy files;

  LongModel();
  std::string folder() const { return files.path().string(); }
};

std::vector<int32_t> some_ids(int64_t count);

// Greedy, and nothing but max_tokens ends it.
Request go_on_from(std::vector<int32_t> ids, int64_t max_tokens);

// Runs a prompt of so many tokens and an answer of 32, with a context as long as both, and expects
// the memory that this takes to be what plan() says.
void expect_within_plan(int64_t tokens);

}  // namespace gerbil::testing
