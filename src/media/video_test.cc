#include "media/video.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace gerbil::media {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kFrames =
    12;  // frame i is grey of 20 * i with a red corner (tools/make_media_data.py)

std::filesystem::path data_folder() {
  return std::filesystem::path(GERBIL_SOURCE_DIR) / "tests/data/media";
}

std::string clip(std::string_view name) { return (data_folder() / "videos" / name).string(); }

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

Bytes bytes_of(std::string_view text) {
  return std::as_bytes(Span<const char>(text.data(), text.size()));
}

int pixel(const Picture& picture, int64_t x, int64_t y, int64_t channel) {
  return picture.rgb[static_cast<size_t>((y * picture.width + x) * 3 + channel)];
}

void expect_frame(const Picture& picture, int64_t index) {
  for (int64_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(pixel(picture, picture.width / 2, picture.height - 2, c), 20 * index, 6)
        << "frame " << index;
  }
}

std::string error_of(const Result<std::unique_ptr<VideoReader>>& reader) {
  return reader ? "" : reader.error().message;
}

std::filesystem::path temporary_folder(const std::string& name) {
  const auto folder = std::filesystem::path(::testing::TempDir()) /
                      ("gerbil_video_" + name + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

class VideoFile : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_video_decoder()) GTEST_SKIP() << "a build without FFmpeg";
  }
};

TEST_F(VideoFile, EveryContainerGivesItsFramesInOrder) {
  for (const char* name : {"h264.mp4", "h264.mkv", "faststart.mov", "mpeg4.mp4", "vp9.webm",
                           "animated.gif", "animated.png"}) {
    SCOPED_TRACE(name);
    auto reader = open_video(clip(name));
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ((*reader)->info().frames, kFrames);
    EXPECT_NEAR((*reader)->info().fps, 4, 0.1);
    EXPECT_EQ((*reader)->info().width, 32);
    EXPECT_EQ((*reader)->info().height, 24);
    for (int64_t i = 0; i < kFrames; ++i) {
      const auto frame = (*reader)->frame(i);
      ASSERT_TRUE(frame) << frame.error().message;
      expect_frame(**frame, i);
      EXPECT_GT(pixel(**frame, 2, 2, 0), 200);
      EXPECT_LT(pixel(**frame, 2, 2, 1), 60);
    }
    EXPECT_EQ((*reader)->lost_frames(), 0);
  }
}

// Key frames are every 6 frames there: passing over many goes by them.
TEST_F(VideoFile, JumpsGiveTheFramesThatReadingOnGives) {
  for (const char* name : {"h264.mp4", "h264.mkv", "faststart.mov", "rotated.mp4", "mpeg4.mp4"}) {
    std::vector<Picture> all;
    auto straight = open_video(clip(name));
    ASSERT_TRUE(straight) << straight.error().message;
    for (int64_t i = 0; i < kFrames; ++i) all.push_back(**(*straight)->frame(i));
    for (int64_t first = 0; first < kFrames; ++first)
      for (int64_t second = first; second < kFrames; ++second) {
        auto reader = open_video(clip(name));
        ASSERT_TRUE(reader);
        for (const int64_t i : {first, second}) {
          const auto frame = (*reader)->frame(i);
          ASSERT_TRUE(frame) << frame.error().message;
          EXPECT_EQ((*frame)->rgb, all[static_cast<size_t>(i)].rgb) << name << " " << i;
        }
        EXPECT_EQ((*reader)->lost_frames(), 0) << name;
      }
  }
}

TEST(Video, AnAnimatedWebPIsReadInEveryBuild) {
  auto reader = open_video(clip("animated.webp"));
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->info().frames, kFrames);
  EXPECT_DOUBLE_EQ((*reader)->info().fps, 4);
  EXPECT_EQ((*reader)->info().width, 32);
  EXPECT_EQ((*reader)->info().height, 24);
  for (const int64_t i : {0, 3, 3, 4, 9, 11, 11}) {
    const auto frame = (*reader)->frame(i);
    ASSERT_TRUE(frame) << frame.error().message;
    expect_frame(**frame, i);
    EXPECT_GT(pixel(**frame, 2, 2, 0), 200);
  }
  EXPECT_EQ((*reader)->lost_frames(), 0);
  EXPECT_THAT(error_of(open_video(clip("animated.webp"), {.max_frames = 11})),
              HasSubstr("more than 11 frames"));
  EXPECT_THAT(error_of(open_video(clip("animated.webp"), {.max_pixels = 700})),
              HasSubstr("animated.webp: 32 x 24 pixels: at most 700 are read"));
  EXPECT_THAT(error_of(open_video(clip("animated.webp"), {.max_seconds = 2})),
              HasSubstr("3 seconds: at most 2"));
}

