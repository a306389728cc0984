#include "media/resize.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace gerbil::media {
namespace {

constexpr int kFractionBits = 32 - 8 - 2;
constexpr double kSupport = 2;  // of the cubic kernel

double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

uint8_t clamp8(int32_t fixed) {
  return static_cast<uint8_t>(std::clamp(fixed >> kFractionBits, 0, 255));
}

}  // namespace

Resizer::Taps Resizer::make_taps(int64_t in_size, int64_t out_size) {
  const double scale = static_cast<double>(in_size) / static_cast<double>(out_size);
  const double filter_scale = std::max(scale, 1.0);
  const double support = kSupport * filter_scale;
  Taps taps;
  taps.stride = static_cast<int64_t>(std::ceil(support)) * 2 + 1;
  taps.first.resize(static_cast<size_t>(out_size));
  taps.size.resize(static_cast<size_t>(out_size));
  taps.weight.resize(static_cast<size_t>(out_size * taps.stride));
  std::vector<double> row(static_cast<size_t>(taps.stride));
  const double inverse = 1.0 / filter_scale;
  for (int64_t i = 0; i < out_size; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const int64_t first = std::max(static_cast<int64_t>(center - support + 0.5), int64_t{0});
    const int64_t end = std::min(static_cast<int64_t>(center + support + 0.5), in_size);
    const int64_t size = end - first;
    double sum = 0;
    for (int64_t k = 0; k < size; ++k) {
      const double weight = cubic((static_cast<double>(k + first) - center + 0.5) * inverse);
      row[static_cast<size_t>(k)] = weight;
      sum += weight;
    }
    for (int64_t k = 0; k < size; ++k) {
      double weight = row[static_cast<size_t>(k)];
      if (sum != 0) weight /= sum;
      weight *= 1 << kFractionBits;
      taps.weight[static_cast<size_t>(i * taps.stride + k)] =
          static_cast<int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    taps.first[static_cast<size_t>(i)] = static_cast<int32_t>(first);
    taps.size[static_cast<size_t>(i)] = static_cast<int32_t>(size);
  }
  return taps;
}

Resizer::Resizer(int64_t in_width, int64_t in_height, int64_t out_width, int64_t out_height)
    : in_width_(in_width), in_height_(in_height), out_width_(out_width), out_height_(out_height) {
  GERBIL_ASSERT(in_width > 0 && in_height > 0 && out_width > 0 && out_height > 0);
  if (in_width != out_width) x_taps_ = make_taps(in_width, out_width);
  if (in_height != out_height) y_taps_ = make_taps(in_height, out_height);
}

void Resizer::horizontal(const uint8_t* in, int64_t in_width, int64_t rows, uint8_t* out) const {
  for (int64_t y = 0; y < rows; ++y) {
    const uint8_t* line = in + y * in_width * 3;
    for (int64_t x = 0; x < out_width_; ++x) {
      const auto i = static_cast<size_t>(x);
      const int32_t* weight = x_taps_.weight.data() + x * x_taps_.stride;
      const uint8_t* pixel = line + int64_t{x_taps_.first[i]} * 3;
      int32_t r = 1 << (kFractionBits - 1), g = r, b = r;
      for (int32_t k = 0; k < x_taps_.size[i]; ++k) {
        r += weight[k] * pixel[3 * k];
        g += weight[k] * pixel[3 * k + 1];
        b += weight[k] * pixel[3 * k + 2];
      }
      *out++ = clamp8(r);
      *out++ = clamp8(g);
      *out++ = clamp8(b);
    }
  }
}

void Resizer::vertical(const uint8_t* in, uint8_t* out) const {
  const int64_t width = out_width_ * 3;  // bytes of a row
  std::vector<int32_t> sums(static_cast<size_t>(width));
  for (int64_t y = 0; y < out_height_; ++y) {
    const auto i = static_cast<size_t>(y);
    std::fill(sums.begin(), sums.end(), 1 << (kFractionBits - 1));
    for (int32_t k = 0; k < y_taps_.size[i]; ++k) {
      const int32_t weight = y_taps_.weight[static_cast<size_t>(y * y_taps_.stride + k)];
      const uint8_t* line = in + (y_taps_.first[i] + k) * width;
      for (int64_t x = 0; x < width; ++x) sums[static_cast<size_t>(x)] += weight * line[x];
    }
    for (int64_t x = 0; x < width; ++x) *out++ = clamp8(sums[static_cast<size_t>(x)]);
  }
}

const Picture& Resizer::resize(const Picture& in) {
  GERBIL_ASSERT(in.width == in_width_ && in.height == in_height_);
  const bool wider = in_width_ != out_width_, higher = in_height_ != out_height_;
  if (!wider && !higher) return in;
  out_.width = out_width_;
  out_.height = out_height_;
  out_.rgb.resize(static_cast<size_t>(out_width_ * out_height_ * 3));
  const uint8_t* rows = in.rgb.data();
  if (wider) {
    if (higher) between_.resize(static_cast<size_t>(out_width_ * in_height_ * 3));
    uint8_t* to = higher ? between_.data() : out_.rgb.data();
    horizontal(rows, in_width_, in_height_, to);
    rows = to;
  }
  if (higher) vertical(rows, out_.rgb.data());
  return out_;
}

Picture resize_bicubic(const Picture& in, int64_t width, int64_t height) {
  Resizer resizer(in.width, in.height, width, height);
  return resizer.resize(in);
}

}  // namespace gerbil::media
