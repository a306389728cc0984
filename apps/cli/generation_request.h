// The one place where the flags of answers become what the library is asked for: every command that
// generates begins with this. Pure functions.
#pragma once

#include "cli/options.h"

namespace gerbil::cli {

// All but the prompt (and, of a chat, whether to think: Chat::think).
Request generation_request(const GenerationOptions& generation);

}  // namespace gerbil::cli
