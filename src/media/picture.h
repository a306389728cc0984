// Pictures: the decoded form that every consumer sees, and the doors that decode one.
//
// A Picture is a plain value. What it holds is what Pillow gives for the same bytes after
// ImageOps.exif_transpose and convert("RGB") (docs/media.md says what that means for alpha, 16
// bits, CMYK and palettes): the processors of published checkpoints are defined over it. Of an
// animation the first frame is taken. Bytes are hostile: sizes are read from the header and held
// against the limits before anything is allocated. Functions are thread-safe; an error is one line
// that starts with the picture's name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/span.h"

namespace gerbil::media {

struct Picture {
  int64_t width = 0;
  int64_t height = 0;
  std::vector<uint8_t> rgb;  // [height][width][3]
};

struct PictureLimits {
  uint64_t max_bytes = uint64_t{256} << 20;   // of the encoded file
  uint64_t max_pixels = uint64_t{128} << 20;  // of the decoded picture
};

// JPEG, PNG, WebP, GIF or BMP, told by its first bytes. `name` is what errors call it.
Result<Picture> decode_picture(Bytes bytes, std::string_view name,
                               const PictureLimits& limits = {});

// A path, or a `data:` URL with its bytes in base64. Nothing is fetched from a network.
Result<Picture> open_picture(const std::string& place, const PictureLimits& limits = {});

}  // namespace gerbil::media
