// Where the library's few notes go (which weights were skipped, that the context was lowered). The
// library never prints: whoever creates an Engine hands in a sink; an empty sink drops the lines.
// May be called from any thread that the function it was handed to runs on; one line without a
// newline a call.
#pragma once

#include <functional>
#include <string_view>

namespace gerbil {

using LogSink = std::function<void(std::string_view line)>;

}  // namespace gerbil
