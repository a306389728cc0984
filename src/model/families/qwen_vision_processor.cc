#include "model/families/qwen_vision_processor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/checked_math.h"

namespace gerbil::model {
namespace {

constexpr int64_t kMaxArea = int64_t{1} << 31;  // of pixels, over all frames
constexpr double kMaxAspect = 200;

// Python's round(): halves go to the even neighbour, which is nearbyint in the default mode.
int64_t round_even(double x) { return static_cast<int64_t>(std::nearbyint(x)); }

struct Size {
  int64_t height = 0;
  int64_t width = 0;
};

// transformers' smart_resize, of Qwen2-VL for pictures (frames and temporal 1) and of Qwen3-VL for
// videos: both sides become multiples of `factor`, and frames * height * width comes to lie in
// [min_pixels, max_pixels] as far as that goes.
Result<Size> smart_resize(Size in, int64_t frames, int64_t temporal, int64_t factor,
                          int64_t min_pixels, int64_t max_pixels, std::string_view name) {
  auto h = static_cast<double>(in.height), w = static_cast<double>(in.width);
  const auto f = static_cast<double>(factor);
  if (temporal > 1 && (h < f || w < f)) {
    const double scale = std::max(f / h, f / w);
    h = std::trunc(h * scale);
    w = std::trunc(w * scale);
  }
  if (std::max(h, w) / std::min(h, w) > kMaxAspect) {
    return invalid("{}: {} x {} pixels: one side is more than {} times the other", name, in.width,
                   in.height, kMaxAspect);
  }
  const auto n = static_cast<double>(frames), t = static_cast<double>(temporal);
  Size out{round_even(h / f) * factor, round_even(w / f) * factor};
  const double volume = static_cast<double>(round_even(n / t) * temporal) *
                        static_cast<double>(out.height) * static_cast<double>(out.width);
  if (volume > static_cast<double>(max_pixels)) {
    const double beta = std::sqrt(n * h * w / static_cast<double>(max_pixels));
    out.height = std::max(factor, static_cast<int64_t>(std::floor(h / beta / f)) * factor);
    out.width = std::max(factor, static_cast<int64_t>(std::floor(w / beta / f)) * factor);
  } else if (volume < static_cast<double>(min_pixels)) {
    const double beta = std::sqrt(static_cast<double>(min_pixels) / (n * h * w));
    out.height = static_cast<int64_t>(std::ceil(h * beta / f)) * factor;
    out.width = static_cast<int64_t>(std::ceil(w * beta / f)) * factor;
  }
  return out;
}

// Sides after resizing, or as they are where the config says not to resize.
Result<Size> target_size(const QwenProcessorConfig& config, Size in, int64_t frames,
                         int64_t temporal, int64_t min_pixels, int64_t max_pixels,
                         std::string_view name) {
  if (in.width < 1 || in.height < 1) {
    return invalid("{}: {} x {} pixels: nothing to see", name, in.width, in.height);
  }
  if (config.resize) {
    return smart_resize(in, frames, temporal, config.factor(), min_pixels, max_pixels, name);
  }
  if (in.width % config.factor() != 0 || in.height % config.factor() != 0) {
    return invalid(
        "{}: {} x {} pixels: {} says not to resize, so both sides must be multiples of {}", name,
        in.width, in.height, config.file, config.factor());
  }
  return in;
}

Result<int64_t> token_budget(std::optional<int64_t> max_tokens, int64_t pixels_of_token,
                             int64_t max_pixels, std::string_view name) {
  if (!max_tokens) return max_pixels;
  if (*max_tokens < 1 || *max_tokens > kMaxArea / pixels_of_token) {
    return invalid("{}: a budget of {} tokens: expected 1 to {}", name, *max_tokens,
                   kMaxArea / pixels_of_token);
  }
  return *max_tokens * pixels_of_token;
}

void fill_grid(const QwenProcessorConfig& config, Size size, int64_t temporal_patches,
               PicturePlan& plan) {
  plan.height = size.height;
  plan.width = size.width;
  plan.grid_t = temporal_patches;
  plan.grid_h = size.height / config.patch_size;
  plan.grid_w = size.width / config.patch_size;
  plan.tokens = temporal_patches * (size.height / config.factor()) * (size.width / config.factor());
}

// numpy's linspace(0, total - 1, count), rounded half to even.
std::vector<int64_t> spread(int64_t total, int64_t count) {
  std::vector<int64_t> indices(static_cast<size_t>(count));
  if (count == 1) return indices;
  const double step = static_cast<double>(total - 1) / static_cast<double>(count - 1);
  for (int64_t i = 0; i < count; ++i) {
    indices[static_cast<size_t>(i)] = round_even(static_cast<double>(i) * step);
  }
  indices.back() = total - 1;
  return indices;
}

// What every 8-bit value becomes, of each channel.
class PixelTable {
 public:
  explicit PixelTable(const QwenProcessorConfig& config) {
    for (size_t c = 0; c < 3; ++c) {
      for (size_t v = 0; v < 256; ++v) {
        values_[c][v] = (static_cast<float>(v) - config.mean[c]) / config.scale[c];
      }
    }
  }
  const float* channel(size_t c) const { return values_[c].data(); }

