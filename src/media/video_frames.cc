// A folder of numbered pictures as a video.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/quote.h"
#include "media/video.h"
#include "platform/file.h"

namespace gerbil::media {
namespace {

constexpr std::array<std::string_view, 6> kExtensions{".png",  ".jpg", ".jpeg",
                                                      ".webp", ".bmp", ".gif"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Numbered {
  std::string number;  // its digits, without zeros in front
  std::string name;
};

// By the last number in the name before its extension; empty: no frame.
Numbered numbered(const std::string& name) {
  std::string lower = name;
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const auto known = [&](std::string_view extension) { return lower.ends_with(extension); };
  if (std::ranges::none_of(kExtensions, known)) return {};
  size_t end = name.rfind('.');
  while (end > 0 && !is_digit(name[end - 1])) --end;
  size_t begin = end;
  while (begin > 0 && is_digit(name[begin - 1])) --begin;
  if (begin == end) return {};
  while (begin + 1 < end && name[begin] == '0') ++begin;
  return {name.substr(begin, end - begin), name};
}

class FrameFolder final : public VideoReader {
 public:
  FrameFolder(std::string folder, std::vector<std::string> names, PictureLimits limits)
      : folder_(std::move(folder)), names_(std::move(names)), limits_(limits) {}

  const VideoInfo& info() const override { return info_; }
  const std::string& name() const override { return folder_; }
  int64_t lost_frames() const override { return 0; }

  Result<const Picture*> frame(int64_t index) override {
    GERBIL_ASSERT(index >= 0 && index < info_.frames);
    if (index == index_) return &picture_;
    const std::string path = platform::join_path(folder_, names_[static_cast<size_t>(index)]);
    GERBIL_TRY(picture_, open_picture(path, limits_));
    index_ = index;
    if (info_.width != 0 && (picture_.width != info_.width || picture_.height != info_.height)) {
      index_ = -1;
      return invalid("{}: {} x {} pixels: expected {} x {}, as the first frame has", path,
                     picture_.width, picture_.height, info_.width, info_.height);
    }
    return &picture_;
  }

  Status start(double fps) {
    info_.frames = static_cast<int64_t>(names_.size());
    info_.fps = fps;
    GERBIL_TRY(const Picture* first, frame(0));
    info_.width = first->width;
    info_.height = first->height;
    return {};
  }

 private:
  std::string folder_;
  std::vector<std::string> names_;
  PictureLimits limits_;
  VideoInfo info_;
  Picture picture_;
  int64_t index_ = -1;  // of picture_
};

}  // namespace

Result<std::unique_ptr<VideoReader>> open_frame_folder(const std::string& folder, double fps,
                                                       const VideoLimits& limits) {
  if (!(fps > 0 && fps <= 1000)) {
    return invalid("{}: {} frames per second: expected more than 0, at most 1000", folder, fps);
  }
  GERBIL_TRY(const std::vector<std::string> entries, platform::list_folder(folder));
  std::vector<Numbered> frames;
  for (const std::string& entry : entries) {
    Numbered frame = numbered(entry);
    if (!frame.number.empty()) frames.push_back(std::move(frame));
  }
  if (frames.empty()) {
    return invalid("{}: no frames: expected pictures with a number in their name, as 0001.png",
                   folder);
  }
  if (static_cast<int64_t>(frames.size()) > limits.max_frames ||
      static_cast<double>(frames.size()) / fps > limits.max_seconds) {
    return invalid("{}: {} frames: at most {}, and {} seconds, are read", folder, frames.size(),
                   limits.max_frames, limits.max_seconds);
  }
  std::ranges::sort(frames, [](const Numbered& a, const Numbered& b) {
    if (a.number.size() != b.number.size()) return a.number.size() < b.number.size();
    return std::tie(a.number, a.name) < std::tie(b.number, b.name);
  });
  std::vector<std::string> names;
  names.reserve(frames.size());
  for (Numbered& frame : frames) names.push_back(std::move(frame.name));
  const PictureLimits picture_limits{
      .max_bytes = std::min(limits.max_bytes, PictureLimits{}.max_bytes),
      .max_pixels = limits.max_pixels};
  auto reader = std::make_unique<FrameFolder>(folder, std::move(names), picture_limits);
  GERBIL_CHECK_OK(reader->start(fps));
  return reader;
}

}  // namespace gerbil::media