TEST(Video, AStillWebPIsAVideoOfOneFrame) {
  const std::string path = (data_folder() / "pictures/webp_exif6.webp").string();
  auto reader = open_video(path);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->info().frames, 1);
  EXPECT_EQ((*reader)->info().fps, 0);
  const auto picture = open_picture(path);
  const auto frame = (*reader)->frame(0);
  ASSERT_TRUE(frame && picture);
  EXPECT_EQ((*frame)->rgb, picture->rgb);
  EXPECT_EQ((*reader)->info().width, picture->width);
}

// A frame whose bytes are broken is stood in for by the one before it, and so are all behind it.
TEST(Video, AWebPWithABrokenFrameGoesOnWithTheLastGoodOne) {
  std::string bytes = read(clip("animated.webp"));
  const auto frame_at = [&](int number) {
    size_t at = 0;
    for (int i = 0; i <= number; ++i) at = bytes.find("ANMF", at + 1);
    return at;
  };
  const size_t at = bytes.find("VP8L", frame_at(5)) + 8;
  std::fill(bytes.begin() + static_cast<ptrdiff_t>(at) + 5,
            bytes.begin() + static_cast<ptrdiff_t>(at) + 12, '\xff');
  auto reader = open_video(bytes_of(bytes), "memory");
  ASSERT_TRUE(reader) << reader.error().message;
  for (const int64_t i : {3, 7, 11}) {
    const auto frame = (*reader)->frame(i);
    ASSERT_TRUE(frame) << frame.error().message;
    expect_frame(**frame, std::min<int64_t>(i, 4));
  }
  EXPECT_EQ((*reader)->lost_frames(), 2);
}

TEST_F(VideoFile, FramesMayBePassedOverAndAskedForTwice) {
  for (const char* name : {"h264.mp4", "vp9.webm", "animated.gif"}) {
    SCOPED_TRACE(name);
    const std::string bytes = read(clip(name));
    auto reader = open_video(bytes_of(bytes), "memory");
    ASSERT_TRUE(reader) << reader.error().message;
    for (const int64_t i : {3, 3, 4, 9, 11, 11}) {
      const auto frame = (*reader)->frame(i);
      ASSERT_TRUE(frame);
      expect_frame(**frame, i);
    }
  }
}

TEST_F(VideoFile, RotationIsHonoured) {
  auto reader = open_video(clip("rotated.mp4"));
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->info().width, 24);
  EXPECT_EQ((*reader)->info().height, 32);
  const auto frame = (*reader)->frame(6);
  ASSERT_TRUE(frame);
  EXPECT_EQ((*frame)->width, 24);
  expect_frame(**frame, 6);
  EXPECT_GT(pixel(**frame, 21, 2, 0), 200);  // shown clockwise: the red corner is at the top right
  EXPECT_LT(pixel(**frame, 21, 2, 1), 60);
  EXPECT_NEAR(pixel(**frame, 2, 2, 1), 120, 8);
}

TEST_F(VideoFile, ACorruptFrameIsStoodInForByTheOneBefore) {
  // What the decoder cannot read it passes over or conceals: no error, and every frame is there.
  std::string bytes = read(clip("h264.mp4"));
  const size_t middle = bytes.find("mdat") + 400;
  bytes.replace(middle, 300, 300, '\xFF');
  auto reader = open_video(bytes_of(bytes), "broken.mp4");
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->info().frames, kFrames);
  for (int64_t i = 0; i < kFrames; ++i) {
    const auto frame = (*reader)->frame(i);
    ASSERT_TRUE(frame) << frame.error().message;
    EXPECT_EQ((*frame)->width, 32);
  }
}

TEST_F(VideoFile, ATruncatedFileGivesTheFramesThatAreThereOrOneError) {
  for (const char* name : {"faststart.mov", "h264.mkv", "animated.gif", "animated.png", "vp9.webm",
                           "h264.mp4", "animated.webp"}) {
    const std::string whole = read(clip(name));
    for (size_t size = 0; size < whole.size(); size += 97) {
      auto reader = open_video(bytes_of(std::string_view(whole).substr(0, size)), "cut");
      if (!reader) {
        EXPECT_THAT(error_of(reader), HasSubstr("cut: "));
        EXPECT_EQ(error_of(reader).find('\n'), std::string::npos);
        continue;
      }
      EXPECT_LE((*reader)->info().frames, kFrames) << name;
      const auto frame = (*reader)->frame((*reader)->info().frames - 1);
      if (!frame) {
        EXPECT_THAT(frame.error().message, HasSubstr("no frame of it can be decoded"));
      }
    }
  }
}

