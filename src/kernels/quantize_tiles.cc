#include "kernels/quantize_tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantize_tiles.cc"
#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/half.h"
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
#include "kernels/simd-inl.h"
#include "tensor/quant/group_candidates.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::HWY_NAMESPACE {
namespace {

// A lane is an output: the groups of a tile's 16 outputs are worked on side by side, column by
// column, and their codes come out in the order of the tile's words.

namespace hn = hwy::HWY_NAMESPACE;
namespace quant = tensor::quant;
using Words = hn::RebindToSigned<Floats>;
constexpr Words kWords;
using IntVector = hn::Vec<Words>;
static_assert(kOutputsPerTile % kLanes == 0);

constexpr auto kCandidateCount = static_cast<int64_t>(quant::kCandidates.size());

// Adding it rounds what lies in +-2^22 to the nearest integer, ties to even, as conversions do; the
// integer is in the low bits then.
constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23

// A group of columns of the 16 outputs, filled up with zeros.
struct Group {
  int64_t columns;                                                    // a multiple of kBlock
  HWY_ALIGN float values[quant::kLongestGroup * kOutputsPerTile];     // [column][output]
  HWY_ALIGN float fractions[quant::kLongestGroup * kOutputsPerTile];  // whole numbers
  // The fractions as int16, [column pair][output][2].
  HWY_ALIGN int16_t pairs[quant::kLongestGroup * kOutputsPerTile];
};

// values[k][n] = from[n * stride + k] for 16 outputs.
void transpose(const float* from, int64_t stride, Group& group) {
#if HWY_TARGET == HWY_SCALAR
  for (int64_t n = 0; n < kOutputsPerTile; ++n)
    for (int64_t k = 0; k < group.columns; ++k)
      group.values[k * kOutputsPerTile + n] = from[n * stride + k];
#else
  const hn::Full128<float> d;
  const hn::Full128<uint64_t> pairs;
  const auto as_pairs = [&](auto v) HWY_ATTR { return hn::BitCast(pairs, v); };
  for (int64_t n = 0; n < kOutputsPerTile; n += 4)
    for (int64_t k = 0; k < group.columns; k += 4) {
      const float* at = from + n * stride + k;
      const auto r0 = hn::LoadU(d, at), r1 = hn::LoadU(d, at + stride);
      const auto r2 = hn::LoadU(d, at + 2 * stride), r3 = hn::LoadU(d, at + 3 * stride);
      const auto low01 = as_pairs(hn::InterleaveLower(d, r0, r1));
      const auto high01 = as_pairs(hn::InterleaveUpper(d, r0, r1));
      const auto low23 = as_pairs(hn::InterleaveLower(d, r2, r3));
      const auto high23 = as_pairs(hn::InterleaveUpper(d, r2, r3));
      float* to = group.values + k * kOutputsPerTile + n;
      const auto put = [&](auto v) HWY_ATTR {
        hn::Store(hn::BitCast(d, v), d, to);
        to += kOutputsPerTile;
      };
      put(hn::InterleaveLower(pairs, low01, low23));
      put(hn::InterleaveUpper(pairs, low01, low23));
      put(hn::InterleaveLower(pairs, high01, high23));
      put(hn::InterleaveUpper(pairs, high01, high23));
    }
#endif
}

// Of outputs [n, n + kLanes): the first of the numbers of largest magnitude.
FloatVector largest_of(const Group& group, int64_t n) {
  FloatVector largest = hn::Zero(kFloats);
  for (int64_t k = 0; k < group.columns; ++k) {
    const FloatVector v = hn::Load(kFloats, group.values + k * kOutputsPerTile + n);
    largest = hn::IfThenElse(hn::Gt(hn::Abs(v), hn::Abs(largest)), v, largest);
  }
  return largest;
}

#if HWY_TARGET == HWY_SCALAR
void write_pair(FloatVector even, FloatVector odd, int16_t* to) {
  to[0] = static_cast<int16_t>(hn::GetLane(even));
  to[1] = static_cast<int16_t>(hn::GetLane(odd));
}
#else
using Shorts = hn::Repartition<int16_t, Floats>;
constexpr Shorts kShorts;

// The integers in the low bits of rounded numbers, side by side.
HWY_INLINE hn::Vec<Shorts> pair_of(FloatVector even, FloatVector odd) {
  const auto high = hn::ShiftLeft<16>(hn::BitCast(kWords, odd));
  return hn::OddEven(hn::BitCast(kShorts, high), hn::BitCast(kShorts, even));
}
#endif

void write_fractions(Group& group, int64_t n, FloatVector to_fraction) {
  const FloatVector rounder = hn::Set(kFloats, kRounder);
  for (int64_t k = 0; k < group.columns; k += 2) {
    const int64_t at = k * kOutputsPerTile + n;
    const FloatVector even =
        hn::Add(hn::Mul(hn::Load(kFloats, group.values + at), to_fraction), rounder);
    const FloatVector odd = hn::Add(
        hn::Mul(hn::Load(kFloats, group.values + at + kOutputsPerTile), to_fraction), rounder);
    const FloatVector whole_even = hn::Sub(even, rounder), whole_odd = hn::Sub(odd, rounder);
    hn::Store(whole_even, kFloats, group.fractions + at);
    hn::Store(whole_odd, kFloats, group.fractions + at + kOutputsPerTile);
    int16_t* pair = group.pairs + k * kOutputsPerTile + 2 * n;
#if HWY_TARGET == HWY_SCALAR
    write_pair(whole_even, whole_odd, pair);
#else
    hn::Store(pair_of(even, odd), kShorts, pair);
#endif
  }
}

// CandidateSums of outputs [n, n + kLanes).
void write_sums(const Group& group, int64_t n, float to_code, int32_t middle, int32_t* products,
                int32_t* squares) {
  const FloatVector rounder = hn::Set(kFloats, kRounder);
  const FloatVector factor = hn::Set(kFloats, to_code);
  const auto code_of = [&](int64_t at) HWY_ATTR {
    return hn::Add(hn::Mul(hn::Load(kFloats, group.fractions + at), factor), rounder);
  };
#if HWY_TARGET == HWY_SCALAR
  int32_t product = 0, square = 0;
  for (int64_t k = 0; k < group.columns; ++k) {
    const float whole = hn::GetLane(hn::Sub(code_of(k * kOutputsPerTile + n), rounder));
    const int32_t code = std::clamp(static_cast<int32_t>(whole), 1 - middle, middle);
    product += code * static_cast<int32_t>(group.fractions[k * kOutputsPerTile + n]);
    square += code * code;
  }
  products[n] = product;
  squares[n] = square;
#else
  const auto low = hn::Set(kShorts, static_cast<int16_t>(1 - middle));
  const auto high = hn::Set(kShorts, static_cast<int16_t>(middle));
  IntVector product = hn::Zero(kWords), product_rest = product;
  IntVector square = product, square_rest = product;
  for (int64_t k = 0; k < group.columns; k += 2) {
    const int64_t at = k * kOutputsPerTile + n;
    const auto code =
        hn::Max(hn::Min(pair_of(code_of(at), code_of(at + kOutputsPerTile)), high), low);
    const auto fraction = hn::Load(kShorts, group.pairs + k * kOutputsPerTile + 2 * n);
    product = hn::ReorderWidenMulAccumulate(kWords, code, fraction, product, product_rest);
    square = hn::ReorderWidenMulAccumulate(kWords, code, code, square, square_rest);
  }
  hn::Store(hn::RearrangeToOddPlusEven(product, product_rest), kWords, products + n);
  hn::Store(hn::RearrangeToOddPlusEven(square, square_rest), kWords, squares + n);
#endif
}

// Of each output the best of its candidates, by CandidateSums::better_than.
void choose_best(const int32_t* products, const int32_t* squares, float* product, float* square) {
#if HWY_HAVE_FLOAT64
  const hn::ScalableTag<double> doubles;
  const hn::Rebind<int32_t, decltype(doubles)> integers;
  const hn::Rebind<float, decltype(doubles)> floats;
  const auto step = static_cast<int64_t>(hn::Lanes(doubles));
  for (int64_t n = 0; n < kOutputsPerTile; n += step) {
    auto best_p = hn::Set(doubles, quant::kNoCandidate.product);
    auto best_s = hn::Set(doubles, quant::kNoCandidate.square);
    for (int64_t c = 0; c < kCandidateCount; ++c) {
      const int64_t at = c * kOutputsPerTile + n;
      const auto p = hn::PromoteTo(doubles, hn::Load(integers, products + at));
      const auto s = hn::PromoteTo(doubles, hn::Load(integers, squares + at));
      const auto better =
          hn::Gt(hn::Mul(hn::Mul(p, p), best_s), hn::Mul(hn::Mul(best_p, best_p), s));
      best_p = hn::IfThenElse(better, p, best_p);
      best_s = hn::IfThenElse(better, s, best_s);
    }
    hn::Store(hn::DemoteTo(floats, best_p), floats, product + n);
    hn::Store(hn::DemoteTo(floats, best_s), floats, square + n);
  }
#else
  for (int64_t n = 0; n < kOutputsPerTile; ++n) {
    quant::CandidateSums best = quant::kNoCandidate;
    for (int64_t c = 0; c < kCandidateCount; ++c) {
      const int64_t at = c * kOutputsPerTile + n;
      const quant::CandidateSums sums{products[at], squares[at]};
      if (sums.better_than(best)) best = sums;
    }
    product[n] = static_cast<float>(best.product);
    square[n] = static_cast<float>(best.square);
  }
#endif
}

// group_scale() of quantize.h, for 16 outputs.
void find_scales(Group& group, int32_t middle, Half* scales) {
  HWY_ALIGN float to_fraction[kOutputsPerTile];
  HWY_ALIGN int32_t products[kCandidateCount * kOutputsPerTile];
  HWY_ALIGN int32_t squares[kCandidateCount * kOutputsPerTile];
  for (int64_t n = 0; n < kOutputsPerTile; n += kLanes) {
    const FloatVector largest = largest_of(group, n);
    const FloatVector factor = hn::Div(hn::Set(kFloats, quant::kFractions), largest);
    const auto usable =
        hn::And(hn::Ge(hn::Abs(largest), hn::Set(kFloats, std::numeric_limits<float>::min())),
                hn::Le(hn::Abs(factor), hn::Set(kFloats, std::numeric_limits<float>::max())));
    const FloatVector used = hn::IfThenElseZero(usable, factor);
    hn::Store(used, kFloats, to_fraction + n);
    write_fractions(group, n, used);
    for (int64_t c = 0; c < kCandidateCount; ++c) {
      const float to_code = static_cast<float>(middle) *
                            quant::kCandidates[static_cast<size_t>(c)] * (1.0f / quant::kFractions);
      write_sums(group, n, to_code, middle, products + c * kOutputsPerTile,
                 squares + c * kOutputsPerTile);
    }
  }

  HWY_ALIGN float product[kOutputsPerTile];
  HWY_ALIGN float square[kOutputsPerTile];
  choose_best(products, squares, product, square);

  for (int64_t n = 0; n < kOutputsPerTile; n += kLanes) {
    const FloatVector factor = hn::Load(kFloats, to_fraction + n);
    const FloatVector in_fractions =
        hn::Div(hn::Load(kFloats, product + n), hn::Load(kFloats, square + n));
    const FloatVector scale =
        hn::Clamp(hn::Neg(hn::Div(in_fractions, factor)), hn::Set(kFloats, -quant::kLargestScale),
                  hn::Set(kFloats, quant::kLargestScale));
    const auto used = hn::Ne(factor, hn::Zero(kFloats));
    hn::Store(hn::IfThenElseZero(used, scale), kFloats, product + n);
  }
  std::transform(product, product + kOutputsPerTile, scales, to_half);
}

// words[step][output]: the codes of a block of the group, four columns in each word; those from
// `columns` on are 0, and so are the codes of outputs whose `present` is 0.
void write_words(const Group& group, int64_t block, int64_t columns, int32_t middle,
                 const float* inverses, const int32_t* present, int32_t* words) {
  const FloatVector low = hn::Set(kFloats, static_cast<float>(-middle));
  const FloatVector high = hn::Set(kFloats, static_cast<float>(middle - 1));
  // The middle is even: ties stay where they are.
  const FloatVector rounder = hn::Set(kFloats, kRounder + static_cast<float>(middle));
  const IntVector byte = hn::Set(kWords, 0xff);
  for (int64_t n = 0; n < kOutputsPerTile; n += kLanes) {
    const FloatVector inverse = hn::Load(kFloats, inverses + n);
    const IntVector mask = hn::Load(kWords, present + n);
    const auto code_of = [&](int64_t column) HWY_ATTR {
      if (column >= columns) return hn::Zero(kWords);
      const int64_t at = (block * quant::kBlock + column) * kOutputsPerTile + n;
      const FloatVector code = hn::Mul(hn::Load(kFloats, group.values + at), inverse);
      return hn::And(hn::BitCast(kWords, hn::Add(hn::Clamp(code, low, high), rounder)), byte);
    };
    for (int64_t step = 0; step < kSteps; ++step) {
      const IntVector lower = hn::Or(code_of(4 * step), hn::ShiftLeft<8>(code_of(4 * step + 1)));
      const IntVector upper =
          hn::Or(code_of(4 * step + 2), hn::ShiftLeft<8>(code_of(4 * step + 3)));
      hn::Store(hn::And(hn::Or(lower, hn::ShiftLeft<16>(upper)), mask), kWords,
                words + step * kOutputsPerTile + n);
    }
  }
}

// A plane of packed_tiles.h: bits [first, first + kBits) of the codes.
template <int kBits>
std::byte* write_plane(const int32_t* words, int first, std::byte* block) {
  constexpr int64_t kStepsPerChunk = kSteps / kBits;
  // Steps that share a chunk follow each other, but for four bits: c and c + 4.
  constexpr int64_t kStride = kBits == 4 ? 4 : 1;
  const IntVector mask = hn::Set(kWords, ((1 << kBits) - 1) * 0x01010101);
  for (int64_t chunk = 0; chunk < kBits; ++chunk) {
    const int64_t from = kBits == 4 ? chunk : chunk * kStepsPerChunk;
    for (int64_t n = 0; n < kOutputsPerTile; n += kLanes) {
      IntVector packed = hn::Zero(kWords);
      for (int64_t i = 0; i < kStepsPerChunk; ++i) {
        const IntVector word = hn::Load(kWords, words + (from + i * kStride) * kOutputsPerTile + n);
        packed = hn::Or(packed, hn::ShiftLeftSame(hn::And(hn::ShiftRightSame(word, first), mask),
                                                  static_cast<int>(i) * kBits));
      }
      hn::StoreU(packed, kWords, reinterpret_cast<int32_t*>(block) + n);
    }
    block += kChunkBytes;
  }
  return block;
}

std::byte* write_block(int bits, const int32_t* words, std::byte* block) {
  if (bits == 8) {
    std::memcpy(block, words, kSteps * kChunkBytes);
    return block + kSteps * kChunkBytes;
  }
  int first = 0;
  if (bits & 4) {
    block = write_plane<4>(words, first, block);
    first += 4;
  }
  if (bits & 2) {
    block = write_plane<2>(words, first, block);
    first += 2;
  }
  return bits & 1 ? write_plane<1>(words, first, block) : block;
}

}  // namespace

