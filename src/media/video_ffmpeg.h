// The door to FFmpeg: a video's bytes, and the reader over them. For this room only.
//
// FFmpeg sees these bytes and nothing else: no file, no network, no nested input. Its own log is
// switched off for the whole process, because a library does not print.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "media/video.h"
#include "platform/mapped_file.h"

namespace gerbil::media {

// A mapped file, or memory of the caller's, with a place to read from. What has been read of a file
// is given back to the system as reading goes on.
class VideoBytes {
 public:
  explicit VideoBytes(platform::MappedFile file) : file_(std::move(file)), bytes_(file_->bytes()) {}
  explicit VideoBytes(Bytes bytes) : bytes_(bytes) {}

  int64_t size() const { return static_cast<int64_t>(bytes_.size()); }
  int64_t read(uint8_t* out, int64_t count);  // 0 at the end
  int64_t seek(int64_t place);                // -1: outside

 private:
  std::optional<platform::MappedFile> file_;
  Bytes bytes_;
  uint64_t place_ = 0;
  uint64_t released_ = 0;
};

Result<std::unique_ptr<VideoReader>> open_ffmpeg_video(std::unique_ptr<VideoBytes> bytes,
                                                       std::string name, const VideoLimits& limits);

}  // namespace gerbil::media
