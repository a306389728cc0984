#include "media/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace gerbil::media {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::filesystem::path pictures_folder() {
  return std::filesystem::path(GERBIL_SOURCE_DIR) / "tests/data/media/pictures";
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

Bytes bytes_of(std::string_view text) {
  return std::as_bytes(Span<const char>(text.data(), text.size()));
}

std::string error_of(std::string_view bytes, const PictureLimits& limits = {}) {
  const auto picture = decode_picture(bytes_of(bytes), "x.pic", limits);
  return picture ? "" : picture.error().message;
}

// What Pillow made of the picture: "P6 W H 255\n" and the pixels.
Picture expected_of(std::filesystem::path path) {
  const std::string text = read(path.replace_extension(".ppm"));
  Picture picture;
  int read_bytes = 0;
  EXPECT_EQ(
      std::sscanf(text.c_str(), "P6 %ld %ld 255%n", &picture.width, &picture.height, &read_bytes),
      2);
  picture.rgb.assign(text.begin() + read_bytes + 1, text.end());
  return picture;
}

std::vector<std::filesystem::path> committed_pictures() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(pictures_folder())) {
    if (std::filesystem::exists(std::filesystem::path(entry.path()).replace_extension(".ppm")) &&
        entry.path().extension() != ".ppm")
      paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

TEST(Picture, IsWhatPillowMakesOfIt) {
  const auto paths = committed_pictures();
  EXPECT_GE(paths.size(), 50u);
  for (const auto& path : paths) {
    SCOPED_TRACE(path.filename().string());
    const Picture expected = expected_of(path);
    const auto picture = open_picture(path.string());
    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(picture->width, expected.width);
    EXPECT_EQ(picture->height, expected.height);
    EXPECT_TRUE(picture->rgb == expected.rgb);
  }
}

TEST(Picture, IsToldByItsBytesAndComesFromMemoryOrADataUrlToo) {
  const std::string bytes = read(pictures_folder() / "png_rgb.png");
  const Picture expected = expected_of(pictures_folder() / "png_rgb.png");
  const auto from_memory = decode_picture(bytes_of(bytes), "x.jpg");
  ASSERT_TRUE(from_memory);
  EXPECT_EQ(from_memory->rgb, expected.rgb);

  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string url = "data:image/png;base64,";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    }
    for (size_t k = 0; k < 4; ++k) {
      url += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  const auto from_url = open_picture(url);
  ASSERT_TRUE(from_url) << from_url.error().message;
  EXPECT_EQ(from_url->rgb, expected.rgb);
  while (url.ends_with('=')) url.pop_back();  // padding may be left out
  EXPECT_TRUE(open_picture(url));
}

TEST(Picture, RefusesPlacesThatItDoesNotRead) {
  const auto error = [](const std::string& place) { return open_picture(place).error().message; };
  EXPECT_THAT(error("https://example.org/a.png"), HasSubstr("not from the network"));
  EXPECT_THAT(error("data:image/png,abc"), HasSubstr("expected base64"));
  EXPECT_THAT(error("data:image/png;base64"), HasSubstr("no comma"));
  EXPECT_THAT(error("data:;base64,AA*A"), HasSubstr("broken at \"*\""));
  EXPECT_THAT(error("data:;base64,AAAAA"), HasSubstr("ends in the middle"));
  EXPECT_THAT(error("data:;base64,AA=A"), HasSubstr("broken"));
  EXPECT_THAT(error("/nowhere/a.png"), HasSubstr("/nowhere/a.png"));
}

TEST(Picture, RefusesWhatIsNoPicture) {
  EXPECT_EQ(error_of(""), "x.pic: an empty file is no picture");
  EXPECT_THAT(error_of("hello, world"),
              HasSubstr("expected a JPEG, PNG, WebP, GIF or BMP picture"));
}

TEST(Picture, ATruncatedFileIsOneErrorWhereverItEnds) {
  for (const auto& path : committed_pictures()) {
    const std::string whole = read(path);
    for (size_t size = 0; size < whole.size(); size += 1 + size / 16) {
      const std::string error = error_of(std::string_view(whole).substr(0, size));
      EXPECT_TRUE(error.empty() || error.starts_with("x.pic: "))
          << path << ' ' << size << ' ' << error;
      EXPECT_EQ(error.find('\n'), std::string::npos);
      // An animation's first frame may be there already; of a still half is never enough.
      const bool first_of_many =
          path.stem().string().find("animated") != std::string::npos || path.stem() == "apng";
      if (size <= whole.size() / 2 && !first_of_many) {
        EXPECT_NE(error, "") << path << ' ' << size;
      }
    }
  }
}

TEST(Picture, AHeaderThatPromisesTooMuchIsRefusedBeforeAnythingIsAllocated) {
  const std::string png = read(pictures_folder() / "bomb.png");  // 72 bytes
  std::string bmp = read(pictures_folder() / "bmp_24.bmp").substr(0, 100);
  std::string gif = read(pictures_folder() / "gif.gif");
  std::string jpeg = read(pictures_folder() / "jpeg_444.jpg");
  const auto put_big = [](std::string& text, size_t at) {
    text.replace(at, 2, "\xEA\x60");
  };  // 60000
  bmp.replace(18, 8, std::string_view("\x60\xEA\0\0\x60\xEA\0\0", 8));
  gif.replace(6, 4, "\x60\xEA\x60\xEA");
  const size_t frame = jpeg.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  put_big(jpeg, frame + 5);
  put_big(jpeg, frame + 7);
  for (const std::string& bytes : {png, bmp, gif, jpeg}) {
    EXPECT_EQ(error_of(bytes), "x.pic: 60000 x 60000 pixels: at most 134217728 are read");
  }
}

TEST(Picture, LimitsAreTheCallersChoice) {
  for (const auto& path : committed_pictures()) {
    const std::string bytes = read(path);
    EXPECT_THAT(error_of(bytes, {.max_pixels = 15}), HasSubstr("at most 15 are read")) << path;
    EXPECT_THAT(error_of(bytes, {.max_bytes = 15}), HasSubstr("at most 15 are read")) << path;
  }
}

TEST(Picture, NoPixelsAreAnError) {
  std::string gif = read(pictures_folder() / "gif.gif");
  std::string bmp = read(pictures_folder() / "bmp_24.bmp");
  std::string jpeg = read(pictures_folder() / "jpeg_444.jpg");
  bmp.replace(18, 4, 4, '\0');
  const size_t frame = jpeg.find("\xFF\xC0");
  jpeg.replace(frame + 7, 2, 2, '\0');
  const size_t image = gif.find(std::string_view("\0,\0\0\0\0", 6));
  ASSERT_NE(image, std::string::npos);
  gif.replace(image + 6, 2, 2, '\0');
  for (const std::string& bytes : {gif, bmp, jpeg})
    EXPECT_THAT(error_of(bytes), StartsWith("x.pic: "));
}

}  // namespace
}  // namespace gerbil::media
