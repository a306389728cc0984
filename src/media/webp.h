// A WebP opened with libwebp: a still picture is an animation of one frame. For this room only.
#pragma once

#include <memory>

#include "media/picture_codec.h"

struct WebPDemuxer;
struct WebPAnimDecoder;

namespace gerbil::media {

struct FreeWebP {
  void operator()(WebPDemuxer* demuxer) const;
  void operator()(WebPAnimDecoder* decoder) const;
};

struct WebP {
  std::unique_ptr<WebPDemuxer, FreeWebP> demuxer;
  std::unique_ptr<WebPAnimDecoder, FreeWebP> decoder;
  uint64_t width = 0;
  uint64_t height = 0;
  int64_t frames = 0;
  int orientation = 1;  // as EXIF counts

  // The next frame's canvas, RGBA, which lives until the call after; null: it cannot be decoded.
  const uint8_t* next();
};

// `bytes` must live as long. Errors lack the name.
Result<WebP> open_webp(Bytes bytes, const PictureLimits& limits);

// Drops alpha.
void copy_rgb(const uint8_t* rgba, Picture& picture);

}  // namespace gerbil::media
