// BMP: OS/2 and Windows headers; 1, 4, 8, 16, 24 and 32 bits; run lengths; the bit fields that
// occur. Pixels are scaled to 8 bits as Pillow does it, and alpha is ignored.
#include <algorithm>
#include <array>
#include <bit>

#include "media/picture_codec.h"

namespace gerbil::media {
namespace {

// Little-endian numbers; reading past the end gives nothing.
class Reader {
 public:
  explicit Reader(Bytes bytes) : bytes_(bytes) {}
  uint64_t size() const { return bytes_.size(); }
  uint32_t byte(uint64_t at) const { return std::to_integer<uint32_t>(bytes_[at]); }
  Result<uint32_t> number(uint64_t at, uint64_t count) const {
    if (at > size() || count > size() - at) return corrupt("a BMP that ends in the middle");
    uint32_t value = 0;
    for (uint64_t i = count; i-- > 0;) value = value << 8 | byte(at + i);
    return value;
  }

 private:
  Bytes bytes_;
};

enum Compression : uint32_t { kRaw = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3 };

struct Header {
  uint64_t width = 0;
  uint64_t height = 0;
  bool top_down = false;
  uint32_t bits = 0;
  uint32_t compression = kRaw;
  uint64_t pixels_at = 0;
  uint64_t palette_at = 0;
  uint64_t palette_entry = 0;  // bytes
  uint64_t colors = 0;
  std::array<uint32_t, 3> masks{};  // red, green, blue; of 16 and 32 bits
};

Status read_masks(const Reader& in, Header& header) {
  if (header.bits == 16) header.masks = {0x7C00, 0x3E0, 0x1F};
  if (header.bits == 32) header.masks = {0xFF0000, 0xFF00, 0xFF};
  if (header.compression != kBitFields) return {};
  if (header.bits != 16 && header.bits != 24 && header.bits != 32) {
    return unsupported("a BMP with bit fields of {} bits: expected 16, 24 or 32", header.bits);
  }
  std::array<uint32_t, 3> masks{};
  for (size_t c = 0; c < 3; ++c) {
    GERBIL_TRY(masks[c], in.number(14 + 40 + c * 4, 4));  // in the header, or right behind it
  }
  if (header.bits == 32 && masks == std::array<uint32_t, 3>{}) return {};
  for (const uint32_t mask : masks) {
    const int low = std::countr_zero(mask), width = std::popcount(mask);
    const bool run = mask != 0 && mask >> low == (uint64_t{1} << width) - 1;
    if (!run || width > 8 || low + width > static_cast<int>(header.bits)) {
      return unsupported("a BMP with bit fields {:#x}, {:#x} and {:#x}", masks[0], masks[1],
                         masks[2]);
    }
  }
  header.masks = masks;
  return {};
}

Result<Header> read_header(const Reader& in) {
  Header header;
  GERBIL_TRY(header.pixels_at, in.number(10, 4));
  GERBIL_TRY(const uint32_t size, in.number(14, 4));
  constexpr std::array<uint32_t, 7> kSizes{12, 40, 52, 56, 64, 108, 124};
  if (std::ranges::count(kSizes, size) == 0) return unsupported("a BMP header of {} bytes", size);
  if (size == 12) {
    GERBIL_TRY(header.width, in.number(18, 2));
    GERBIL_TRY(header.height, in.number(20, 2));
    GERBIL_TRY(header.bits, in.number(24, 2));
    header.palette_entry = 3;
  } else {
    GERBIL_TRY(header.width, in.number(18, 4));
    GERBIL_TRY(const uint32_t height, in.number(22, 4));
    header.top_down = static_cast<int32_t>(height) < 0;
    header.height = header.top_down ? uint64_t{1} + ~height : height;
    GERBIL_TRY(header.bits, in.number(28, 2));
    GERBIL_TRY(header.compression, in.number(30, 4));
    GERBIL_TRY(header.colors, in.number(46, 4));
    header.palette_entry = 4;
  }
  constexpr std::array<uint32_t, 6> kBits{1, 4, 8, 16, 24, 32};
  if (std::ranges::count(kBits, header.bits) == 0) {
    return unsupported("a BMP of {} bits a pixel", header.bits);
  }
  const bool runs = header.compression == kRle8 || header.compression == kRle4;
  if (header.compression > kBitFields || (runs && header.bits > 8)) {
    return unsupported("a BMP of {} bits with compression {}", header.bits, header.compression);
  }
  if (header.colors == 0 && header.bits <= 8) header.colors = uint64_t{1} << header.bits;
  if (header.colors > 65536) return corrupt("a BMP with a palette of {} colours", header.colors);
  header.palette_at = 14 + uint64_t{size};
  // Some writers leave the palette out of what they say.
  if (header.bits <= 8 && header.pixels_at == header.palette_at) {
    header.pixels_at += header.palette_entry * header.colors;
  }
  GERBIL_CHECK_OK(read_masks(in, header));
  return header;
}

// A palette of black and white or of the grey ramp changes nothing; others are looked up.
Result<Palette> read_palette(const Reader& in, const Header& header) {
  Palette palette;
  for (uint64_t i = 0; header.bits <= 8 && i < std::min<uint64_t>(header.colors, 256); ++i) {
    GERBIL_TRY(const uint32_t color, in.number(header.palette_at + i * header.palette_entry, 3));
    palette.set(i, static_cast<uint8_t>(color >> 16), static_cast<uint8_t>(color >> 8),
                static_cast<uint8_t>(color));
  }
  return palette;
}

uint8_t* row_of(Picture& picture, const Header& header, uint64_t y) {
  const uint64_t row = header.top_down ? y : header.height - 1 - y;
  return picture.rgb.data() + row * header.width * 3;
}

Status read_raw(const Reader& in, const Header& header, const Palette& palette, Picture& picture) {
  const uint64_t stride = (header.width * header.bits + 31) / 32 * 4;
  // The last row may lack its padding.
  const uint64_t last = (header.width * header.bits + 7) / 8;
  const uint64_t needed = stride * (header.height - 1) + last;
  if (header.pixels_at > in.size() || needed > in.size() - header.pixels_at) {
    return corrupt("a BMP that ends in the middle");
  }
  const uint64_t bytes_of_pixel = header.bits / 8;
  for (uint64_t y = 0; y < header.height; ++y) {
    const uint64_t line = header.pixels_at + y * stride;
    uint8_t* out = row_of(picture, header, y);
    for (uint64_t x = 0; x < header.width; ++x, out += 3) {
      if (header.bits <= 8) {
        const uint64_t bit = x * header.bits;
        const uint32_t byte = in.byte(line + bit / 8);
        const uint32_t index = byte >> (8 - header.bits - bit % 8) & ((1u << header.bits) - 1);
        palette.write(static_cast<uint8_t>(index), out);
        continue;
      }
      const uint64_t at = line + x * bytes_of_pixel;
      uint32_t value = 0;
      for (uint64_t i = bytes_of_pixel; i-- > 0;) value = value << 8 | in.byte(at + i);
      if (header.bits == 24) {
        for (uint32_t c = 0; c < 3; ++c) out[c] = static_cast<uint8_t>(value >> (16 - 8 * c));
        continue;
      }
      for (size_t c = 0; c < 3; ++c) {
        const uint32_t mask = header.masks[c], low = static_cast<uint32_t>(std::countr_zero(mask));
        out[c] = static_cast<uint8_t>((value & mask) >> low) * 255u / (mask >> low);
      }
    }
  }
  return {};
}

// Pixels that the runs leave out have index 0. A run that is longer than its row is cut, as is what
// lies outside.
Status read_runs(const Reader& in, const Header& header, const Palette& palette, Picture& picture) {
  for (uint64_t i = 0; i < header.width * header.height; ++i) {
    palette.write(0, picture.rgb.data() + i * 3);
  }
  const bool half = header.compression == kRle4;
  uint64_t at = header.pixels_at, x = 0, y = 0;
  const auto put = [&](uint32_t index) {
    if (x < header.width && y < header.height) {
      palette.write(static_cast<uint8_t>(index), row_of(picture, header, y) + x * 3);
    }
    ++x;
  };
  const auto digit = [&](uint32_t byte, uint64_t i) {
    return !half ? byte : i % 2 == 0 ? byte >> 4 : byte & 15;
  };
  while (y < header.height) {
    GERBIL_TRY(const uint32_t count, in.number(at, 1));
    GERBIL_TRY(const uint32_t value, in.number(at + 1, 1));
    at += 2;
    if (count > 0) {
      for (uint32_t i = 0; i < count; ++i) put(digit(value, i));
    } else if (value == 0) {
      x = 0;
      ++y;
    } else if (value == 1) {
      return {};
    } else if (value == 2) {
      GERBIL_TRY(const uint32_t right, in.number(at, 1));
      GERBIL_TRY(const uint32_t up, in.number(at + 1, 1));
      at += 2;
      x += right;
      y += up;
    } else {
      for (uint32_t i = 0; i < value; ++i) {
        GERBIL_TRY(const uint32_t byte, in.number(at + (half ? i / 2 : i), 1));
        put(digit(byte, i));
      }
      at += half ? (value + 1) / 2 : value;
      at += at % 2;  // runs begin at even places of the file
    }
  }
  return {};
}

}  // namespace

Result<Decoded> decode_bmp(Bytes bytes, const PictureLimits& limits) {
  const Reader in(bytes);
  GERBIL_TRY(const Header header, read_header(in));
  GERBIL_CHECK_OK(check_size(header.width, header.height, limits));
  GERBIL_TRY(const Palette palette, read_palette(in, header));
  Decoded decoded;
  const bool runs = header.compression == kRle8 || header.compression == kRle4;
  if (!runs) {  // all pixels lie in the file: nothing is allocated for a header alone
    const uint64_t least = header.width * header.bits / 8 * header.height;
    if (least > bytes.size()) return corrupt("a BMP that ends in the middle");
  }
  GERBIL_TRY(decoded.picture, make_picture(header.width, header.height, limits));
  GERBIL_CHECK_OK(runs ? read_runs(in, header, palette, decoded.picture)
                       : read_raw(in, header, palette, decoded.picture));
  return decoded;
}

}  // namespace gerbil::media
