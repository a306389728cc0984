#if GERBIL_HAS_FFMPEG
#include "media/video_ffmpeg.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "base/check.h"
#include "media/picture_codec.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/cpu.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

namespace gerbil::media {
namespace {

constexpr int kBufferBytes = 64 << 10;
constexpr uint64_t kReleaseBytes = 8u << 20;
constexpr int64_t kSeekFrames = 4;  // passed over at least, for a jump to cost less than decoding
constexpr const char* kFormats = "mov,matroska,webm,gif,apng,avi";
// What such files hold. Nothing else is opened: each decoder is a door to hostile bytes.
constexpr const char* kDecoders =
    "h264,hevc,vp8,vp9,av1,libdav1d,libaom-av1,libvpx,libvpx-vp9,mpeg4,msmpeg4v2,msmpeg4,h263,"
    "mpeg1video,mpeg2video,"
    "mjpeg,png,apng,gif,prores,theora,rawvideo,ffv1,qtrle";

struct FreeFormat {
  void operator()(AVFormatContext* format) const { avformat_close_input(&format); }
};
struct FreeIo {
  void operator()(AVIOContext* io) const {
    av_freep(&io->buffer);
    avio_context_free(&io);
  }
};
struct FreeCodec {
  void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
};
struct FreeFrame {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct FreePacket {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct FreeScaler {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};
using Format = std::unique_ptr<AVFormatContext, FreeFormat>;
using Io = std::unique_ptr<AVIOContext, FreeIo>;
using Codec = std::unique_ptr<AVCodecContext, FreeCodec>;
using Frame = std::unique_ptr<AVFrame, FreeFrame>;
using Packet = std::unique_ptr<AVPacket, FreePacket>;
using Scaler = std::unique_ptr<SwsContext, FreeScaler>;

std::string reason_of(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = "";
  av_strerror(code, text, sizeof(text));
  return text;
}

int read_bytes(void* opaque, uint8_t* out, int count) {
  const int64_t got = static_cast<VideoBytes*>(opaque)->read(out, count);
  return got > 0 ? static_cast<int>(got) : AVERROR_EOF;
}

int64_t seek_bytes(void* opaque, int64_t offset, int whence) {
  auto& bytes = *static_cast<VideoBytes*>(opaque);
  if (whence == AVSEEK_SIZE) return bytes.size();
  if ((whence & ~AVSEEK_FORCE) != SEEK_SET) return AVERROR(EINVAL);
  return bytes.seek(offset);
}

int refuse_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

// A frame that decoding can begin with.
struct KeyFrame {
  int64_t shown = 0;    // its time stamp
  int64_t seek_to = 0;  // what the container finds it by
};

// The container, opened at its first packet, with all streams but one switched off.
struct Container {
  Io io;  // outlives format
  Format format;
  AVStream* stream = nullptr;
};

Result<Container> open_container(VideoBytes& bytes, const std::string& name) {
  Container container;
  bytes.seek(0);
  auto* buffer = static_cast<uint8_t*>(av_malloc(kBufferBytes));
  container.io.reset(
      avio_alloc_context(buffer, kBufferBytes, 0, &bytes, read_bytes, nullptr, seek_bytes));
  AVFormatContext* format = avformat_alloc_context();
  if (!container.io || format == nullptr) {
    return fail(ErrorCode::kOutOfMemory, "{}: no memory for a video", name);
  }
  format->pb = container.io.get();
  format->flags |= AVFMT_FLAG_CUSTOM_IO;
  format->io_open = refuse_open;
  format->format_whitelist = av_strdup(kFormats);
  format->codec_whitelist = av_strdup(kDecoders);
  const int opened = avformat_open_input(&format, nullptr, nullptr, nullptr);  // frees on failure
  if (opened < 0) {
    return corrupt("{}: not a video that can be read (mp4, mov, webm, mkv, avi, gif, apng): {}",
                   name, reason_of(opened));
  }
  container.format.reset(format);
  const int known = avformat_find_stream_info(format, nullptr);
  if (known < 0) return corrupt("{}: a broken video: {}", name, reason_of(known));
  const int best = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (best < 0 || (format->streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
    return invalid("{}: no video stream in it", name);
  }
  container.stream = format->streams[best];
  for (unsigned i = 0; i < format->nb_streams; ++i) {
    if (static_cast<int>(i) != best) format->streams[i]->discard = AVDISCARD_ALL;
  }
  return container;
}

// EXIF's number for the turn and mirror of a display matrix, to the nearest quarter.
int orientation_of(const AVStream& stream) {
  size_t size = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (data == nullptr || size < 9 * sizeof(int32_t)) return 1;
  int32_t m[9];
  std::memcpy(m, data, sizeof(m));
  const double a = m[0], b = m[1], c = m[3], d = m[4];  // (x, y) -> (a x + c y, b x + d y)
  if (std::abs(a) + std::abs(d) >= std::abs(b) + std::abs(c)) {
    if (a >= 0) return d >= 0 ? 1 : 4;
    return d >= 0 ? 2 : 3;
  }
  if (b >= 0) return c >= 0 ? 5 : 6;
  return c >= 0 ? 8 : 7;
}

class FileVideo final : public VideoReader {
 public:
  FileVideo(std::unique_ptr<VideoBytes> bytes, std::string name, const VideoLimits& limits)
      : bytes_(std::move(bytes)), name_(std::move(name)), limits_(limits) {}

  const VideoInfo& info() const override { return info_; }
  const std::string& name() const override { return name_; }
  int64_t lost_frames() const override { return lost_; }
  Result<const Picture*> frame(int64_t index) override;

  Status start();

 private:
  Status read_index();
  Status open_decoder();
  bool decode_next(int64_t wanted);
  void jump(int64_t index);
  void restart();
  Status convert(const AVFrame& frame);
  // What orders frames: their time stamp, or where the file has none their number.
  int64_t key_of(int64_t index) const {
    return keys_.empty() ? index : keys_[static_cast<size_t>(index)];
  }

  std::unique_ptr<VideoBytes> bytes_;
  std::string name_;
  VideoLimits limits_;
  VideoInfo info_;
  std::vector<int64_t> keys_;         // [frames] time stamps, rising; empty: not usable
  std::vector<KeyFrame> key_frames_;  // rising; empty: no jumps
  int orientation_ = 1;
  Container container_;
  Codec codec_;
  Packet packet_;
  Scaler scaler_;
  Frame held_, ahead_;  // the last frame at or before the wanted one; the first one after it
  bool has_held_ = false, has_ahead_ = false;
  int64_t held_key_ = 0, ahead_key_ = 0;
  int64_t decoded_ = 0;
  bool input_ended_ = false, ended_ = false;
  bool jumped_ = false;  // no packet has come since
  Picture picture_;
  int64_t index_ = -1;  // of picture_
  int64_t lost_ = 0;
};

// Walks over all packets once, without decoding: how many frames there are, and when each is shown.
Status FileVideo::read_index() {
  GERBIL_TRY(container_, open_container(*bytes_, name_));
  const AVStream& stream = *container_.stream;
  bool stamped = true;
  // Their containers find a key frame by its time: of decoding, or in Matroska of showing.
  const std::string_view format = container_.format->iformat->name;
  const bool matroska = format.contains("matroska");
  const bool seekable = matroska || format.contains("mp4");
  while (av_read_frame(container_.format.get(), packet_.get()) >= 0) {
    const bool shown = packet_->stream_index == stream.index &&
                       (packet_->flags & AV_PKT_FLAG_DISCARD) == 0 && packet_->size > 0;
    if (shown) {
      if (packet_->pts == AV_NOPTS_VALUE) stamped = false;
      keys_.push_back(packet_->pts);
      if (seekable && (packet_->flags & AV_PKT_FLAG_KEY) != 0)
        key_frames_.push_back({packet_->pts, matroska || packet_->dts == AV_NOPTS_VALUE
                                                 ? packet_->pts
                                                 : packet_->dts});
    }
    av_packet_unref(packet_.get());
    if (static_cast<int64_t>(keys_.size()) > limits_.max_frames) {
      return invalid("{}: more than {} frames", name_, limits_.max_frames);
    }
  }
  const AVRational rates[] = {stream.avg_frame_rate, stream.r_frame_rate};
  const double tick = av_q2d(stream.time_base);
  container_.format.reset();  // before its io
  container_.io.reset();
  info_.frames = static_cast<int64_t>(keys_.size());
  if (info_.frames == 0) return invalid("{}: a video without frames", name_);
  std::ranges::sort(keys_);
  const double seconds =
      (static_cast<double>(keys_.back()) - static_cast<double>(keys_.front())) * tick;
  if (std::ranges::adjacent_find(keys_) != keys_.end()) stamped = false;
  if (!stamped) keys_.clear();
  if (!stamped || !std::ranges::is_sorted(key_frames_, {}, &KeyFrame::shown)) key_frames_.clear();

  // What the container says, unless its time stamps say otherwise by more than a tenth.
  const double measured =
      stamped && seconds > 0 ? static_cast<double>(info_.frames - 1) / seconds : 0;
  for (const AVRational said : rates) {
    if (info_.fps == 0 && said.num > 0 && said.den > 0) info_.fps = av_q2d(said);
  }
  if (measured > 0 && info_.frames > 1 && std::abs(info_.fps - measured) > measured / 10) {
    info_.fps = measured;
  }
  if (!(info_.fps > 0) || !std::isfinite(info_.fps)) info_.fps = 0;
  if (info_.fps > 0 && static_cast<double>(info_.frames) / info_.fps > limits_.max_seconds) {
    return invalid("{}: {:.0f} seconds: at most {:.0f} are read", name_,
                   static_cast<double>(info_.frames) / info_.fps, limits_.max_seconds);
  }
  return {};
}

Status FileVideo::open_decoder() {
  GERBIL_TRY(container_, open_container(*bytes_, name_));  // again from the start
  const AVCodecParameters& parameters = *container_.stream->codecpar;
  const char* kind = avcodec_get_name(parameters.codec_id);
  const AVCodec* decoder = avcodec_find_decoder(parameters.codec_id);
  if (decoder == nullptr) return unsupported("{}: no decoder for {} video", name_, kind);
  const PictureLimits picture_limits{.max_pixels = limits_.max_pixels};
  const auto sized =
      check_size(static_cast<uint64_t>(std::max(parameters.width, 0)),
                 static_cast<uint64_t>(std::max(parameters.height, 0)), picture_limits);
  if (!sized) return with_context(sized.error(), name_);
  codec_.reset(avcodec_alloc_context3(decoder));
  if (!codec_ || avcodec_parameters_to_context(codec_.get(), &parameters) < 0) {
    return fail(ErrorCode::kOutOfMemory, "{}: no memory for a video", name_);
  }
  codec_->pkt_timebase = container_.stream->time_base;
  codec_->max_pixels = static_cast<int64_t>(limits_.max_pixels);
  codec_->codec_whitelist = av_strdup(kDecoders);
  // Each thread holds a frame.
  codec_->thread_count = std::clamp(std::min(limits_.decoder_threads, av_cpu_count()), 1, 16);
  const int opened = avcodec_open2(codec_.get(), decoder, nullptr);
  if (opened < 0) {
    return unsupported("{}: {} video cannot be decoded: {}", name_, kind, reason_of(opened));
  }
  orientation_ = orientation_of(*container_.stream);
  info_.width = orientation_ >= 5 ? parameters.height : parameters.width;
  info_.height = orientation_ >= 5 ? parameters.width : parameters.height;
  return {};
}

Status FileVideo::start() {
  packet_.reset(av_packet_alloc());
  held_.reset(av_frame_alloc());
  ahead_.reset(av_frame_alloc());
  if (!packet_ || !held_ || !ahead_) {
    return fail(ErrorCode::kOutOfMemory, "{}: no memory for a video", name_);
  }
  GERBIL_CHECK_OK(read_index());
  return open_decoder();
}

// Puts the next frame into ahead_; false at the end. A packet that cannot be decoded is passed
// over.
bool FileVideo::decode_next(int64_t wanted) {
  while (!ended_) {
    const int received = avcodec_receive_frame(codec_.get(), ahead_.get());
    if (received == 0) {
      const int64_t stamp =
          ahead_->pts != AV_NOPTS_VALUE ? ahead_->pts : ahead_->best_effort_timestamp;
      ahead_key_ = keys_.empty() ? decoded_ : stamp;
      ++decoded_;
      return has_ahead_ = true;
    }
    if (received != AVERROR(EAGAIN) || input_ended_) {
      ended_ = received == AVERROR_EOF || input_ended_;
      if (ended_) break;
    }
    if (av_read_frame(container_.format.get(), packet_.get()) < 0) {
      if (jumped_) {
        restart();
        continue;
      }
      input_ended_ = true;
      avcodec_send_packet(codec_.get(), nullptr);
      continue;
    }
    if (packet_->stream_index == container_.stream->index) {
      // Not where it was to lead: from the start then, without jumps.
      if (jumped_ && (packet_->pts == AV_NOPTS_VALUE || packet_->pts > wanted ||
                      (packet_->flags & AV_PKT_FLAG_KEY) == 0)) {
        av_packet_unref(packet_.get());
        restart();
        continue;
      }
      jumped_ = false;
      // Frames before the wanted one that no other frame needs are not decoded.
      const bool passed_over = !keys_.empty() && packet_->pts < wanted;
      codec_->skip_frame = passed_over ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
      avcodec_send_packet(codec_.get(), packet_.get());
    }
    av_packet_unref(packet_.get());
  }
  return false;
}

// To the last key frame at or before the wanted frame, if that passes over frames enough.
void FileVideo::jump(int64_t index) {
  const int64_t wanted = key_of(index);
  const auto after = std::ranges::upper_bound(key_frames_, wanted, {}, &KeyFrame::shown);
  if (after == key_frames_.begin()) return;
  const KeyFrame& key = *(after - 1);
  const auto number = [&](int64_t stamp) {
    return std::ranges::lower_bound(keys_, stamp) - keys_.begin();
  };
  const int64_t next = has_ahead_ ? number(ahead_key_) + 1 : has_held_ ? number(held_key_) + 1 : 0;
  if (number(key.shown) - next < kSeekFrames) return;
  if (av_seek_frame(container_.format.get(), container_.stream->index, key.seek_to,
                    AVSEEK_FLAG_BACKWARD) < 0) {
    return restart();  // where it stands now is not known
  }
  avcodec_flush_buffers(codec_.get());
  if (has_ahead_) {  // the best there is if nothing behind it can be decoded
    std::swap(held_, ahead_);
    held_key_ = ahead_key_;
    has_held_ = true;
    has_ahead_ = false;
  }
  input_ended_ = ended_ = false;
  jumped_ = true;
}

// From the first frame on, without jumps.
void FileVideo::restart() {
  key_frames_.clear();
  container_.format.reset();  // before its io
  container_.io.reset();
  jumped_ = input_ended_ = false;
  ended_ = !open_decoder();
}

Status FileVideo::convert(const AVFrame& frame) {
  const int width = static_cast<int>(orientation_ >= 5 ? info_.height : info_.width);
  const int height = static_cast<int>(orientation_ >= 5 ? info_.width : info_.height);
  const auto format = static_cast<AVPixelFormat>(frame.format);
  scaler_.reset(sws_getCachedContext(scaler_.release(), frame.width, frame.height, format, width,
                                     height, AV_PIX_FMT_RGB24, SWS_BICUBIC, nullptr, nullptr,
                                     nullptr));
  if (!scaler_) return unsupported("{}: its frames cannot be converted to RGB", name_);
  // The matrix and range that the stream names; SD's where it names none, as players do.
  const int space = frame.colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : frame.colorspace;
  int *in = nullptr, *out = nullptr;
  int in_range = 0, out_range = 0, brightness = 0, contrast = 0, saturation = 0;
  if (sws_getColorspaceDetails(scaler_.get(), &in, &in_range, &out, &out_range, &brightness,
                               &contrast, &saturation) >= 0) {
    sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(space),
                             frame.color_range == AVCOL_RANGE_JPEG ? 1 : in_range,
                             sws_getCoefficients(SWS_CS_DEFAULT), out_range, brightness, contrast,
                             saturation);
  }
  picture_.width = width;
  picture_.height = height;
  picture_.rgb.resize(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  uint8_t* rows[4] = {picture_.rgb.data()};
  const int strides[4] = {width * 3};
  if (sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, rows, strides) <= 0) {
    return corrupt("{}: a frame cannot be converted to RGB", name_);
  }
  picture_ = oriented(std::move(picture_), orientation_);
  return {};
}

Result<const Picture*> FileVideo::frame(int64_t index) {
  GERBIL_ASSERT(index >= std::max<int64_t>(index_, 0) && index < info_.frames);
  if (index == index_) return &picture_;
  const int64_t wanted = key_of(index);
  if (!has_ahead_ || ahead_key_ <= wanted) jump(index);
  for (;;) {
    if (has_ahead_) {
      if (ahead_key_ > wanted) break;
      std::swap(held_, ahead_);
      held_key_ = ahead_key_;
      has_held_ = true;
      has_ahead_ = false;
    }
    if (has_held_ && held_key_ == wanted) break;
    if (!decode_next(wanted)) break;
  }
  if (!has_held_ && !has_ahead_) return corrupt("{}: no frame of it can be decoded", name_);
  if (!has_held_ || held_key_ != wanted) ++lost_;
  GERBIL_CHECK_OK(convert(has_held_ ? *held_ : *ahead_));
  index_ = index;
  return &picture_;
}

}  // namespace

int64_t VideoBytes::read(uint8_t* out, int64_t count) {
  const uint64_t size = std::min<uint64_t>(static_cast<uint64_t>(std::max<int64_t>(count, 0)),
                                           bytes_.size() - place_);
  if (size > 0) std::memcpy(out, bytes_.data() + place_, size);
  place_ += size;
  if (file_ && place_ > released_ + kReleaseBytes) {
    file_->release(released_, place_ - released_);
    released_ = place_;
  }
  return static_cast<int64_t>(size);
}

int64_t VideoBytes::seek(int64_t place) {
  if (place < 0 || place > size()) return -1;
  place_ = static_cast<uint64_t>(place);
  released_ = std::min(released_, place_);
  return place;
}

Result<std::unique_ptr<VideoReader>> open_ffmpeg_video(std::unique_ptr<VideoBytes> bytes,
                                                       std::string name,
                                                       const VideoLimits& limits) {
  av_log_set_level(AV_LOG_QUIET);
  auto reader = std::make_unique<FileVideo>(std::move(bytes), std::move(name), limits);
  GERBIL_CHECK_OK(reader->start());
  return reader;
}

}  // namespace gerbil::media
#endif
