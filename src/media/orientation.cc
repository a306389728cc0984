// Which way up a picture is: EXIF's tag 0x0112, or XMP's tiff:Orientation where EXIF has none.
#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "media/picture_codec.h"

namespace gerbil::media {
namespace {

// Numbers of a TIFF block in its byte order; nothing beyond its end.
class Tiff {
 public:
  Tiff(Bytes bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  std::optional<uint32_t> number(uint64_t offset, uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) return std::nullopt;
    uint32_t value = 0;
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t at = offset + (big_endian_ ? i : size - 1 - i);
      value = value << 8 | std::to_integer<uint32_t>(bytes_[at]);
    }
    return value;
  }

 private:
  Bytes bytes_;
  bool big_endian_;
};

int valid_orientation(std::optional<uint32_t> value) {
  return value && *value >= 1 && *value <= 8 ? static_cast<int>(*value) : 1;
}

}  // namespace

int exif_orientation(Bytes exif) {
  constexpr uint32_t kOrientation = 0x0112;
  if (exif.size() >= 6 && std::memcmp(exif.data(), "Exif\0\0", 6) == 0) exif = exif.subspan(6);
  if (exif.size() < 8) return 0;
  const bool big_endian = exif[0] == std::byte{'M'};
  const Tiff tiff(exif, big_endian);
  if (tiff.number(0, 2) != (big_endian ? 0x4D4Du : 0x4949u) || tiff.number(2, 2) != 42) return 0;
  const auto directory = tiff.number(4, 4);
  if (!directory) return 0;
  const auto count = tiff.number(*directory, 2);
  if (!count) return 0;
  for (uint32_t i = 0; i < *count; ++i) {
    const uint64_t entry = uint64_t{*directory} + 2 + uint64_t{i} * 12;
    const auto tag = tiff.number(entry, 2);
    if (!tag) return 0;
    if (*tag != kOrientation) continue;
    if (tiff.number(entry + 4, 4) != 1) return 1;  // one value
    switch (tiff.number(entry + 2, 2).value_or(0)) {
      case 1:
        return valid_orientation(tiff.number(entry + 8, 1));
      case 3:
        return valid_orientation(tiff.number(entry + 8, 2));
      case 4:
        return valid_orientation(tiff.number(entry + 8, 4));
      default:
        return 1;
    }
  }
  return 0;
}

int xmp_orientation(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (size_t at = xmp.find(kName); at != std::string_view::npos; at = xmp.find(kName, at + 1)) {
    std::string_view rest = xmp.substr(at + kName.size());
    if (rest.starts_with("=\"")) {
      rest.remove_prefix(2);
    } else if (rest.starts_with(">")) {
      rest.remove_prefix(1);
    } else {
      continue;
    }
    if (rest.empty() || rest[0] < '0' || rest[0] > '9') continue;
    return valid_orientation(static_cast<uint32_t>(rest[0] - '0'));
  }
  return 0;
}

Picture oriented(Picture picture, int orientation) {
  if (orientation <= 1 || orientation > 8) return picture;
  const int64_t width = picture.width, height = picture.height;
  const bool sideways = orientation >= 5;
  Picture out{.width = sideways ? height : width, .height = sideways ? width : height};
  out.rgb.resize(picture.rgb.size());
  // Where the pixel at the stored (0, 0) goes, and how a step along a stored row or column moves
  // it.
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const int64_t first =
      ((from_bottom ? out.height - 1 : 0) * out.width + (from_right ? out.width - 1 : 0)) * 3;
  const int64_t step_x =
      (sideways ? (from_bottom ? -out.width : out.width) : (from_right ? -1 : 1)) * 3;
  const int64_t step_y =
      (sideways ? (from_right ? -1 : 1) : (from_bottom ? -out.width : out.width)) * 3;
  const uint8_t* in = picture.rgb.data();
  for (int64_t y = 0; y < height; ++y) {
    int64_t to = first + y * step_y;
    for (int64_t x = 0; x < width; ++x, in += 3, to += step_x) {
      std::copy_n(in, 3, out.rgb.data() + to);
    }
  }
  return out;
}

}  // namespace gerbil::media
