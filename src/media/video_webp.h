// WebP as a video: an animation, or a still picture as one of a single frame. For this room only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "media/video.h"
#include "platform/mapped_file.h"

namespace gerbil::media {

bool is_webp(Bytes bytes);

// `file`, where given, is what `bytes` lie in, and is kept.
Result<std::unique_ptr<VideoReader>> open_webp_video(std::optional<platform::MappedFile> file,
                                                     Bytes bytes, std::string name,
                                                     const VideoLimits& limits);

}  // namespace gerbil::media
