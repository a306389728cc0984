#include "kernels/quantize_tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantize_tiles.cc"
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/check.h"
#include "kernels/foreach_target.h"
#include "kernels/simd-inl.h"
#include "tensor/quant/group_candidates.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
namespace quant = tensor::quant;
using Words = hn::RebindToSigned<Floats>;
constexpr Words kWords;
using IntVector = hn::Vec<Words>;

// A group in memory, filled up with zeros: they have code and fraction 0.
struct Group {
  const float* values;
  int64_t size;  // a multiple of kBlock
};

// The first of the numbers of largest magnitude.
float largest_of(const Group& group) {
  FloatVector most = hn::Zero(kFloats);
  for (int64_t i = 0; i < group.size; i += kLanes)
    most = hn::Max(most, hn::Abs(hn::Load(kFloats, group.values + i)));
  const float magnitude = hn::GetLane(hn::MaxOfLanes(kFloats, most));
  const float* first = std::find_if(group.values, group.values + group.size,
                                    [&](float value) { return std::fabs(value) == magnitude; });
  return *first;
}

float group_scale(const Group& group, int bits) {
  const float largest = largest_of(group);
  const auto middle = static_cast<float>(quant::middle_code(bits));
  if (std::fabs(largest) < std::numeric_limits<float>::min()) return 0;
  const float to_fraction = quant::kFractions / largest;
  if (!std::isfinite(to_fraction)) return 0;

  HWY_ALIGN int32_t fraction[quant::kLongestGroup];
  HWY_ALIGN float as_float[quant::kLongestGroup];
  const FloatVector factor = hn::Set(kFloats, to_fraction);
  for (int64_t i = 0; i < group.size; i += kLanes) {
    const IntVector f = hn::NearestInt(hn::Mul(hn::Load(kFloats, group.values + i), factor));
    hn::Store(f, kWords, fraction + i);
    hn::Store(hn::ConvertTo(kFloats, f), kFloats, as_float + i);
  }

  const IntVector low = hn::Set(kWords, 1 - quant::middle_code(bits));
  const IntVector high = hn::Set(kWords, quant::middle_code(bits));
  quant::CandidateSums best = quant::kNoCandidate;
  for (const float candidate : quant::kCandidates) {
    const FloatVector to_code = hn::Set(kFloats, middle * candidate * (1.0f / quant::kFractions));
    IntVector product = hn::Zero(kWords), square = hn::Zero(kWords);
    for (int64_t i = 0; i < group.size; i += kLanes) {
      const FloatVector at = hn::Mul(hn::Load(kFloats, as_float + i), to_code);
      const IntVector code = hn::Max(hn::Min(hn::NearestInt(at), high), low);
      product = hn::Add(product, hn::Mul(code, hn::Load(kWords, fraction + i)));
      square = hn::Add(square, hn::Mul(code, code));
    }
    const quant::CandidateSums sums{hn::GetLane(hn::SumOfLanes(kWords, product)),
                                    hn::GetLane(hn::SumOfLanes(kWords, square))};
    if (sums.better_than(best)) best = sums;
  }
  return quant::scale_of(best, to_fraction);
}

void group_codes(const Group& group, int bits, float scale, uint8_t* codes) {
  const int32_t middle = quant::middle_code(bits);
  const FloatVector inverse = hn::Set(kFloats, scale == 0 ? 0.0f : 1.0f / scale);
  const FloatVector low = hn::Set(kFloats, static_cast<float>(-middle));
  const FloatVector high = hn::Set(kFloats, static_cast<float>(middle - 1));
  const hn::Rebind<uint8_t, Floats> bytes;
  for (int64_t i = 0; i < group.size; i += kLanes) {
    const FloatVector at = hn::Mul(hn::Load(kFloats, group.values + i), inverse);
    const IntVector code = hn::NearestInt(hn::Clamp(at, low, high));
    hn::StoreU(hn::DemoteTo(bytes, hn::Add(code, hn::Set(kWords, middle))), bytes, codes + i);
  }
}

}  // namespace

void quantize(const TileLayout& layout, int64_t outputs, const float* rows, std::byte* tile) {
  const int64_t group = layout.format.group;
  const int64_t groups = layout.groups();
  const int bits = layout.format.bits;
  std::vector<uint8_t> codes(static_cast<size_t>(outputs * layout.columns));
  std::vector<quant::GroupParameters> parameters(static_cast<size_t>(outputs * groups));
  HWY_ALIGN float values[quant::kLongestGroup];
  HWY_ALIGN uint8_t whole[quant::kLongestGroup];
  for (int64_t n = 0; n < outputs; ++n)
    for (int64_t g = 0; g < groups; ++g) {
      const int64_t first = g * group;
      const int64_t count = std::min(group, layout.columns - first);
      std::fill(std::copy_n(rows + n * layout.columns + first, count, values), values + group,
                0.0f);
      const Group padded{values, group};
      float& scale = parameters[static_cast<size_t>(n * groups + g)].scale;
      scale = group_scale(padded, bits);
      group_codes(padded, bits, scale, whole);
      std::copy_n(whole, count, codes.data() + n * layout.columns + first);
    }
  pack_tile(layout, outputs, codes.data(), parameters.data(), tile);
}

}  // namespace gerbil::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels {

HWY_EXPORT(quantize);
void quantize_tile(const TileLayout& layout, int64_t outputs, const float* rows, std::byte* tile) {
  GERBIL_ASSERT(layout.format.form == tensor::quant::Form::kScale &&
                layout.format.scale == tensor::DType::kF16 &&
                layout.format.group <= tensor::quant::kLongestGroup && outputs <= kOutputsPerTile);
  HWY_DYNAMIC_DISPATCH(quantize)(layout, outputs, rows, tile);
}

}  // namespace gerbil::kernels
#endif
