// PNG through libpng. Of 16 bits a channel the upper 8 are kept, as Pillow does; but 16-bit grey is
// clamped to 255, as Pillow's conversion from I;16 to RGB does. Gamma and transparency are ignored.
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <string>

#include "media/picture_codec.h"

namespace gerbil::media {
namespace {

constexpr png_alloc_size_t kMaxChunkBytes = 16u << 20;

// libpng leaves through longjmp, so what runs in between owns nothing.
struct Reader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  png_infop end = nullptr;  // chunks after the pixels
  Bytes rest;
  char message[256] = "";

  ~Reader() { png_destroy_read_struct(&png, &info, &end); }
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto& reader = *static_cast<Reader*>(png_get_error_ptr(png));
  std::strncpy(reader.message, message, sizeof(reader.message) - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep out, png_size_t count) {
  auto& reader = *static_cast<Reader*>(png_get_io_ptr(png));
  if (count > reader.rest.size()) png_error(png, "the file ends in the middle");
  std::memcpy(out, reader.rest.data(), count);
  reader.rest = reader.rest.subspan(count);
}

template <class Step>
bool guarded(Reader& reader, Step step) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;  // NOLINT
  step();
  return true;
}

// "Raw profile type exif": a name, a length, and the bytes in hexadecimal from the fourth line on.
int raw_profile_orientation(std::string_view text) {
  for (int line = 0; line < 3; ++line) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return 0;
    text.remove_prefix(end + 1);
  }
  std::vector<std::byte> bytes;
  int high = -1;
  for (const char c : text) {
    if (c == '\n' || c == ' ') continue;
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return 0;
    if (high >= 0) bytes.push_back(static_cast<std::byte>(high * 16 + digit));
    high = high < 0 ? digit : -1;
  }
  return exif_orientation(bytes);
}

// EXIF anywhere goes before XMP anywhere.
int orientation_of(const Reader& reader) {
  int xmp = 0, raw = 0;
  for (png_infop info : {reader.info, reader.end}) {
    png_uint_32 size = 0;
    png_bytep exif = nullptr;
    if (png_get_eXIf_1(reader.png, info, &size, &exif) != 0) {
      const int found = exif_orientation(std::as_bytes(Span<const png_byte>(exif, size)));
      if (found != 0) return found;
    }
    png_textp texts = nullptr;
    const int count = png_get_text(reader.png, info, &texts, nullptr);
    for (int i = 0; i < count; ++i) {
      const bool international = texts[i].compression >= PNG_ITXT_COMPRESSION_NONE;
      const std::string_view key = texts[i].key;
      const std::string_view text(texts[i].text,
                                  international ? texts[i].itxt_length : texts[i].text_length);
      if (key == "XML:com.adobe.xmp") xmp = xmp_orientation(text);
      if (key == "Raw profile type exif") raw = raw_profile_orientation(text);
    }
  }
  return std::max(raw != 0 ? raw : xmp, 1);
}

Palette palette_of(const Reader& reader) {
  Palette palette;
  png_colorp colors = nullptr;
  int count = 0;
  png_get_PLTE(reader.png, reader.info, &colors, &count);
  for (int i = 0; i < std::min(count, 256); ++i) {
    palette.set(static_cast<size_t>(i), colors[i].red, colors[i].green, colors[i].blue);
  }
  return palette;
}

Result<Decoded> decode(Reader& reader, const PictureLimits& limits) {
  const auto broken = [&] { return corrupt("a broken PNG: {}", reader.message); };
  if (!guarded(reader, [&] { png_read_info(reader.png, reader.info); })) return broken();
  const uint64_t width = png_get_image_width(reader.png, reader.info);
  const uint64_t height = png_get_image_height(reader.png, reader.info);
  const int depth = png_get_bit_depth(reader.png, reader.info);
  const int color = png_get_color_type(reader.png, reader.info);
  const bool grey = color == PNG_COLOR_TYPE_GRAY || color == PNG_COLOR_TYPE_GRAY_ALPHA;
  const bool deep_grey = color == PNG_COLOR_TYPE_GRAY && depth == 16;
  Decoded decoded;
  GERBIL_TRY(decoded.picture, make_picture(width, height, limits));

  // Whole rows are kept: of interlaced pictures each pass adds to them.
  size_t row_bytes = 0;
  int passes = 0;
  if (!guarded(reader, [&] {
        if (color == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(reader.png);
        if (color == PNG_COLOR_TYPE_PALETTE) png_set_packing(reader.png);
        if (depth == 16 && !deep_grey) png_set_strip_16(reader.png);
        if ((color & PNG_COLOR_MASK_ALPHA) != 0) png_set_strip_alpha(reader.png);
        passes = png_set_interlace_handling(reader.png);
        png_read_update_info(reader.png, reader.info);
        row_bytes = png_get_rowbytes(reader.png, reader.info);
      })) {
    return broken();
  }
  const bool whole = color == PNG_COLOR_TYPE_PALETTE || grey;
  const size_t bytes_of_pixel = deep_grey ? 2 : whole ? 1 : 3;
  GERBIL_ASSERT(row_bytes == width * bytes_of_pixel);
  // Grey and palette rows come to lie at the end of the picture, and spread from there to the
  // front.
  std::vector<uint8_t>& rgb = decoded.picture.rgb;
  uint8_t* rows = rgb.data() + rgb.size() - row_bytes * height;
  if (!guarded(reader, [&] {
        for (int pass = 0; pass < passes; ++pass) {
          for (uint64_t y = 0; y < height; ++y) {
            png_read_row(reader.png, rows + y * row_bytes, nullptr);
          }
        }
        png_read_end(reader.png, reader.end);
      })) {
    return broken();
  }
  if (whole) {
    const Palette palette =
        color == PNG_COLOR_TYPE_PALETTE ? palette_of(reader) : Palette();  // the grey ramp
    for (size_t i = 0; i < width * height; ++i) {
      const uint8_t* in = rows + i * bytes_of_pixel;
      const uint8_t index = !deep_grey ? *in : in[0] != 0 ? uint8_t{255} : in[1];
      palette.write(index, rgb.data() + i * 3);
    }
  }
  decoded.orientation = orientation_of(reader);
  return decoded;
}

}  // namespace

Result<Decoded> decode_png(Bytes bytes, const PictureLimits& limits) {
  Reader reader;
  reader.rest = bytes;
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
  if (reader.png == nullptr) return fail(ErrorCode::kOutOfMemory, "no memory for a PNG");
  reader.info = png_create_info_struct(reader.png);
  reader.end = png_create_info_struct(reader.png);
  if (reader.info == nullptr || reader.end == nullptr) {
    return fail(ErrorCode::kOutOfMemory, "no memory for a PNG");
  }
  png_set_read_fn(reader.png, &reader, read_bytes);
  png_set_user_limits(reader.png, 0x7FFFFFFF, 0x7FFFFFFF);  // check_size() holds the real one
  png_set_chunk_malloc_max(reader.png, kMaxChunkBytes);
  return decode(reader, limits);
}

}  // namespace gerbil::media
