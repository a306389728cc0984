// Qwen3's real tokenizer.json, put together from its committed form (tests/data/README.md). Throws
// std::runtime_error where that is not as it should be. Tests only.
#pragma once

#include <string>

namespace gerbil::testing {

std::string qwen3_tokenizer_json();

}  // namespace gerbil::testing
