// Whatever the bytes are, they are a picture within the limits, or refused in one line.
#include <cstdint>

#include "base/check.h"
#include "media/picture.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gerbil;
  const Bytes bytes = std::as_bytes(Span<const uint8_t>(data, size));
  const media::PictureLimits limits{.max_bytes = 1 << 20, .max_pixels = 1 << 16};
  const auto picture = media::decode_picture(bytes, "fuzz.png", limits);
  if (!picture) {
    GERBIL_ASSERT(picture.error().message.starts_with("fuzz.png: "));
    GERBIL_ASSERT(picture.error().message.find('\n') == std::string::npos);
    return 0;
  }
  GERBIL_ASSERT(picture->width > 0 && picture->height > 0);
  GERBIL_ASSERT(picture->width * picture->height <= 1 << 16);
  GERBIL_ASSERT(picture->rgb.size() == static_cast<size_t>(picture->width * picture->height * 3));
  return 0;
}
