// What a chat's messages hold beside text. Pure functions.
#pragma once

#include <string_view>

#include "base/result.h"

namespace gerbil::api {

// An error that names the first content part of `messages` (a JSON array of messages) that is not
// text: this build would answer as if it were not there.
Status check_text_only(std::string_view messages);

}  // namespace gerbil::api
