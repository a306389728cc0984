// Blocks: the keys or the values of one kv head in a page, as the kernels read and write them, one
// type of block for each type of page. Numbers are decoded into registers where they are used.
// Compiled once per instruction set: see kernels/simd-inl.h.
//
//   Block::keys(unit, page, scales), values(…)   the block; `scales` is scales_size(dim) floats of
//                                                memory that it may use for as long as it lives
//   Block::fetch(unit, page)                     asks for both, to have them in the second-level
//                                                cache when they are read: each is too short a run
//                                                for the processor to notice it by itself
//   load(position, i), load_tail(position, i)    a vector of numbers from dimension i on
//   Block::store(kv, page, head, position, key, value)
#if defined(GERBIL_KERNELS_ATTEND_BLOCKS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_ATTEND_BLOCKS_INL_H
#undef GERBIL_KERNELS_ATTEND_BLOCKS_INL_H
#else
#define GERBIL_KERNELS_ATTEND_BLOCKS_INL_H
#endif

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels/attend/pages-inl.h"
#include "kernels/attend/q8.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::attend::HWY_NAMESPACE {

HWY_INLINE void fetch_bytes(const void* from, int64_t count) {
  for (int64_t i = 0; i < count; i += 64)
    __builtin_prefetch(static_cast<const char*>(from) + i, 0, 2);  // reading, second level
}

inline void store_numbers(const float* from, float* to, int64_t count) {
  std::copy_n(from, count, to);
}
inline void store_numbers(const float* from, Half* to, int64_t count) {
  int64_t i = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || \
    HWY_TARGET == HWY_NEON  // a conversion of their own, rounding as to_half does
  const hn::Rebind<hwy::float16_t, Floats> halves;
  for (; i + kLanes <= count; i += kLanes) {
    const auto half = hn::DemoteTo(halves, hn::LoadU(kFloats, from + i));
    hn::StoreU(half, halves, reinterpret_cast<hwy::float16_t*>(to + i));
  }
#endif
  for (; i < count; ++i) to[i] = to_half(from[i]);
}

template <class T>
struct PlainBlock {
  const T* numbers = nullptr;  // [32][dim]
  int64_t dim = 0;

  static PlainBlock keys(const Unit& unit, int64_t page, float* /*scales*/) {
    const KvView& kv = unit.call->kv;
    return {reinterpret_cast<const T*>(unit.page(page)) + kv.key_offset(unit.kv_head, 0),
            kv.head_dim};
  }
  static PlainBlock values(const Unit& unit, int64_t page, float* /*scales*/) {
    const KvView& kv = unit.call->kv;
    return {reinterpret_cast<const T*>(unit.page(page)) + kv.value_offset(unit.kv_head, 0),
            kv.head_dim};
  }
  static void fetch(const Unit& unit, int64_t page) {
    const int64_t size = kPagePositions * unit.call->kv.head_dim * static_cast<int64_t>(sizeof(T));
    fetch_bytes(keys(unit, page, nullptr).numbers, size);
    fetch_bytes(values(unit, page, nullptr).numbers, size);
  }
  static void store(const KvView& kv, std::byte* page, int64_t head, int64_t position,
                    const float* key, const float* value) {
    auto* to = reinterpret_cast<T*>(page);
    store_numbers(key, to + kv.key_offset(head, position), kv.head_dim);
    store_numbers(value, to + kv.value_offset(head, position), kv.head_dim);
  }

  HWY_INLINE FloatVector load(int64_t position, int64_t i) const {
    return load_weights(numbers + position * dim + i);
  }
  HWY_INLINE FloatVector load_tail(int64_t position, int64_t i) const {
    return load_weights_tail(numbers + position * dim + i, dim - i);
  }
};

// int8 codes as floats.
HWY_INLINE FloatVector load_codes(const int8_t* from) {
  const hn::Rebind<int8_t, Floats> bytes;
  const hn::RebindToSigned<Floats> ints;
  return hn::ConvertTo(kFloats, hn::PromoteTo(ints, hn::LoadU(bytes, from)));
}

