// What a chat's messages hold beside text. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gerbil::text {

// An error that names the first content part of `messages` (a JSON array of messages) that is not
// text: this build would answer as if it were not there.
Status check_text_only(std::string_view messages);

// A picture or video among the content parts: {"type": "image", "image": PLACE}, {"type":
// "image_url", "image_url": {"url": PLACE}}, {"type": "video", "video": PLACE, "fps": 4}.
struct MediaPart {
  bool video = false;
  std::string place;  // a path, or a data: URL
  double fps = 0;     // of a folder of frames; 0: not said
};
// In order; an error names a part that is neither of these nor text.
Result<std::vector<MediaPart>> media_parts(std::string_view messages);

// The text of the last of `messages`, which an answer is to go on with; empty where its content is
// no string. An error where it is not the assistant's.
Result<std::string> unfinished_content(std::string_view messages);

// `messages` without the last one; empty where there is no other.
std::string without_last(std::string_view messages);

}  // namespace gerbil::text
