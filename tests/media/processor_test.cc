// Sizes, frames, time stamps and pixels of Qwen's processors against transformers 5.17: pictures
// identical to its Pillow processor, videos (it has only a torchvision one) within what
// torchvision's resize differs from Pillow's. tests/data/media/processors is a part of a larger
// set, which is read too where GERBIL_FIXTURES names its folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>

#include "base/json.h"
#include "model/families/qwen_vision_processor.h"
#include "support/data.h"

namespace gerbil::model {
namespace {

using gerbil::testing::StoredTensors;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

fs::path committed() { return gerbil::testing::data_folder() / "media/processors"; }

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

json::Value parse(std::string_view text) {
  auto value = json::parse(text, "test.json");
  EXPECT_TRUE(value);
  return value ? *std::move(value) : json::Value();
}

const json::Value& at(const json::Value& value, std::string_view key) {
  const json::Value* found = value.object()->find(key);
  EXPECT_NE(found, nullptr) << key;
  return *found;
}

std::vector<double> numbers(const json::Value& value) {
  std::vector<double> result;
  for (const json::Value& item : *value.array()) result.push_back(*item.number());
  return result;
}

std::vector<int64_t> integers(const json::Value& value) {
  std::vector<int64_t> result;
  for (const json::Value& item : *value.array()) result.push_back(*item.integer());
  return result;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const size_t place = text.find(what);
  EXPECT_NE(place, std::string::npos) << what;
  return text.replace(place, what.size(), by);
}

std::string picture_config(int64_t least = 65536, int64_t most = 16777216) {
  std::string text = read(committed() / "qwen_preprocessor_config.json");
  text = replaced(text, "65536", std::to_string(least));
  return replaced(text, "16777216", std::to_string(most));
}

std::string video_config() { return read(committed() / "qwen_video_preprocessor_config.json"); }

Result<QwenVisionProcessor> create(const std::string& picture, const std::string& video = "") {
  const json::Value picture_value = parse(picture);
  const json::Value video_value = video.empty() ? json::Value() : parse(video);
  return QwenVisionProcessor::create(picture_value, "preprocessor_config.json",
                                     video.empty() ? nullptr : &video_value,
                                     "video_preprocessor_config.json");
}

QwenVisionProcessor processor(int64_t least = 65536, int64_t most = 16777216) {
  auto made = create(picture_config(least, most), video_config());
  if (!made) throw std::runtime_error(made.error().message);
  return *std::move(made);
}

std::string error_of(const std::string& picture, const std::string& video = "") {
  const auto made = create(picture, video);
  return made ? "" : made.error().message;
}

// The 8-bit value that a normalised one was.
int to_byte(float value) { return static_cast<int>(std::lround(value * 127.5f + 127.5f)); }

// Row r of `input` (both temporal planes alike) against row `row` of [patches, 3, 16, 16].
bool same_row(const VisionInput& input, size_t r, const std::string& bytes, size_t row) {
  for (size_t c = 0; c < 3; ++c) {
    for (size_t t = 0; t < 2; ++t) {
      for (size_t i = 0; i < 256; ++i) {
        const int found = to_byte(input.patches[r * 1536 + (c * 2 + t) * 256 + i]);
        if (found != static_cast<uint8_t>(bytes[(row * 3 + c) * 256 + i])) return false;
      }
    }
  }
  return true;
}

void check_picture(const fs::path& folder, const StoredTensors& tensors, const json::Value& image,
                   size_t number, const std::string& setting) {
  const std::string file = *at(image, "file").string();
  SCOPED_TRACE(file + " " + setting);
  const QwenVisionProcessor made = setting == "qwen_real" ? processor() : processor(4096, 65536);
  const auto picture = media::open_picture((folder / file).string());
  ASSERT_TRUE(picture) << picture.error().message;
  const auto input = made.picture(*picture, file);
  ASSERT_TRUE(input) << input.error().message;
  const json::Value& expected = at(image, setting);
  EXPECT_EQ((std::vector{input->grid_t, input->grid_h, input->grid_w}),
            integers(at(expected, "grid_thw_pil")));
  EXPECT_TRUE(input->timestamps.empty());
  ASSERT_EQ(input->patches.size(), static_cast<size_t>(input->patch_rows()) * 1536);
  const int64_t sum =
      std::accumulate(input->patches.begin(), input->patches.end(), int64_t{0},
                      [](int64_t total, float value) { return total + to_byte(value); });
  EXPECT_EQ(sum, 2 * *at(expected, "sum_pil").integer());

  const std::string prefix = "img" + std::to_string(number) + "." + setting + ".";
  if (const auto whole = tensors.find(prefix + "pil"); whole != tensors.end()) {
    for (size_t r = 0; r < whole->second.shape[0]; ++r) {
      EXPECT_TRUE(same_row(*input, r, whole->second.bytes, r)) << "row " << r;
    }
  }
  if (const auto rows = tensors.find(prefix + "pil_rows"); rows != tensors.end()) {
    const auto index = gerbil::testing::to_ints(tensors.at(prefix + "rows_index"));
    for (size_t i = 0; i < index.size(); ++i) {
      EXPECT_TRUE(same_row(*input, static_cast<size_t>(index[i]), rows->second.bytes, i))
          << "row " << index[i];
    }
  }
}

void check_folder(const fs::path& folder) {
  const json::Value refs = parse(read(folder / "refs.json"));
  const StoredTensors tensors = gerbil::testing::read_safetensors(folder / "refs.safetensors");
  size_t number = 0;
  for (const json::Value& image : *at(refs, "images").array()) {
    check_picture(folder, tensors, image, number, "qwen_real");
    check_picture(folder, tensors, image, number, "qwen_small");
    ++number;
  }
}

TEST(QwenVisionProcessor, PicturesAreThoseOfThePillowProcessor) { check_folder(committed()); }

TEST(QwenVisionProcessor, PicturesOfTheWholeSetAreThoseOfThePillowProcessor) {
  const char* fixtures = std::getenv("GERBIL_FIXTURES");
  const fs::path folder = fs::path(fixtures == nullptr ? "" : fixtures) / "processors";
  if (fixtures == nullptr || !fs::exists(folder / "refs.json")) {
    GTEST_SKIP() << "GERBIL_FIXTURES names no folder that holds processors/refs.json";
  }
  check_folder(folder);
}

TEST(QwenVisionProcessor, NormalisedPixelsAreTheReferencesBitForBit) {
  const StoredTensors tensors = gerbil::testing::read_safetensors(committed() / "refs.safetensors");
  const auto expected = gerbil::testing::to_floats(tensors.at("img0.qwen_small.pixel_values_f32"));
  const auto picture = media::open_picture((committed() / "images/img0_30x20_RGB.png").string());
  ASSERT_TRUE(picture);
  const auto input = processor(4096, 65536).picture(*picture, "x");
  ASSERT_TRUE(input);
  size_t same = 0;
  // The reference went through torchvision's resize, which rounds some pixels otherwise.
  for (size_t i = 0; i < expected.size(); ++i) {
    if (to_byte(input->patches[i]) != to_byte(expected[i])) continue;
    EXPECT_EQ(input->patches[i], expected[i]) << i;
    ++same;
  }
  EXPECT_GT(same, expected.size() * 99 / 100);
}

TEST(QwenVisionProcessor, SizesAreTheReferences) {
  const json::Value refs = parse(read(committed() / "refs.json"));
  const QwenVisionProcessor real = processor(), small = processor(4096, 65536);
  int refused = 0, checked = 0;
  for (const json::Value& row : *at(refs, "target_sizes_hw").array()) {
    const int64_t h = *at(row, "h").integer(), w = *at(row, "w").integer();
    SCOPED_TRACE(std::to_string(h) + " x " + std::to_string(w));
    const auto check = [&](std::string_view key, const auto& plan) {
      if (at(row, key).string() != nullptr) {  // the reference's error
        EXPECT_FALSE(plan) << key;
        ++refused;
      } else if (!plan) {
        ADD_FAILURE() << key << ": " << plan.error().message;
      } else {
        EXPECT_EQ((std::vector{plan->height, plan->width}), integers(at(row, key))) << key;
        ++checked;
      }
    };
    check("qwen_65536_16777216", real.plan_picture(w, h, "x"));
    check("qwen_4096_65536", small.plan_picture(w, h, "x"));
    for (const int64_t frames : {2, 5, 16}) {
      const media::VideoInfo info{.frames = frames, .fps = 2, .width = w, .height = h};
      const auto plan = real.plan_video(info, "x", {.fps = 1000});
      if (plan) {
        EXPECT_EQ(static_cast<int64_t>(plan->frames.size()), frames);
      }
      check("qwen_video_" + std::to_string(frames), plan);
    }
  }
  EXPECT_GT(checked, 500);
  EXPECT_EQ(refused + checked, 600);
}

TEST(QwenVisionProcessor, FramesAndTimeStampsAreTheReferences) {
  const json::Value refs = parse(read(committed() / "refs.json"));
  const QwenVisionProcessor made = processor();
  for (const json::Value& row : *at(refs, "video_sampling").array()) {
    const media::VideoInfo info{.frames = *at(row, "total_frames").integer(),
                                .fps = *at(row, "fps").number(),
                                .width = 64,
                                .height = 64};
    SCOPED_TRACE(info.frames);
    const auto plan = made.plan_video(info, "x");
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->frames, integers(at(row, "qwen_fps2_indices")));
    EXPECT_EQ(plan->timestamps, numbers(at(row, "qwen_timestamps")));
    EXPECT_EQ(plan->grid_t, static_cast<int64_t>(plan->timestamps.size()));
    const auto slow = made.plan_video(info, "x", {.fps = 1});
    ASSERT_TRUE(slow);
    EXPECT_EQ(slow->frames, integers(at(row, "qwen_fps1_indices")));
  }
}

// Five frames, all taken; the last stands in for the sixth.
class FiveFrames : public ::testing::Test {
 protected:
  static std::unique_ptr<media::VideoReader> reader() {
    const fs::path folder =
        fs::path(::testing::TempDir()) / ("gerbil_five_frames_" + std::to_string(::getpid()));
    fs::create_directories(folder);
    for (const char* i : {"0", "1", "2", "3", "4"}) {
      const std::string name = std::string("video_frame") + i + ".png";
      fs::copy_file(committed() / "images" / name, folder / name,
                    fs::copy_options::overwrite_existing);
    }
    auto made = media::open_frame_folder(folder.string(), 2);
    EXPECT_TRUE(made);
    return *std::move(made);
  }
};

TEST_F(FiveFrames, AreWithinTorchvisionsRoundingOfTheReference) {
  const auto made = create(picture_config(), replaced(video_config(), "\"do_sample_frames\": true",
                                                      "\"do_sample_frames\": false"));
  ASSERT_TRUE(made);
  const auto input = made->whole_video(reader());
  ASSERT_TRUE(input) << input.error().message;
  const json::Value refs = parse(read(committed() / "refs.json"));
  EXPECT_EQ((std::vector{input->grid_t, input->grid_h, input->grid_w}),
            integers(at(at(refs, "video_qwen"), "grid_thw")));
  EXPECT_EQ(input->timestamps, (std::vector<double>{0.25, 1.25, 2.0}));
  EXPECT_TRUE(input->is_video());
  const StoredTensors tensors = gerbil::testing::read_safetensors(committed() / "refs.safetensors");
  const std::string& bytes = tensors.at("video.qwen.pixel_values_videos_u8").bytes;
  ASSERT_EQ(input->patches.size(), bytes.size());
  int64_t total = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int off = std::abs(to_byte(input->patches[i]) - static_cast<uint8_t>(bytes[i]));
    ASSERT_LE(off, 2) << i;
    total += off;
  }
  EXPECT_LT(static_cast<double>(total) / static_cast<double>(bytes.size()), 0.01);
}

