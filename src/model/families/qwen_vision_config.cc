// Reading preprocessor_config.json and video_preprocessor_config.json of Qwen's vision models.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/quote.h"
#include "model/families/qwen_vision_processor.h"

namespace gerbil::model {
namespace {

constexpr int64_t kMaxArea = int64_t{1} << 31;

// Read below, or what does not change a pixel.
constexpr std::array<std::string_view, 44> kKnownKeys{"size",
                                                      "min_pixels",
                                                      "max_pixels",
                                                      "patch_size",
                                                      "temporal_patch_size",
                                                      "merge_size",
                                                      "image_mean",
                                                      "image_std",
                                                      "rescale_factor",
                                                      "resample",
                                                      "do_resize",
                                                      "do_rescale",
                                                      "do_normalize",
                                                      "do_convert_rgb",
                                                      "image_processor_type",
                                                      "video_processor_type",
                                                      "feature_extractor_type",
                                                      "processor_class",
                                                      "fps",
                                                      "min_frames",
                                                      "max_frames",
                                                      "do_sample_frames",
                                                      "cap_pixels_per_frame",
                                                      "max_video_tokens",
                                                      "return_metadata",
                                                      "return_tensors",
                                                      "data_format",
                                                      "input_data_format",
                                                      "device",
                                                      "disable_grouping",
                                                      "default_to_square",
                                                      "video_metadata",
                                                      "auto_map",
                                                      "_processor_class",
                                                      "image_seq_length",
                                                      "max_image_size",
                                                      "num_channels",
                                                      "video_backend",
                                                      "spatial_merge_size",
                                                      "backend",
                                                      "transformers_version",
                                                      "name_or_path",
                                                      "_name_or_path",
                                                      "max_duration"};

// Would change what comes out: allowed only where they say nothing.
constexpr std::array<std::string_view, 8> kNeutralKeys{
    "do_center_crop", "crop_size",  "do_pad",           "pad_size",
    "size_divisor",   "num_frames", "do_reduce_labels", "do_thumbnail"};

Status check_known(const json::Fields& fields, const LogSink& log) {
  for (const json::Member& member : fields.object().members()) {
    if (member.value.is_null() || std::ranges::count(kKnownKeys, member.key) > 0) continue;
    if (std::ranges::count(kNeutralKeys, member.key) > 0) {
      const bool* flag = member.value.boolean();
      if (flag == nullptr || *flag) {
        return fields.expected(member.key, "nothing: it is not understood",
                               ErrorCode::kUnsupported);
      }
    } else if (log) {
      log(fmt::format("{}: {} is not understood and left alone", fields.file(),
                      in_quotes(member.key)));
    }
  }
  return {};
}

Status expect_true(const json::Fields& fields, std::string_view key) {
  GERBIL_TRY(const bool value, fields.boolean_or(key, true));
  if (!value) return fields.expected(key, "true", ErrorCode::kUnsupported);
  return {};
}

Status expect_type(const json::Fields& fields, std::string_view key,
                   Span<const std::string_view> allowed) {
  GERBIL_TRY(const auto type, fields.optional_string(key));
  if (type && std::ranges::count(allowed, *type) == 0) {
    return fields.expected(key, fmt::format("\"{}\"", fmt::join(allowed, "\" or \"")),
                           ErrorCode::kUnsupported);
  }
  return {};
}

// `size` {shortest_edge, longest_edge}, both areas; older configs say min_pixels and max_pixels,
// and those win as they do in the reference.
Status read_budget(const json::Fields& fields, QwenProcessorConfig& config) {
  const json::IntegerRange range{1, kMaxArea};
  GERBIL_TRY(auto least, fields.optional_integer("min_pixels", range));
  GERBIL_TRY(auto most, fields.optional_integer("max_pixels", range));
  GERBIL_TRY(const auto size, fields.optional_object("size"));
  if (size) {
    for (const json::Member& member : size->object().members()) {
      if (member.value.is_null() || member.key == "shortest_edge" || member.key == "longest_edge") {
        continue;
      }
      return size->expected(member.key, "only shortest_edge and longest_edge",
                            ErrorCode::kUnsupported);
    }
    if (!least) {
      GERBIL_TRY(least, size->integer("shortest_edge", range));
    }
    if (!most) {
      GERBIL_TRY(most, size->integer("longest_edge", range));
    }
  }
  if (!least || !most) return fields.expected("size", "shortest_edge and longest_edge");
  if (*least > *most) {
    return invalid("{}: \"size\": expected shortest_edge <= longest_edge, found {} and {}",
                   fields.file(), *least, *most);
  }
  config.min_pixels = *least;
  config.max_pixels = *most;
  return {};
}

// (v * rescale_factor - mean) / std, as one step over v in 0..255. The reference fuses them so, in
// float32.
Status read_normalisation(const json::Fields& fields, QwenProcessorConfig& config) {
  GERBIL_TRY(const bool rescale, fields.boolean_or("do_rescale", true));
  GERBIL_TRY(const bool normalize, fields.boolean_or("do_normalize", true));
  GERBIL_TRY(const double factor, fields.number_or("rescale_factor", 1.0 / 255, {1e-9, 1e9}));
  const auto per_unit = static_cast<float>(rescale ? 1 / factor : 1);
  config.mean.assign(3, 0);
  config.scale.assign(3, per_unit);
  if (!normalize) return {};
  GERBIL_TRY(const auto mean, fields.numbers("image_mean", {-1e6, 1e6}, 3));
  GERBIL_TRY(const auto deviation, fields.numbers("image_std", {1e-6, 1e6}, 3));
  if (mean.size() != 3) return fields.expected("image_mean", "3 numbers");
  if (deviation.size() != 3) return fields.expected("image_std", "3 numbers");
  for (size_t c = 0; c < 3; ++c) {
    config.mean[c] = static_cast<float>(mean[c]) * per_unit;
    config.scale[c] = static_cast<float>(deviation[c]) * per_unit;
  }
  return {};
}

Status read_common(const json::Fields& fields, const LogSink& log, QwenProcessorConfig& config) {
  GERBIL_CHECK_OK(check_known(fields, log));
  config.file = fields.file();
  GERBIL_TRY(config.patch_size, fields.integer("patch_size", {1, 128}));
  GERBIL_TRY(config.temporal_patch_size, fields.integer("temporal_patch_size", {1, 16}));
  GERBIL_TRY(config.merge_size, fields.integer("merge_size", {1, 16}));
  GERBIL_TRY(config.resize, fields.boolean_or("do_resize", true));
  GERBIL_CHECK_OK(expect_true(fields, "do_convert_rgb"));
  GERBIL_TRY(const int64_t resample, fields.integer_or("resample", 3));
  if (resample != 3) return fields.expected("resample", "3 (bicubic)", ErrorCode::kUnsupported);
  GERBIL_CHECK_OK(read_budget(fields, config));
  return read_normalisation(fields, config);
}

Result<QwenVideoConfig> read_video(const json::Fields& fields, const LogSink& log) {
  constexpr std::array<std::string_view, 1> kTypes{"Qwen3VLVideoProcessor"};
  GERBIL_CHECK_OK(expect_type(fields, "video_processor_type", kTypes));
  QwenVideoConfig config;
  GERBIL_CHECK_OK(read_common(fields, log, config));
  GERBIL_TRY(config.sample_frames, fields.boolean_or("do_sample_frames", true));
  GERBIL_TRY(config.fps, fields.number_or("fps", 2, {1e-6, 1000}));
  GERBIL_TRY(config.min_frames, fields.integer_or("min_frames", 4, {1, kMaxSampledFrames}));
  GERBIL_TRY(config.max_frames, fields.integer_or("max_frames", 768, {1, kMaxSampledFrames}));
  GERBIL_TRY(config.cap_pixels_per_frame, fields.boolean_or("cap_pixels_per_frame", false));
  GERBIL_TRY(config.max_video_tokens,
             fields.integer_or("max_video_tokens", 768, {1, int64_t{1} << 20}));
  return config;
}

}  // namespace

Result<QwenVisionProcessor> QwenVisionProcessor::create(const json::Value& picture,
                                                        std::string_view picture_file,
                                                        const json::Value* video,
                                                        std::string_view video_file,
                                                        const LogSink& log) {
  constexpr std::array<std::string_view, 3> kTypes{
      "Qwen2VLImageProcessor", "Qwen2VLImageProcessorFast", "Qwen2VLImageProcessorPil"};
  GERBIL_TRY(const json::Fields fields, json::Fields::of(picture, picture_file));
  GERBIL_CHECK_OK(expect_type(fields, "image_processor_type", kTypes));
  QwenProcessorConfig picture_config;
  GERBIL_CHECK_OK(read_common(fields, log, picture_config));
  std::optional<QwenVideoConfig> video_config;
  if (video != nullptr) {
    GERBIL_TRY(const json::Fields video_fields, json::Fields::of(*video, video_file));
    GERBIL_TRY(video_config, read_video(video_fields, log));
  }
  return QwenVisionProcessor(std::move(picture_config), std::move(video_config));
}

}  // namespace gerbil::model
