// Small files of a person's own: written whole or not at all (a temporary file beside it, then
// renamed), readable by their owner alone; read up to a limit, regular files only. Errors are one
// line that names the file. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gerbil/result.h"

namespace gerbil::cli {

// nullopt: there is no such file.
Result<std::optional<std::string>> read_own_file(const std::string& path, uint64_t max_bytes);
// A symbolic link stays one: what it leads to is written.
Status write_own_file(const std::string& path, std::string_view bytes);
// At its end; the file is made where it is missing.
Status append_own_file(const std::string& path, std::string_view bytes);

}  // namespace gerbil::cli
