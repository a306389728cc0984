// What tells a picture or video from others without decoding it. Thread-safe; an error is one line
// that starts with the place.
#pragma once

#include <string>

#include "base/result.h"

namespace gerbil::media {

// Of a file, a folder of frames or a data: URL: a short text that another content would not have.
// All bytes count; of a file of more than 64 MiB, and of each of a folder's, the size, the time of
// the last change and (of a file) the first and last MiB.
Result<std::string> media_identity(const std::string& place);

}  // namespace gerbil::media