TEST_F(FiveFrames, ComeOneTemporalPatchAtATime) {
  const QwenVisionProcessor made = processor();
  const VideoRequest request{.fps = 2, .max_frames = 4};
  const auto whole = made.whole_video(reader(), request);
  auto patches = made.video(reader(), request);
  ASSERT_TRUE(whole && patches);
  EXPECT_EQ(patches->plan().frames, (std::vector<int64_t>{0, 1, 3, 4}));
  std::vector<float> rows(static_cast<size_t>(patches->rows() * patches->row_width()));
  for (int64_t t = 0; t < patches->plan().grid_t; ++t) {
    ASSERT_TRUE(patches->next(rows));
    const auto begin = whole->patches.begin() + t * static_cast<int64_t>(rows.size());
    EXPECT_TRUE(std::equal(rows.begin(), rows.end(), begin));
  }
}

TEST(QwenVisionProcessor, ARequestsBudgetGoesBeforeTheConfigs) {
  const QwenVisionProcessor made = processor();
  const auto tokens = [&](std::optional<int64_t> budget) {
    return made.plan_picture(1500, 700, "x", {.max_tokens = budget})->tokens;
  };
  EXPECT_EQ(tokens(std::nullopt), 47 * 22);
  EXPECT_EQ(tokens(256), 23 * 10);
  EXPECT_EQ(tokens(16), 5 * 2);
  EXPECT_THAT(made.plan_picture(10, 10, "x", {.max_tokens = 0}).error().message,
              HasSubstr("a budget of 0 tokens"));
  const media::VideoInfo info{.frames = 100, .fps = 10, .width = 640, .height = 480};
  const auto plan = made.plan_video(info, "x", {.max_tokens = 500, .max_frames = 10});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->frames.size(), 10u);
  EXPECT_LE(plan->tokens, 500);
  EXPECT_GE(plan->tokens, 300);
  EXPECT_THAT(made.plan_video(info, "x", {.fps = 0.0}).error().message,
              HasSubstr("frames per second"));
  EXPECT_THAT(made.plan_video(info, "x", {.max_frames = 0}).error().message,
              HasSubstr("at most 0 frames"));
}

