// Bicubic resizing with antialiasing of 8-bit RGB, bit for bit as Pillow's Image.resize does it:
// the processors of published checkpoints are defined over that.
//
// a = -0.5; when shrinking, the kernel widens with the scale; weights are fixed-point with 22
// fractional bits; the horizontal pass comes first, and its result is rounded and clamped to 8 bits
// before the vertical one. (Pillow: src/libImaging/Resample.c.)
//
// A Resizer is made for one pair of sizes and reused over frames; it keeps its scratch memory, so
// it belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "media/picture.h"

namespace gerbil::media {

class Resizer {
 public:
  // All sides are at least 1.
  Resizer(int64_t in_width, int64_t in_height, int64_t out_width, int64_t out_height);

  int64_t out_width() const { return out_width_; }
  int64_t out_height() const { return out_height_; }
  // `in` has the size that the Resizer was made for; the result is valid until the next call, and
  // `in` itself where no size changes.
  const Picture& resize(const Picture& in);

 private:
  // Output i is the sum over k < size of weight[i * stride + k] * input[first[i] + k].
  struct Taps {
    std::vector<int32_t> first;
    std::vector<int32_t> size;
    std::vector<int32_t> weight;
    int64_t stride = 0;
  };
  static Taps make_taps(int64_t in_size, int64_t out_size);
  void horizontal(const uint8_t* in, int64_t in_width, int64_t rows, uint8_t* out) const;
  void vertical(const uint8_t* in, uint8_t* out) const;

  int64_t in_width_, in_height_, out_width_, out_height_;
  Taps x_taps_, y_taps_;
  std::vector<uint8_t> between_;  // [in_height][out_width][3]
  Picture out_;
};

Picture resize_bicubic(const Picture& in, int64_t width, int64_t height);

}  // namespace gerbil::media
