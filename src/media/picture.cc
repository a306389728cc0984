#include "media/picture.h"

#include <array>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/quote.h"
#include "media/picture_codec.h"
#include "platform/file.h"

namespace gerbil::media {
namespace {

struct Format {
  std::string_view magic;
  size_t offset;
  Result<Decoded> (*decode)(Bytes, const PictureLimits&);
};

// By the bytes that a file starts with, whatever its name says. RIFF files are told by their kind.
constexpr std::array<Format, 6> kFormats{{
    {"\xFF\xD8\xFF", 0, decode_jpeg},
    {std::string_view("\x89PNG\r\n\x1A\n", 8), 0, decode_png},
    {"WEBP", 8, decode_webp},
    {"GIF87a", 0, decode_gif},
    {"GIF89a", 0, decode_gif},
    {"BM", 0, decode_bmp},
}};

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<uint32_t> base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return std::nullopt;
}

Result<std::string> decode_base64(std::string_view text, std::string_view name) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  uint32_t group = 0;
  int digits = 0, padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const auto digit = base64_digit(c);
    if (!digit || padding > 0)
      return corrupt("{}: its base64 is broken at {}", name, in_quotes({&c, 1}));
    group = group << 6 | *digit;
    if (++digits % 4 != 0) continue;
    bytes.push_back(static_cast<char>(group >> 16));
    bytes.push_back(static_cast<char>(group >> 8));
    bytes.push_back(static_cast<char>(group));
    group = 0;
  }
  const int rest = digits % 4;
  if (rest == 1 || padding > 2 || (padding > 0 && (digits + padding) % 4 != 0)) {
    return corrupt("{}: its base64 ends in the middle", name);
  }
  if (rest > 1) bytes.push_back(static_cast<char>(group >> (rest == 2 ? 4 : 10)));
  if (rest > 2) bytes.push_back(static_cast<char>(group >> 2));
  return bytes;
}

Result<Picture> open_data_url(std::string_view url, const PictureLimits& limits) {
  constexpr std::string_view name = "data: URL";
  const size_t comma = url.find(',');
  if (comma == std::string_view::npos) return corrupt("{}: no comma before its data", name);
  if (!url.substr(0, comma).ends_with(";base64")) {
    return unsupported("{}: expected base64, found {}", name, in_quotes(url.substr(0, comma)));
  }
  const std::string_view data = url.substr(comma + 1);
  if (data.size() / 4 * 3 > limits.max_bytes) {
    return invalid("{}: more than {} bytes", name, limits.max_bytes);
  }
  GERBIL_TRY(const std::string bytes, decode_base64(data, name));
  return decode_picture(std::as_bytes(Span<const char>(bytes)), name, limits);
}

}  // namespace

Status check_size(uint64_t width, uint64_t height, const PictureLimits& limits) {
  if (width == 0 || height == 0) return corrupt("{} x {} pixels: nothing to see", width, height);
  const auto pixels = checked_mul(width, height);
  if (!pixels || *pixels > limits.max_pixels) {
    return invalid("{} x {} pixels: at most {} are read", width, height, limits.max_pixels);
  }
  return {};
}

Result<Picture> make_picture(uint64_t width, uint64_t height, const PictureLimits& limits) {
  GERBIL_CHECK_OK(check_size(width, height, limits));
  Picture picture{.width = static_cast<int64_t>(width), .height = static_cast<int64_t>(height)};
  picture.rgb.resize(width * height * 3);
  return picture;
}

Palette::Palette() {
  for (size_t i = 0; i < 256; ++i) {
    const auto grey = static_cast<uint8_t>(i);
    set(i, grey, grey, grey);
  }
}

void Palette::set(size_t index, uint8_t red, uint8_t green, uint8_t blue) {
  rgb[index * 3] = red;
  rgb[index * 3 + 1] = green;
  rgb[index * 3 + 2] = blue;
}

Result<Picture> decode_picture(Bytes bytes, std::string_view name, const PictureLimits& limits) {
  if (bytes.size() > limits.max_bytes) {
    return invalid("{}: {} bytes: at most {} are read", name, bytes.size(), limits.max_bytes);
  }
  const std::string_view text = text_of(bytes);
  for (const Format& format : kFormats) {
    if (text.size() < format.offset + format.magic.size() ||
        text.substr(format.offset, format.magic.size()) != format.magic) {
      continue;
    }
    auto decoded = format.decode(bytes, limits);
    if (!decoded) return with_context(std::move(decoded).error(), name);
    return oriented(std::move(decoded->picture), decoded->orientation);
  }
  if (bytes.empty()) return corrupt("{}: an empty file is no picture", name);
  return unsupported("{}: expected a JPEG, PNG, WebP, GIF or BMP picture, found {}", name,
                     in_quotes(text.substr(0, 16)));
}

Result<Picture> open_picture(const std::string& place, const PictureLimits& limits) {
  if (place.starts_with("data:")) return open_data_url(place, limits);
  if (place.starts_with("http://") || place.starts_with("https://")) {
    return unsupported("{}: pictures are read from files and data: URLs, not from the network",
                       in_quotes(place));
  }
  GERBIL_TRY(const std::string bytes, platform::read_text_file(place, limits.max_bytes));
  return decode_picture(std::as_bytes(Span<const char>(bytes)), place, limits);
}

}  // namespace gerbil::media
