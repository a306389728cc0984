// What a person hands to a command: prompts, files, standard input. Everything read here is bounded
// (kMaxInputBytes); an error is one line that names the file. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gerbil/result.h"

namespace gerbil::cli {

inline constexpr uint64_t kMaxInputBytes = uint64_t{64} << 20;

// A whole file, or standard input where `path` is "-".
Result<std::string> read_input_file(const std::string& path);

// An error that calls the text `what` ("the prompt") and names its first wrong byte.
Status check_utf8(std::string_view text, std::string_view what);

struct Argument {
  std::string text;
  bool from_stdin = false;
};

// `given`, or standard input where it is absent or "-". Absent while standard input is a terminal:
// nullopt, for nobody would know that the command waits. Any bytes.
Result<std::optional<Argument>> read_argument(const std::optional<std::string>& given);

}  // namespace gerbil::cli
