// WebP through libwebp's demuxer and its decoder of animations, of which a picture is the first
// frame. Pillow uses the same functions.
#include <webp/demux.h>

#include <algorithm>

#include "media/picture_codec.h"
#include "media/webp.h"

namespace gerbil::media {
namespace {

Bytes chunk(const WebPDemuxer* demuxer, const char* name) {
  WebPChunkIterator found;
  if (WebPDemuxGetChunk(demuxer, name, 1, &found) == 0) return {};
  const Bytes bytes = std::as_bytes(Span<const uint8_t>(found.chunk.bytes, found.chunk.size));
  WebPDemuxReleaseChunkIterator(&found);
  return bytes;  // lies in the file's own bytes
}

}  // namespace

void FreeWebP::operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
void FreeWebP::operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }

const uint8_t* WebP::next() {
  uint8_t* rgba = nullptr;
  int timestamp = 0;
  return WebPAnimDecoderGetNext(decoder.get(), &rgba, &timestamp) == 0 ? nullptr : rgba;
}

Result<WebP> open_webp(Bytes bytes, const PictureLimits& limits) {
  const WebPData data{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  WebP webp;
  webp.demuxer.reset(WebPDemux(&data));
  if (webp.demuxer == nullptr) return corrupt("a broken WebP, or one that ends in the middle");
  webp.width = WebPDemuxGetI(webp.demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  webp.height = WebPDemuxGetI(webp.demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  webp.frames = WebPDemuxGetI(webp.demuxer.get(), WEBP_FF_FRAME_COUNT);
  GERBIL_CHECK_OK(check_size(webp.width, webp.height, limits));
  const int exif = exif_orientation(chunk(webp.demuxer.get(), "EXIF"));
  const Bytes xmp = chunk(webp.demuxer.get(), "XMP ");
  webp.orientation = std::max(
      exif != 0 ? exif : xmp_orientation({reinterpret_cast<const char*>(xmp.data()), xmp.size()}),
      1);
  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0)
    return unsupported("another libwebp than built with");
  options.color_mode = MODE_RGBA;
  webp.decoder.reset(WebPAnimDecoderNew(&data, &options));
  if (webp.decoder == nullptr) return corrupt("a broken WebP");
  return webp;
}

void copy_rgb(const uint8_t* rgba, Picture& picture) {
  uint8_t* out = picture.rgb.data();
  for (size_t i = 0; i < picture.rgb.size() / 3; ++i) std::copy_n(rgba + i * 4, 3, out + i * 3);
}

Result<Decoded> decode_webp(Bytes bytes, const PictureLimits& limits) {
  GERBIL_TRY(WebP webp, open_webp(bytes, limits));
  const uint8_t* rgba = webp.next();
  if (rgba == nullptr) return corrupt("a broken WebP: its first frame cannot be decoded");
  Decoded decoded{.orientation = webp.orientation};
  GERBIL_TRY(decoded.picture, make_picture(webp.width, webp.height, limits));
  copy_rgb(rgba, decoded.picture);
  return decoded;
}

}  // namespace gerbil::media
