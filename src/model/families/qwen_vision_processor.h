// Pictures and videos to the rows of patches that Qwen's vision encoders take (Qwen3-VL, Qwen3.5),
// by the checkpoint's own preprocessor_config.json and video_preprocessor_config.json.
//
// The same numbers as transformers' Qwen2VLImageProcessorPil and Qwen3VLVideoProcessor: sizes,
// frames and time stamps equal, pixels those of Pillow's bicubic resize. A processor is immutable:
// any thread. A VideoPatches belongs to one thread at a time and gives one temporal patch after the
// other, so that a video is never in memory as a whole. Errors name the config's file and field, or
// the picture.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "media/picture.h"
#include "media/resize.h"
#include "media/video.h"
#include "model/vision_input.h"

namespace gerbil::model {

inline constexpr int64_t kMaxSampledFrames = 1 << 16;

// What of a request goes before the checkpoint's config.
struct PictureRequest {
  std::optional<int64_t> max_tokens;  // of the picture
};
struct VideoRequest {
  std::optional<int64_t> max_tokens;  // of the whole video, time stamps aside
  std::optional<double> fps;          // frames sampled of a second
  std::optional<int64_t> max_frames;
};

// Known before a pixel is decoded.
struct PicturePlan {
  int64_t width = 0;
  int64_t height = 0;  // resized
  int64_t grid_t = 1;
  int64_t grid_h = 0;
  int64_t grid_w = 0;
  int64_t tokens = 0;  // grid_t * grid_h * grid_w / merge^2
};
struct VideoPlan : PicturePlan {
  std::vector<int64_t> frames;     // indices of the sampled frames
  std::vector<double> timestamps;  // [grid_t] seconds: the middle of each temporal patch
};

// The fields of a processor config that both kinds have.
struct QwenProcessorConfig {
  std::string file;
  int64_t patch_size = 0;
  int64_t temporal_patch_size = 0;
  int64_t merge_size = 0;
  int64_t min_pixels = 0;  // areas: of a picture, or of all frames of a video
  int64_t max_pixels = 0;
  bool resize = true;
  std::vector<float> mean, scale;  // [3]: (pixel in 0..255 - mean) / scale

  int64_t factor() const { return patch_size * merge_size; }
  int64_t row_width() const { return 3 * temporal_patch_size * patch_size * patch_size; }
};
struct QwenVideoConfig : QwenProcessorConfig {
  bool sample_frames = true;
  double fps = 2;
  int64_t min_frames = 4;
  int64_t max_frames = 768;
  bool cap_pixels_per_frame = false;
  int64_t max_video_tokens = 768;
};

class VideoPatches {
 public:
  const VideoPlan& plan() const { return plan_; }
  int64_t rows() const { return plan_.grid_h * plan_.grid_w; }  // of one temporal patch
  int64_t row_width() const { return config_.row_width(); }
  // Writes the next temporal patch into `rows` of [rows(), row_width()]; called plan().grid_t
  // times.
  Status next(Span<float> rows);
  // Of the frames read so far, those that another one stands in for (media/video.h).
  int64_t lost_frames() const { return reader_->lost_frames(); }

 private:
  friend class QwenVisionProcessor;
  VideoPatches(QwenVideoConfig config, VideoPlan plan, std::unique_ptr<media::VideoReader> reader);

  QwenVideoConfig config_;
  VideoPlan plan_;
  std::unique_ptr<media::VideoReader> reader_;
  media::Resizer resizer_;
  int64_t done_ = 0;  // temporal patches
};

class QwenVisionProcessor {
 public:
  // `picture` is the tree of preprocessor_config.json, `video` that of
  // video_preprocessor_config.json, or nullptr where the checkpoint has none: then videos are
  // refused. The names are for errors.
  static Result<QwenVisionProcessor> create(const json::Value& picture,
                                            std::string_view picture_file, const json::Value* video,
                                            std::string_view video_file, const LogSink& log = {});

  const QwenProcessorConfig& picture_config() const { return picture_; }
  const std::optional<QwenVideoConfig>& video_config() const { return video_; }
  // An error where the configs cut other patches than the encoder takes.
  Status check_encoder(int64_t patch_size, int64_t temporal_patch_size, int64_t merge_size) const;

  // What a picture of this size becomes. `name` is for errors.
  Result<PicturePlan> plan_picture(int64_t width, int64_t height, std::string_view name,
                                   const PictureRequest& request = {}) const;
  Result<VideoPlan> plan_video(const media::VideoInfo& info, std::string_view name,
                               const VideoRequest& request = {}) const;

  Result<VisionInput> picture(const media::Picture& picture, std::string_view name,
                              const PictureRequest& request = {}) const;
  Result<VideoPatches> video(std::unique_ptr<media::VideoReader> reader,
                             const VideoRequest& request = {}) const;
  // All temporal patches at once.
  Result<VisionInput> whole_video(std::unique_ptr<media::VideoReader> reader,
                                  const VideoRequest& request = {}) const;

 private:
  QwenVisionProcessor(QwenProcessorConfig picture, std::optional<QwenVideoConfig> video)
      : picture_(std::move(picture)), video_(std::move(video)) {}

  QwenProcessorConfig picture_;
  std::optional<QwenVideoConfig> video_;
};

}  // namespace gerbil::model
