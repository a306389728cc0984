// Video files: WebP through libwebp, all others through FFmpeg's libraries, or the refusal of
// builds without them.
#include <optional>
#include <utility>

#include "base/check.h"
#include "media/video.h"
#include "media/video_webp.h"
#include "platform/file.h"
#include "platform/mapped_file.h"

#if GERBIL_HAS_FFMPEG
#include "media/video_ffmpeg.h"
#endif

namespace gerbil::media {
namespace {

Status check_bytes(const std::string& name, uint64_t size, const VideoLimits& limits) {
  if (size <= limits.max_bytes) return {};
  return invalid("{}: {} bytes: at most {} are read", name, size, limits.max_bytes);
}

#if !GERBIL_HAS_FFMPEG
std::unexpected<Error> no_decoder(const std::string& name) {
  return unsupported(
      "{}: this build reads no video files but WebP: it was made without FFmpeg's libraries "
      "(libavformat, libavcodec, libswscale); a folder of frames works",
      name);
}
#endif

}  // namespace

bool has_video_decoder() {
#if GERBIL_HAS_FFMPEG
  return true;
#else
  return false;
#endif
}

Result<std::unique_ptr<VideoReader>> open_video(const std::string& path,
                                                const VideoLimits& limits) {
  GERBIL_TRY(const platform::FileInfo info, platform::file_info(path));
  GERBIL_CHECK_OK(check_bytes(path, info.size_bytes, limits));
  GERBIL_TRY(platform::MappedFile file, platform::MappedFile::open(path));
  const Bytes bytes = file.bytes();
  if (is_webp(bytes)) return open_webp_video(std::move(file), bytes, path, limits);
#if GERBIL_HAS_FFMPEG
  return open_ffmpeg_video(std::make_unique<VideoBytes>(std::move(file)), path, limits);
#else
  return no_decoder(path);
#endif
}

Result<std::unique_ptr<VideoReader>> open_video(Bytes bytes, std::string name,
                                                const VideoLimits& limits) {
  GERBIL_CHECK_OK(check_bytes(name, bytes.size(), limits));
  if (is_webp(bytes)) return open_webp_video(std::nullopt, bytes, std::move(name), limits);
#if GERBIL_HAS_FFMPEG
  return open_ffmpeg_video(std::make_unique<VideoBytes>(bytes), std::move(name), limits);
#else
  return no_decoder(name);
#endif
}

}  // namespace gerbil::media