TEST(QwenVisionProcessor, PixelsOfAFrameAreCappedWhereTheConfigSaysSo) {
  const media::VideoInfo info{.frames = 4, .fps = 2, .width = 1920, .height = 1080};
  const auto capped =
      create(picture_config(), replaced(video_config(), "\"cap_pixels_per_frame\": false",
                                        "\"cap_pixels_per_frame\": true"));
  ASSERT_TRUE(capped);
  EXPECT_EQ(processor().plan_video(info, "x")->tokens, 2 * 60 * 34);
  EXPECT_EQ(capped->plan_video(info, "x")->tokens, 2 * 36 * 20);  // 768 of a frame at most
}

TEST(QwenVisionProcessor, OneSideMayNotBe200TimesTheOther) {
  const QwenVisionProcessor made = processor();
  EXPECT_TRUE(made.plan_picture(20, 4000, "x"));
  EXPECT_EQ(made.plan_picture(1, 4000, "long.png").error().message,
            "long.png: 1 x 4000 pixels: one side is more than 200 times the other");
  EXPECT_FALSE(made.plan_video({.frames = 4, .fps = 2, .width = 13000, .height = 33}, "x"));
}

TEST(QwenVisionProcessor, ConfigsThatAreNotUnderstoodAreRefused) {
  const std::string good = picture_config(), video = video_config();
  EXPECT_EQ(error_of(good, video), "");
  const auto bad = [&](std::string_view what, std::string_view by) {
    return error_of(replaced(good, what, by));
  };
  EXPECT_THAT(bad("Qwen2VLImageProcessor", "Gemma4ImageProcessor"),
              HasSubstr("preprocessor_config.json: \"image_processor_type\": expected"));
  EXPECT_THAT(bad("\"resample\": 3", "\"resample\": 2"),
              HasSubstr("\"resample\": expected 3 (bicubic)"));
  EXPECT_THAT(bad("\"do_convert_rgb\": true", "\"do_convert_rgb\": false"),
              HasSubstr("do_convert_rgb"));
  EXPECT_THAT(bad("\"patch_size\": 16", "\"patch_size\": 0"), HasSubstr("patch_size"));
  EXPECT_THAT(bad("\"patch_size\"", "\"patch_sizes\""), HasSubstr("patch_size"));
  EXPECT_THAT(bad("longest_edge", "height"), HasSubstr("size.height"));
  EXPECT_THAT(bad("16777216", "1"), HasSubstr("shortest_edge <= longest_edge"));
  EXPECT_THAT(bad("\"merge_size\": 2", "\"merge_size\": 2, \"do_center_crop\": true"),
              HasSubstr("do_center_crop"));
  EXPECT_THAT(bad("image_std", "image_dev"), HasSubstr("image_std"));
  EXPECT_THAT(error_of(good, replaced(video, "Qwen3VL", "Qwen2VL")),
              HasSubstr("video_preprocessor_config.json: \"video_processor_type\""));
  EXPECT_THAT(error_of(good, replaced(video, "\"min_frames\": 4", "\"min_frames\": -4")),
              HasSubstr("min_frames"));
  EXPECT_THAT(error_of(good, replaced(video, "\"fps\": 2", "\"fps\": 2, \"num_frames\": 8")),
              HasSubstr("num_frames"));
}

TEST(QwenVisionProcessor, WithoutAVideoConfigVideosAreRefused) {
  const auto made = create(picture_config());
  ASSERT_TRUE(made);
  EXPECT_EQ(
      made->plan_video({.frames = 4, .fps = 2, .width = 64, .height = 64}, "a.mp4").error().message,
      "a.mp4: the checkpoint has no video_preprocessor_config.json: no videos");
}

TEST(QwenVisionProcessor, TheEncodersPatchesMustBeTheConfigs) {
  const QwenVisionProcessor made = processor();
  EXPECT_TRUE(made.check_encoder(16, 2, 2));
  EXPECT_EQ(made.check_encoder(14, 2, 2).error().message,
            "preprocessor_config.json: \"patch_size\": expected 14, which the vision encoder "
            "takes, found 16");
}

}  // namespace
}  // namespace gerbil::model
