#include "media/video_webp.h"

#include <webp/demux.h>

#include <cstring>
#include <utility>

#include "base/check.h"
#include "media/webp.h"

namespace gerbil::media {
namespace {

// Of all frames together, as long as each is shown; 0: the file does not say.
double seconds_of(const WebPDemuxer* demuxer) {
  double milliseconds = 0;
  WebPIterator frame;
  if (WebPDemuxGetFrame(demuxer, 1, &frame) == 0) return 0;
  do milliseconds += frame.duration;
  while (WebPDemuxNextFrame(&frame) != 0);
  WebPDemuxReleaseIterator(&frame);
  return milliseconds / 1000;
}

// A frame builds on the ones before it, so all up to the wanted one are decoded.
class WebPVideo final : public VideoReader {
 public:
  WebPVideo(std::optional<platform::MappedFile> file, std::string name)
      : file_(std::move(file)), name_(std::move(name)) {}

  const VideoInfo& info() const override { return info_; }
  const std::string& name() const override { return name_; }
  int64_t lost_frames() const override { return lost_; }

  Result<const Picture*> frame(int64_t index) override {
    GERBIL_ASSERT(index >= std::max<int64_t>(index_, 0) && index < info_.frames);
    if (index == index_) return &picture_;
    while (!broken_ && decoded_ <= index) {
      const uint8_t* rgba = webp_.next();
      broken_ = rgba == nullptr;  // the decoder goes no further
      if (broken_) break;
      copy_rgb(rgba, good_);  // the next one may be broken
      ++decoded_;
    }
    if (decoded_ == 0) return corrupt("{}: no frame of it can be decoded", name_);
    if (decoded_ <= index) ++lost_;
    picture_ = oriented(good_, webp_.orientation);
    index_ = index;
    return &picture_;
  }

  Status start(Bytes bytes, const VideoLimits& limits) {
    const PictureLimits picture_limits{.max_pixels = limits.max_pixels};
    auto webp = open_webp(bytes, picture_limits);
    if (!webp) return with_context(std::move(webp).error(), name_);
    webp_ = *std::move(webp);
    info_.frames = webp_.frames;
    if (info_.frames < 1) return invalid("{}: a video without frames", name_);
    if (info_.frames > limits.max_frames)
      return invalid("{}: more than {} frames", name_, limits.max_frames);
    const double seconds = seconds_of(webp_.demuxer.get());
    if (seconds > limits.max_seconds)
      return invalid("{}: {:.0f} seconds: at most {:.0f} are read", name_, seconds,
                     limits.max_seconds);
    if (seconds > 0) info_.fps = static_cast<double>(info_.frames) / seconds;
    GERBIL_TRY(good_, make_picture(webp_.width, webp_.height, picture_limits));
    const bool turned = webp_.orientation >= 5;
    info_.width = static_cast<int64_t>(turned ? webp_.height : webp_.width);
    info_.height = static_cast<int64_t>(turned ? webp_.width : webp_.height);
    return {};
  }

 private:
  std::optional<platform::MappedFile> file_;
  std::string name_;
  WebP webp_;
  VideoInfo info_;
  int64_t decoded_ = 0;  // frames
  bool broken_ = false;
  Picture good_;        // the last of them, as stored
  Picture picture_;     // upright
  int64_t index_ = -1;  // of picture_
  int64_t lost_ = 0;
};

}  // namespace

bool is_webp(Bytes bytes) {
  return bytes.size() >= 12 && std::memcmp(bytes.data(), "RIFF", 4) == 0 &&
         std::memcmp(bytes.data() + 8, "WEBP", 4) == 0;
}

Result<std::unique_ptr<VideoReader>> open_webp_video(std::optional<platform::MappedFile> file,
                                                     Bytes bytes, std::string name,
                                                     const VideoLimits& limits) {
  auto reader = std::make_unique<WebPVideo>(std::move(file), std::move(name));
  GERBIL_CHECK_OK(reader->start(bytes, limits));
  return reader;
}

}  // namespace gerbil::media
