// Video files through FFmpeg's libraries, or the refusal of builds without them.
#include <utility>

#include "base/check.h"
#include "media/video.h"

#if GERBIL_HAS_FFMPEG
#include "media/video_ffmpeg.h"
#include "platform/file.h"
#include "platform/mapped_file.h"
#endif

namespace gerbil::media {

#if GERBIL_HAS_FFMPEG

bool has_video_decoder() { return true; }

Result<std::unique_ptr<VideoReader>> open_video(const std::string& path,
                                                const VideoLimits& limits) {
  GERBIL_TRY(const platform::FileInfo info, platform::file_info(path));
  if (info.size_bytes > limits.max_bytes) {
    return invalid("{}: {} bytes: at most {} are read", path, info.size_bytes, limits.max_bytes);
  }
  GERBIL_TRY(platform::MappedFile file, platform::MappedFile::open(path));
  return open_ffmpeg_video(std::make_unique<VideoBytes>(std::move(file)), path, limits);
}

Result<std::unique_ptr<VideoReader>> open_video(Bytes bytes, std::string name,
                                                const VideoLimits& limits) {
  if (bytes.size() > limits.max_bytes) {
    return invalid("{}: {} bytes: at most {} are read", name, bytes.size(), limits.max_bytes);
  }
  return open_ffmpeg_video(std::make_unique<VideoBytes>(bytes), std::move(name), limits);
}

#else

namespace {

std::unexpected<Error> no_decoder(const std::string& name) {
  return unsupported(
      "{}: this build reads no video files: it was made without FFmpeg's libraries (libavformat, "
      "libavcodec, libswscale); a folder of frames works",
      name);
}

}  // namespace

bool has_video_decoder() { return false; }

Result<std::unique_ptr<VideoReader>> open_video(const std::string& path, const VideoLimits&) {
  return no_decoder(path);
}

Result<std::unique_ptr<VideoReader>> open_video(Bytes, std::string name, const VideoLimits&) {
  return no_decoder(name);
}

#endif

}  // namespace gerbil::media
