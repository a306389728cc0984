#include <hwy/base.h>

#include <algorithm>
#include <cstring>

#include "base/half.h"
#include "kernels/linear/int8.h"

namespace gerbil::kernels::linear {
namespace {

struct Isa {
  static constexpr int kLanes = 4;
  static constexpr int kRows = 2;
  static constexpr int kVectors = 1;
  static constexpr bool kSignedBytes = false;
  static constexpr int kPairBits = 0;
  static constexpr bool kPairsOfRows = false;
  struct Int {
    uint32_t lane[kLanes];
  };
  struct Float {
    float lane[kLanes];
  };

  template <class V, class F>
  static V each(F&& f) {
    V v;
    for (int i = 0; i < kLanes; ++i) v.lane[i] = f(i);
    return v;
  }
  static Int set(int32_t v) {
    return each<Int>([&](int) { return static_cast<uint32_t>(v); });
  }
  static Float set(float v) {
    return each<Float>([&](int) { return v; });
  }
  static Float zero() { return set(0.0f); }
  static Int load(const std::byte* from) {
    Int v;
    std::memcpy(v.lane, from, sizeof(v.lane));
    return v;
  }
  template <int kShift, int kMask>
  static Int bits(Int v) {
    return each<Int>([&](int i) { return (v.lane[i] >> kShift) & (0x01010101u * kMask); });
  }
  template <int kShift>
  static Int raise(Int v) {
    return each<Int>([&](int i) { return v.lane[i] << kShift; });
  }
  static Int join(Int a, Int b) {
    return each<Int>([&](int i) { return a.lane[i] | b.lane[i]; });
  }
  static Int add(Int a, Int b) {
    return each<Int>([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  static Int broadcast(const int8_t* x) {
    int32_t four;
    std::memcpy(&four, x, sizeof(four));
    return set(four);
  }
  template <int kBits>
  static Int dot(Int sum, Int codes, Int x) {
    return each<Int>([&](int i) {
      int32_t products = 0;
      for (int byte = 0; byte < 32; byte += 8)
        products += static_cast<int32_t>((codes.lane[i] >> byte) & 255u) *
                    static_cast<int8_t>(x.lane[i] >> byte);
      return sum.lane[i] + static_cast<uint32_t>(products);
    });
  }
  static Int sub_product(Int zeros, int32_t sum) {
    return each<Int>([&](int i) { return zeros.lane[i] * static_cast<uint32_t>(-sum); });
  }
  static Int load_zeros(const std::byte* from) {
    return each<Int>([&](int i) { return static_cast<uint32_t>(from[i]); });
  }
  static Float load_f16(const std::byte* from) {
    Half halves[kLanes];
    std::memcpy(halves, from, sizeof(halves));
    return each<Float>([&](int i) { return gerbil::to_float(halves[i]); });
  }
  static Float load_f32(const std::byte* from) {
    Float v;
    std::memcpy(v.lane, from, sizeof(v.lane));
    return v;
  }
  static Float to_float(Int v) {
    return each<Float>([&](int i) { return static_cast<float>(static_cast<int32_t>(v.lane[i])); });
  }
  static Float mul(Float a, Float b) {
    return each<Float>([&](int i) { return a.lane[i] * b.lane[i]; });
  }
  static Float mul_add(Float a, Float b, Float c) {
    return each<Float>([&](int i) { return a.lane[i] * b.lane[i] + c.lane[i]; });
  }
  static void store(Float v, float* to) { std::memcpy(to, v.lane, sizeof(v.lane)); }
};

#include "kernels/linear/int8_tiles-inl.h"

}  // namespace

void int8_portable(const Int8Product& p, int64_t row, int64_t last_row, int64_t tile,
                   int64_t last_tile) {
  multiply(p, row, last_row, tile, last_tile);
}

}  // namespace gerbil::kernels::linear