TEST_F(VideoFile, WhatIsNoVideoIsOneError) {
  EXPECT_THAT(error_of(open_video(clip("sound.mp4"))), HasSubstr("no video stream in it"));
  EXPECT_THAT(error_of(open_video(bytes_of("hello"), "x.mp4")),
              HasSubstr("x.mp4: not a video that can be read"));
  EXPECT_THAT(error_of(open_video(Bytes(), "x.mp4")), HasSubstr("x.mp4: not a video"));
  EXPECT_THAT(error_of(open_video("/nowhere/x.mp4")), HasSubstr("/nowhere/x.mp4"));
  // A list of other places to read from is no video: nothing but the bytes themselves is read.
  EXPECT_THAT(error_of(open_video(bytes_of("#EXTM3U\n#EXTINF:1\nfile:///etc/passwd\n"), "x.m3u8")),
              HasSubstr("not a video"));
  EXPECT_THAT(error_of(open_video(bytes_of("ffconcat version 1.0\nfile /etc/passwd\n"), "x.mp4")),
              HasSubstr("not a video"));
}

TEST_F(VideoFile, LimitsAreHeldBeforeAFrameIsDecoded) {
  const std::string path = clip("h264.mp4");
  EXPECT_THAT(error_of(open_video(path, {.max_bytes = 100})), HasSubstr("at most 100 are read"));
  EXPECT_THAT(error_of(open_video(path, {.max_pixels = 700})),
              HasSubstr("32 x 24 pixels: at most 700 are read"));
  EXPECT_THAT(error_of(open_video(path, {.max_frames = 11})), HasSubstr("more than 11 frames"));
  EXPECT_THAT(error_of(open_video(path, {.max_seconds = 2})), HasSubstr("3 seconds: at most 2"));
}

TEST(FrameFolder, PicturesAreTakenInTheOrderOfTheirNumbers) {
  const auto folder = temporary_folder("order");
  const auto pictures = data_folder() / "pictures";
  const auto copy = [&](const char* from, const char* to) {
    std::filesystem::copy_file(pictures / from, folder / to);
  };
  copy("png_rgb.png", "frame_2.png");
  copy("bmp_24.bmp", "frame_10.bmp");
  copy("jpeg_grey.jpg", "frame_009.JPG");
  copy("png_grey.png", "cover.png");  // no number: not a frame
  std::ofstream(folder / "notes1.txt") << "not a picture";
  auto reader = open_frame_folder(folder.string(), 4);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->info().frames, 3);
  EXPECT_EQ((*reader)->info().fps, 4);
  EXPECT_EQ((*reader)->info().width, 21);
  const char* expected[] = {"png_rgb.png", "jpeg_grey.jpg", "bmp_24.bmp"};
  for (int64_t i = 0; i < 3; ++i) {
    const auto frame = (*reader)->frame(i);
    ASSERT_TRUE(frame);
    EXPECT_EQ((*frame)->rgb, open_picture((pictures / expected[i]).string())->rgb);
  }
  std::filesystem::remove_all(folder);
}

TEST(FrameFolder, WhatDoesNotFitIsOneError) {
  const auto folder = temporary_folder("errors");
  const auto pictures = data_folder() / "pictures";
  EXPECT_THAT(error_of(open_frame_folder(folder.string(), 4)), HasSubstr("no frames"));
  EXPECT_THAT(error_of(open_frame_folder((folder / "nowhere").string(), 4)), HasSubstr("nowhere"));
  std::filesystem::copy_file(pictures / "png_rgb.png", folder / "1.png");
  std::filesystem::copy_file(pictures / "png_short_palette.png", folder / "2.png");
  std::ofstream(folder / "3.png") << "no picture";
  EXPECT_THAT(error_of(open_frame_folder(folder.string(), 0)), HasSubstr("frames per second"));
  EXPECT_THAT(error_of(open_frame_folder(folder.string(), 4, {.max_frames = 2})),
              HasSubstr("3 frames: at most 2"));
  auto reader = open_frame_folder(folder.string(), 4);
  ASSERT_TRUE(reader);
  EXPECT_THAT((*reader)->frame(1).error().message,
              HasSubstr("2.png: 8 x 2 pixels: expected 21 x 14, as the first frame has"));
  EXPECT_THAT((*reader)->frame(2).error().message, HasSubstr("3.png: expected a JPEG"));
  std::filesystem::remove_all(folder);
}

TEST(Video, ABuildWithoutFFmpegSaysWhatIsMissing) {
  if (has_video_decoder()) GTEST_SKIP() << "a build with FFmpeg";
  EXPECT_THAT(error_of(open_video(clip("h264.mp4"))), HasSubstr("FFmpeg's libraries"));
}

}  // namespace
}  // namespace gerbil::media
