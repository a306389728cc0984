// Video as a stream of frames: a container file, an animation, or a folder of numbered pictures.
//
// A VideoReader holds one decoded frame (and what its decoder needs for reference), never all: a
// long clip takes the memory of a short one. Frames are counted in display order from 0. A frame
// that cannot be decoded is given as the nearest good one before it (or the first good one), and
// counted: players do the same. A reader belongs to one thread at a time. Files and bytes are
// hostile: limits are checked before anything is allocated; an error is one line that starts with
// the name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/span.h"
#include "media/picture.h"

namespace gerbil::media {

struct VideoLimits {
  uint64_t max_bytes = uint64_t{16} << 30;   // of the file; of a folder: of each picture
  uint64_t max_pixels = uint64_t{40} << 20;  // of a frame
  int64_t max_frames = 4 << 20;              // of the whole clip
  double max_seconds = 24.0 * 3600;
  int decoder_threads = 4;  // at most; each holds a frame
};

struct VideoInfo {
  int64_t frames = 0;
  double fps = 0;  // frames over seconds, on average
  int64_t width = 0;
  int64_t height = 0;  // both as shown, after rotation
};

class VideoReader {
 public:
  virtual ~VideoReader() = default;

  virtual const VideoInfo& info() const = 0;
  virtual const std::string& name() const = 0;
  // Frame `index`, never less than the index of the call before. Valid until the next call.
  virtual Result<const Picture*> frame(int64_t index) = 0;
  // Of the frames asked for so far, those that another one stands in for.
  virtual int64_t lost_frames() const = 0;
};

// Whether this build has FFmpeg's libraries; without them only WebP and folders of frames are
// videos.
bool has_video_decoder();

// A file: mp4, mov, webm, mkv, gif, apng, webp.
Result<std::unique_ptr<VideoReader>> open_video(const std::string& path,
                                                const VideoLimits& limits = {});
// The same from memory, which must live as long as the reader. `name` is what errors call it.
Result<std::unique_ptr<VideoReader>> open_video(Bytes bytes, std::string name,
                                                const VideoLimits& limits = {});
// All pictures of a folder that have a number in their name, in the order of these numbers; `fps`
// says how many of them make a second. All have one size.
Result<std::unique_ptr<VideoReader>> open_frame_folder(const std::string& folder, double fps,
                                                       const VideoLimits& limits = {});

}  // namespace gerbil::media
