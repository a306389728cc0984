// What decode_picture() is made of: one function per format, each in its own file with its library.
//
// A decoder reads the size from the header, calls check_size() before it allocates, and gives
// upright-as-stored RGB; the orientation that EXIF or XMP tells is applied afterwards, by
// decode_picture(). Errors lack the name, which decode_picture() puts in front. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/result.h"
#include "base/span.h"
#include "media/picture.h"

namespace gerbil::media {

struct Decoded {
  Picture picture;
  int orientation = 1;  // 1 to 8, as EXIF counts
};

Result<Decoded> decode_jpeg(Bytes bytes, const PictureLimits& limits);
Result<Decoded> decode_png(Bytes bytes, const PictureLimits& limits);
Result<Decoded> decode_webp(Bytes bytes, const PictureLimits& limits);
Result<Decoded> decode_gif(Bytes bytes, const PictureLimits& limits);
Result<Decoded> decode_bmp(Bytes bytes, const PictureLimits& limits);

// At least one pixel, at most limits.max_pixels.
Status check_size(uint64_t width, uint64_t height, const PictureLimits& limits);
// check_size(), then an all-black picture.
Result<Picture> make_picture(uint64_t width, uint64_t height, const PictureLimits& limits);

// Indices into a palette as convert("RGB") shows them. Entries that a file does not define are
// grey, index by index: Pillow's palettes start out so.
struct Palette {
  Palette();
  void set(size_t index, uint8_t red, uint8_t green, uint8_t blue);
  void write(uint8_t index, uint8_t* out) const {
    for (size_t c = 0; c < 3; ++c) out[c] = rgb[size_t{index} * 3 + c];
  }
  uint8_t rgb[256 * 3];
};

// EXIF's orientation in a TIFF block (with or without "Exif\0\0" in front); 0: it says none.
int exif_orientation(Bytes exif);
// The same from XMP.
int xmp_orientation(std::string_view xmp);
// Turns and mirrors a picture so that it is upright.
Picture oriented(Picture picture, int orientation);

}  // namespace gerbil::media