void quantize(const TileLayout& layout, int64_t outputs, const float* rows, std::byte* tile) {
  const int bits = layout.format.bits;
  const int32_t middle = quant::middle_code(bits);
  Group group;
  group.columns = layout.format.group;
  HWY_ALIGN int32_t present[kOutputsPerTile];
  for (int64_t n = 0; n < kOutputsPerTile; ++n) present[n] = n < outputs ? -1 : 0;
  HWY_ALIGN float padded[quant::kLongestGroup * kOutputsPerTile];
  HWY_ALIGN float inverses[kOutputsPerTile];
  HWY_ALIGN int32_t words[kSteps * kOutputsPerTile];
  for (int64_t first = 0; first < layout.columns; first += group.columns) {
    const int64_t columns = std::min(group.columns, layout.columns - first);
    if (outputs == kOutputsPerTile && columns == group.columns) {
      transpose(rows + first, layout.columns, group);
    } else {
      std::fill_n(padded, group.columns * kOutputsPerTile, 0.0f);
      for (int64_t n = 0; n < outputs; ++n)
        std::copy_n(rows + n * layout.columns + first, columns, padded + n * group.columns);
      transpose(padded, group.columns, group);
    }
    Half scales[kOutputsPerTile];
    find_scales(group, middle, scales);
    std::memcpy(tile, scales, sizeof(scales));
    tile += sizeof(scales);
    for (int64_t n = 0; n < kOutputsPerTile; ++n) {
      const float scale = to_float(scales[n]);
      inverses[n] = scale == 0 ? 0.0f : 1.0f / scale;
    }
    for (int64_t block = 0; block * quant::kBlock < columns; ++block) {
      write_words(group, block, columns - block * quant::kBlock, middle, inverses, present, words);
      tile = write_block(bits, words, tile);
    }
  }
}

}  // namespace gerbil::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels {

GERBIL_EXPORT(quantize);
void quantize_tile(const TileLayout& layout, platform::Isa isa, int64_t outputs, const float* rows,
                   std::byte* tile) {
  GERBIL_ASSERT(layout.format.form == tensor::quant::Form::kScale &&
                layout.format.scale == tensor::DType::kF16 &&
                layout.format.group <= tensor::quant::kLongestGroup && outputs <= kOutputsPerTile);
  quantize_for[isa](layout, outputs, rows, tile);
}

}  // namespace gerbil::kernels
#endif
