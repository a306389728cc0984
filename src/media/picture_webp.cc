// WebP through libwebp's demuxer and its decoder of animations: a still picture is an animation of
// one frame, and the first frame is what is taken. Pillow uses the same functions.
#include <webp/demux.h>

#include <algorithm>
#include <memory>

#include "media/picture_codec.h"

namespace gerbil::media {
namespace {

using Demuxer = std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)>;
using Decoder = std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)>;

Bytes chunk(const WebPDemuxer* demuxer, const char* name) {
  WebPChunkIterator found;
  if (WebPDemuxGetChunk(demuxer, name, 1, &found) == 0) return {};
  const Bytes bytes = std::as_bytes(Span<const uint8_t>(found.chunk.bytes, found.chunk.size));
  WebPDemuxReleaseChunkIterator(&found);
  return bytes;  // lies in the file's own bytes
}

}  // namespace

Result<Decoded> decode_webp(Bytes bytes, const PictureLimits& limits) {
  const WebPData data{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  const Demuxer demuxer(WebPDemux(&data), WebPDemuxDelete);
  if (demuxer == nullptr) return corrupt("a broken WebP, or one that ends in the middle");
  const uint64_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const uint64_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  GERBIL_CHECK_OK(check_size(width, height, limits));
  Decoded decoded;
  const int exif = exif_orientation(chunk(demuxer.get(), "EXIF"));
  const Bytes xmp = chunk(demuxer.get(), "XMP ");
  decoded.orientation = std::max(
      exif != 0 ? exif : xmp_orientation({reinterpret_cast<const char*>(xmp.data()), xmp.size()}),
      1);

  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0)
    return unsupported("another libwebp than built with");
  options.color_mode = MODE_RGBA;
  const Decoder decoder(WebPAnimDecoderNew(&data, &options), WebPAnimDecoderDelete);
  uint8_t* rgba = nullptr;
  int timestamp = 0;
  if (decoder == nullptr || WebPAnimDecoderGetNext(decoder.get(), &rgba, &timestamp) == 0) {
    return corrupt("a broken WebP: its first frame cannot be decoded");
  }
  GERBIL_TRY(decoded.picture, make_picture(width, height, limits));
  uint8_t* out = decoded.picture.rgb.data();
  for (uint64_t i = 0; i < width * height; ++i) std::copy_n(rgba + i * 4, 3, out + i * 3);
  return decoded;
}

}  // namespace gerbil::media
