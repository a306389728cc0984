// What a chat's messages hold beside text. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace gerbil::text {

// An error that names the first content part of `messages` (a JSON array of messages) that is not
// text: this build would answer as if it were not there.
Status check_text_only(std::string_view messages);

// The text of the last of `messages`, which an answer is to go on with; empty where its content is
// no string. An error where it is not the assistant's.
Result<std::string> unfinished_content(std::string_view messages);

// `messages` without the last one; empty where there is no other.
std::string without_last(std::string_view messages);

}  // namespace gerbil::text