 private:
  std::array<std::array<float, 256>, 3> values_{};
};

// One plane (frame) `t` of a temporal patch: `picture` cut into patches, in merge-block order. The
// other planes' places are left alone.
void write_plane(const QwenProcessorConfig& config, const PixelTable& table,
                 const media::Picture& picture, int64_t t, Span<float> rows) {
  const int64_t patch = config.patch_size, merge = config.merge_size, factor = config.factor();
  const int64_t plane = patch * patch, channel = config.temporal_patch_size * plane;
  const int64_t blocks_x = picture.width / factor;
  for (int64_t y = 0; y < picture.height; ++y) {
    const int64_t block_y = y / factor, inner_y = y % factor / patch, patch_y = y % patch;
    const uint8_t* pixel = picture.rgb.data() + y * picture.width * 3;
    for (int64_t column = 0; column < picture.width / patch; ++column) {
      const int64_t block = block_y * blocks_x + column / merge;
      const int64_t row = (block * merge + inner_y) * merge + column % merge;
      float* out = rows.data() + row * config.row_width() + t * plane + patch_y * patch;
      for (int64_t x = 0; x < patch; ++x, pixel += 3) {
        out[x] = table.channel(0)[pixel[0]];
        out[x + channel] = table.channel(1)[pixel[1]];
        out[x + 2 * channel] = table.channel(2)[pixel[2]];
      }
    }
  }
}

// Plane 0 into the planes [1, planes).
void repeat_plane(const QwenProcessorConfig& config, int64_t from, Span<float> rows) {
  const int64_t plane = config.patch_size * config.patch_size;
  const int64_t channel = config.temporal_patch_size * plane;
  const auto cells = static_cast<int64_t>(rows.size()) / channel;  // rows * channels
  for (int64_t i = 0; i < cells; ++i) {
    float* first = rows.data() + i * channel;
    const float* source = first + (from - 1) * plane;
    for (int64_t t = from; t < config.temporal_patch_size; ++t) {
      std::copy_n(source, plane, first + t * plane);
    }
  }
}

Result<std::vector<float>> allocate_rows(int64_t rows, int64_t width, std::string_view name) {
  const auto count = checked_mul(static_cast<uint64_t>(rows), static_cast<uint64_t>(width));
  if (!count || *count > (uint64_t{1} << 33)) {
    return fail(ErrorCode::kOutOfMemory, "{}: {} patches are more than fit into memory", name,
                rows);
  }
  return std::vector<float>(*count);
}

}  // namespace

Status QwenVisionProcessor::check_encoder(int64_t patch_size, int64_t temporal_patch_size,
                                          int64_t merge_size) const {
  const auto check = [&](const QwenProcessorConfig& config) -> Status {
    const std::array<std::pair<std::string_view, std::pair<int64_t, int64_t>>, 3> pairs{
        {{"patch_size", {config.patch_size, patch_size}},
         {"temporal_patch_size", {config.temporal_patch_size, temporal_patch_size}},
         {"merge_size", {config.merge_size, merge_size}}}};
    for (const auto& [key, values] : pairs) {
      if (values.first == values.second) continue;
      return invalid("{}: \"{}\": expected {}, which the vision encoder takes, found {}",
                     config.file, key, values.second, values.first);
    }
    return {};
  };
  GERBIL_CHECK_OK(check(picture_));
  if (video_) GERBIL_CHECK_OK(check(*video_));
  return {};
}

Result<PicturePlan> QwenVisionProcessor::plan_picture(int64_t width, int64_t height,
                                                      std::string_view name,
                                                      const PictureRequest& request) const {
  const int64_t token = picture_.factor() * picture_.factor();
  GERBIL_TRY(const int64_t max_pixels,
             token_budget(request.max_tokens, token, picture_.max_pixels, name));
  GERBIL_TRY(const Size size,
             target_size(picture_, {height, width}, 1, 1, std::min(picture_.min_pixels, max_pixels),
                         max_pixels, name));
  PicturePlan plan;
  fill_grid(picture_, size, 1, plan);
  return plan;
}

Result<VideoPlan> QwenVisionProcessor::plan_video(const media::VideoInfo& info,
                                                  std::string_view name,
                                                  const VideoRequest& request) const {
  if (!video_) {
    return unsupported("{}: the checkpoint has no video_preprocessor_config.json: no videos", name);
  }
  const QwenVideoConfig& config = *video_;
  const int64_t temporal = config.temporal_patch_size;
  if (info.frames < 1) return invalid("{}: a video without frames", name);
  const double source_fps = info.fps > 0 ? info.fps : 24;
  const double fps = request.fps.value_or(config.fps);
  if (!(fps > 0 && fps <= 1000)) {
    return invalid("{}: {} frames per second: expected more than 0, at most 1000", name, fps);
  }
  const int64_t max_frames = request.max_frames.value_or(config.max_frames);
  if (max_frames < 1 || max_frames > kMaxSampledFrames) {
    return invalid("{}: at most {} frames: expected 1 to {}", name, max_frames, kMaxSampledFrames);
  }
  VideoPlan plan;
  int64_t count = info.frames;
  if (config.sample_frames) {
    const double wanted = static_cast<double>(info.frames) / source_fps * fps;
    count = static_cast<int64_t>(std::min(wanted, static_cast<double>(kMaxSampledFrames)));
    count = std::min({std::max(count, config.min_frames), max_frames, info.frames});
  } else if (count > max_frames) {
    return invalid("{}: {} frames, and {} says to take them all: at most {}", name, count,
                   config.file, max_frames);
  }
  plan.frames = spread(info.frames, count);

  // Time stamps: the middle of each temporal patch; the last frame stands in where one is missing.
  const int64_t groups = (count + temporal - 1) / temporal;
  for (int64_t group = 0; group < groups; ++group) {
    const auto at = [&](int64_t i) {
      const int64_t index = std::min(group * temporal + i, count - 1);
      return static_cast<double>(plan.frames[static_cast<size_t>(index)]) / source_fps;
    };
    plan.timestamps.push_back((at(0) + at(temporal - 1)) / 2);
  }

  const int64_t token = config.factor() * config.factor();
  GERBIL_TRY(int64_t max_pixels,
             token_budget(request.max_tokens, token * temporal, config.max_pixels, name));
  const int64_t min_pixels = std::min(config.min_pixels, max_pixels);
  const int64_t volume_frames = std::max(count, temporal);  // fewer are repeated
  if (config.cap_pixels_per_frame) {
    const int64_t share = std::min(config.max_video_tokens * token, max_pixels / volume_frames);
    const auto least = static_cast<int64_t>(static_cast<double>(min_pixels) * 1.05);
    max_pixels = std::max(share, least) * volume_frames;
  }
  GERBIL_TRY(const Size size, target_size(config, {info.height, info.width}, volume_frames,
                                          temporal, min_pixels, max_pixels, name));
  fill_grid(config, size, groups, plan);
  return plan;
}

Result<VisionInput> QwenVisionProcessor::picture(const media::Picture& picture,
                                                 std::string_view name,
                                                 const PictureRequest& request) const {
  GERBIL_TRY(const PicturePlan plan, plan_picture(picture.width, picture.height, name, request));
  VisionInput input{.grid_t = plan.grid_t, .grid_h = plan.grid_h, .grid_w = plan.grid_w};
  GERBIL_TRY(input.patches, allocate_rows(input.patch_rows(), picture_.row_width(), name));
  media::Resizer resizer(picture.width, picture.height, plan.width, plan.height);
  write_plane(picture_, PixelTable(picture_), resizer.resize(picture), 0, input.patches);
  repeat_plane(picture_, 1, input.patches);
  return input;
}

VideoPatches::VideoPatches(QwenVideoConfig config, VideoPlan plan,
                           std::unique_ptr<media::VideoReader> reader)
    : config_(std::move(config)),
      plan_(std::move(plan)),
      reader_(std::move(reader)),
      resizer_(reader_->info().width, reader_->info().height, plan_.width, plan_.height) {}

Status VideoPatches::next(Span<float> rows) {
  GERBIL_ASSERT(done_ < plan_.grid_t);
  GERBIL_ASSERT(static_cast<int64_t>(rows.size()) == this->rows() * row_width());
  const PixelTable table(config_);
  const auto count = static_cast<int64_t>(plan_.frames.size());
  const int64_t first = done_ * config_.temporal_patch_size;
  const int64_t planes = std::min(config_.temporal_patch_size, count - first);
  for (int64_t t = 0; t < planes; ++t) {
    GERBIL_TRY(const media::Picture* frame,
               reader_->frame(plan_.frames[static_cast<size_t>(first + t)]));
    write_plane(config_, table, resizer_.resize(*frame), t, rows);
  }
  if (planes < config_.temporal_patch_size) repeat_plane(config_, planes, rows);
  ++done_;
  return {};
}

Result<VideoPatches> QwenVisionProcessor::video(std::unique_ptr<media::VideoReader> reader,
                                                const VideoRequest& request) const {
  GERBIL_TRY(VideoPlan plan, plan_video(reader->info(), reader->name(), request));
  return VideoPatches(*video_, std::move(plan), std::move(reader));
}

Result<VisionInput> QwenVisionProcessor::whole_video(std::unique_ptr<media::VideoReader> reader,
                                                     const VideoRequest& request) const {
  const std::string name = reader->name();
  GERBIL_TRY(VideoPatches patches, video(std::move(reader), request));
  const VideoPlan& plan = patches.plan();
  VisionInput input{.grid_t = plan.grid_t,
                    .grid_h = plan.grid_h,
                    .grid_w = plan.grid_w,
                    .timestamps = plan.timestamps};
  GERBIL_TRY(input.patches, allocate_rows(input.patch_rows(), patches.row_width(), name));
  const auto piece = static_cast<size_t>(patches.rows() * patches.row_width());
  for (size_t t = 0; t < static_cast<size_t>(plan.grid_t); ++t) {
    GERBIL_CHECK_OK(patches.next(Span<float>(input.patches).subspan(t * piece, piece)));
  }
  return input;
}

}  // namespace gerbil::model