// quantize_group of q8.h for 32 numbers.
inline Half quantize_whole_group(const float* from, int8_t* to) {
  const hn::RebindToSigned<Floats> ints;
  const hn::Rebind<int8_t, Floats> bytes;
  const auto magnitude = hn::Set(ints, 0x7fffffff);
  auto largest = hn::Zero(ints);
  for (int64_t i = 0; i < graph::kKvGroup; i += kLanes)
    largest = hn::Max(largest, hn::And(magnitude, hn::BitCast(ints, hn::LoadU(kFloats, from + i))));
  const Half scale = q8_scale(hn::GetLane(hn::MaxOfLanes(ints, largest)));
  const float factor = q8_factor(scale);
  if (factor == 0) {
    std::memset(to, 0, graph::kKvGroup);
    return scale;
  }
  const FloatVector factors = hn::Set(kFloats, factor);
  for (int64_t i = 0; i < graph::kKvGroup; i += kLanes) {
    const auto codes = hn::NearestInt(hn::Mul(hn::LoadU(kFloats, from + i), factors));
    hn::StoreU(hn::DemoteTo(bytes, codes), bytes, to + i);
  }
  return scale;
}

struct CodedBlock {
  const int8_t* codes = nullptr;  // [32][dim]
  const float* scales = nullptr;  // [groups][32]
  int64_t dim = 0;

  static CodedBlock decode_scales(const Q8Block& block, float* scales) {
    const int64_t count = graph::kv_groups(block.dim) * kPagePositions;
    for (int64_t i = 0; i < count; i += kLanes)
      hn::StoreU(load_weights(block.scales + i), kFloats, scales + i);
    return {block.codes, scales, block.dim};
  }
  static CodedBlock keys(const Unit& unit, int64_t page, float* scales) {
    return decode_scales(Q8Block::keys(unit.call->kv, unit.page(page), unit.kv_head), scales);
  }
  static CodedBlock values(const Unit& unit, int64_t page, float* scales) {
    return decode_scales(Q8Block::values(unit.call->kv, unit.page(page), unit.kv_head), scales);
  }
  static void fetch(const Unit& unit, int64_t page) {
    const KvView& kv = unit.call->kv;
    const int64_t size = Q8Block::bytes(kv.head_dim);
    fetch_bytes(Q8Block::keys(kv, unit.page(page), unit.kv_head).codes, size);
    fetch_bytes(Q8Block::values(kv, unit.page(page), unit.kv_head).codes, size);
  }
  static void store(const KvView& kv, std::byte* page, int64_t head, int64_t position,
                    const float* key, const float* value) {
    quantize(Q8Block::keys(kv, page, head), position, key);
    quantize(Q8Block::values(kv, page, head), position, value);
  }
  static void quantize(const Q8Block& block, int64_t position, const float* numbers) {
    int64_t i = 0;
    for (; i + graph::kKvGroup <= block.dim; i += graph::kKvGroup)
      block.scale(position, i) = quantize_whole_group(numbers + i, block.code(position, i));
    if (i < block.dim)
      block.scale(position, i) =
          quantize_group(numbers + i, block.dim - i, block.code(position, i));
  }

  // Groups begin and end with vectors.
  static_assert(graph::kKvGroup % kLanes == 0 && kPagePositions % kLanes == 0);
  HWY_INLINE FloatVector scale(int64_t position, int64_t i) const {
    return hn::Set(kFloats, scales[i / graph::kKvGroup * kPagePositions + position]);
  }
  HWY_INLINE FloatVector load(int64_t position, int64_t i) const {
    return hn::Mul(load_codes(codes + position * dim + i), scale(position, i));
  }
  HWY_INLINE FloatVector load_tail(int64_t position, int64_t i) const {
    HWY_ALIGN int8_t lanes[kLanes] = {};
    std::memcpy(lanes, codes + position * dim + i, static_cast<size_t>(dim - i));
    return hn::Mul(load_codes(lanes), scale(position, i));
  }
};

// Floats of memory that a block may need.
inline int64_t scales_size(int64_t dim) { return graph::kv_groups(dim) * kPagePositions; }

}  // namespace gerbil::kernels::attend::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
