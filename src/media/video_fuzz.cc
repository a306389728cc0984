// Whatever the bytes are, they are a video whose frames have the size that was promised, or refused
// in one line. One decoder thread and a few small frames, so that an input takes milliseconds.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "media/video.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gerbil;
  const Bytes bytes = std::as_bytes(Span<const uint8_t>(data, size));
  const media::VideoLimits limits{
      .max_bytes = 64 << 10, .max_pixels = 1 << 14, .max_frames = 64, .decoder_threads = 1};
  const auto check_error = [](const Error& error) {
    GERBIL_ASSERT(error.message.starts_with("fuzz.mp4: "));
    GERBIL_ASSERT(error.message.find('\n') == std::string::npos);
  };
  const auto reader = media::open_video(bytes, "fuzz.mp4", limits);
  if (!reader) {
    check_error(reader.error());
    return 0;
  }
  const media::VideoInfo info = (*reader)->info();
  GERBIL_ASSERT(info.frames > 0 && info.frames <= 64 && info.fps >= 0);
  for (const int64_t index : {int64_t{0}, info.frames / 2, info.frames - 1}) {
    const auto frame = (*reader)->frame(std::max(index, int64_t{0}));
    if (!frame) {
      check_error(frame.error());
      return 0;
    }
    GERBIL_ASSERT((*frame)->width == info.width && (*frame)->height == info.height);
  }
  return 0;
}
