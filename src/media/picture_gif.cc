// The first frame of a GIF, through giflib. What the frame leaves of the canvas has the transparent
// index where there is one, else index 0, and transparency itself is ignored: Pillow's rules.
#include <gif_lib.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "media/picture_codec.h"

namespace gerbil::media {
namespace {

int read_bytes(GifFileType* gif, GifByteType* out, int count) {
  auto& rest = *static_cast<Bytes*>(gif->UserData);
  const size_t size = std::min(rest.size(), static_cast<size_t>(std::max(count, 0)));
  std::memcpy(out, rest.data(), size);
  rest = rest.subspan(size);
  return static_cast<int>(size);
}

struct Close {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

std::unexpected<Error> broken(int code) {
  const char* reason = GifErrorString(code);
  return corrupt("a broken GIF: {}", reason != nullptr ? reason : "it ends in the middle");
}

// Reads records up to the first frame's header. `transparent`: its transparent index, or -1.
Status find_frame(GifFileType* gif, int& transparent) {
  for (;;) {
    GifRecordType record = UNDEFINED_RECORD_TYPE;
    if (DGifGetRecordType(gif, &record) == GIF_ERROR) return broken(gif->Error);
    if (record == IMAGE_DESC_RECORD_TYPE) {
      if (DGifGetImageDesc(gif) == GIF_ERROR) return broken(gif->Error);
      return {};
    }
    if (record != EXTENSION_RECORD_TYPE) return corrupt("a GIF without a picture");
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(gif, &code, &block) == GIF_ERROR) return broken(gif->Error);
    if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr && block[0] >= 4) {
      transparent = (block[1] & 1) != 0 ? block[4] : -1;
    }
    while (block != nullptr) {
      if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) return broken(gif->Error);
    }
  }
}

Palette palette_of(const GifFileType& gif) {
  const ColorMapObject* map = gif.Image.ColorMap != nullptr ? gif.Image.ColorMap : gif.SColorMap;
  Palette palette;
  for (int i = 0; map != nullptr && i < std::min(map->ColorCount, 256); ++i) {
    const GifColorType& color = map->Colors[i];
    palette.set(static_cast<size_t>(i), color.Red, color.Green, color.Blue);
  }
  return palette;
}

}  // namespace

Result<Decoded> decode_gif(Bytes bytes, const PictureLimits& limits) {
  int code = 0;
  Bytes rest = bytes;
  const std::unique_ptr<GifFileType, Close> gif(DGifOpen(&rest, read_bytes, &code));
  if (gif == nullptr) return broken(code);
  int transparent = -1;
  GERBIL_CHECK_OK(find_frame(gif.get(), transparent));
  const GifImageDesc& frame = gif->Image;
  if (frame.Width < 1 || frame.Height < 1) return corrupt("a GIF whose frame has no pixels");
  const int64_t width = std::max(gif->SWidth, frame.Left + frame.Width);
  const int64_t height = std::max(gif->SHeight, frame.Top + frame.Height);
  Decoded decoded;
  GERBIL_TRY(decoded.picture,
             make_picture(static_cast<uint64_t>(width), static_cast<uint64_t>(height), limits));
  const Palette palette = palette_of(*gif);
  uint8_t* rgb = decoded.picture.rgb.data();
  const auto background = static_cast<uint8_t>(std::max(transparent, 0));
  for (int64_t i = 0; i < width * height; ++i) palette.write(background, rgb + i * 3);

  struct Pass {
    int first, step;
  };
  constexpr Pass kInterlaced[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
  constexpr Pass kPlain[] = {{0, 1}};
  const auto passes = frame.Interlace ? Span<const Pass>(kInterlaced) : Span<const Pass>(kPlain);
  std::vector<GifPixelType> line(static_cast<size_t>(frame.Width));
  for (const Pass& pass : passes) {
    for (int y = pass.first; y < frame.Height; y += pass.step) {
      if (DGifGetLine(gif.get(), line.data(), frame.Width) == GIF_ERROR) return broken(gif->Error);
      uint8_t* out = rgb + ((frame.Top + y) * width + frame.Left) * 3;
      for (size_t x = 0; x < line.size(); ++x) palette.write(line[x], out + x * 3);
    }
  }
  return decoded;
}

}  // namespace gerbil::media
