// attend, one row at a time: vector lanes are dimensions, so that a page is read once for all query
// heads of its kv head, whatever their number. Compiled once per instruction set: see
// kernels/simd-inl.h.
#if defined(GERBIL_KERNELS_ATTEND_ROW_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_ATTEND_ROW_INL_H
#undef GERBIL_KERNELS_ATTEND_ROW_INL_H
#else
#define GERBIL_KERNELS_ATTEND_ROW_INL_H
#endif

#include "kernels/attend/blocks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::attend::HWY_NAMESPACE {

// A worker's memory: the group's queries and sums as [head][padded(dim)], scores of a page as
// [head][position], a page's scales.
struct RowMemory {
  float* queries = nullptr;
  float* sums = nullptr;
  float* scores = nullptr;
  float* key_scales = nullptr;
  float* value_scales = nullptr;

  static uint64_t bytes(int64_t dim, int64_t group) {
    return sizeof(float) *
           static_cast<uint64_t>(group * (2 * padded(dim) + kPagePositions) + 2 * scales_size(dim));
  }
  RowMemory(std::byte* at, int64_t dim, int64_t group)
      : queries(reinterpret_cast<float*>(at)),
        sums(queries + group * padded(dim)),
        scores(sums + group * padded(dim)),
        key_scales(scores + group * kPagePositions),
        value_scales(key_scales + scales_size(dim)) {}
};

// scores[h][j] for kHeads heads and the keys of the positions; four keys at a time, those around
// the part replaced by its own.
template <int kHeads, class Block>
HWY_INLINE void score_keys(const Block& keys, int64_t dim, const PagePart& part,
                           const float* queries, float* scores) {
  const int64_t whole = dim / kLanes * kLanes;
  for (int64_t j = part.begin / 4 * 4; j < part.end; j += 4) {
    int64_t key[4];
    for (int64_t n = 0; n < 4; ++n) key[n] = std::clamp(j + n, part.begin, part.end - 1);
    FloatVector dots[kHeads][4];
#pragma GCC unroll 2
    for (int h = 0; h < kHeads; ++h)
#pragma GCC unroll 4
      for (int n = 0; n < 4; ++n) dots[h][n] = hn::Zero(kFloats);
    const auto add = [&](int64_t i, auto load) HWY_ATTR {
      FloatVector query[kHeads];
#pragma GCC unroll 2
      for (int h = 0; h < kHeads; ++h) query[h] = hn::Load(kFloats, queries + h * padded(dim) + i);
#pragma GCC unroll 4
      for (int n = 0; n < 4; ++n) {
        const FloatVector lanes = load(key[n], i);
#pragma GCC unroll 2
        for (int h = 0; h < kHeads; ++h) dots[h][n] = hn::MulAdd(query[h], lanes, dots[h][n]);
      }
    };
    for (int64_t i = 0; i < whole; i += kLanes)
      add(i, [&](int64_t at, int64_t from) HWY_ATTR { return keys.load(at, from); });
    if (whole < dim)
      add(whole, [&](int64_t at, int64_t from) HWY_ATTR { return keys.load_tail(at, from); });
#pragma GCC unroll 2
    for (int h = 0; h < kHeads; ++h)
      sums_of_four(dots[h][0], dots[h][1], dots[h][2], dots[h][3], scores + h * kPagePositions + j);
  }
}

// sums[h] = sums[h] * rescale[h] + sum_j weights[h][j] values[j] for kHeads heads and the vectors
// at dimension i; `load` makes a vector of a value's numbers.
template <int kHeads, int kVectors, class Load>
HWY_INLINE void add_values(int64_t dim, int64_t i, const PagePart& part, const float* weights,
                           const float* rescale, float* sums, Load load) {
  FloatVector total[kHeads][kVectors];
#pragma GCC unroll 2
  for (int h = 0; h < kHeads; ++h)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v)
      total[h][v] = hn::Mul(hn::Load(kFloats, sums + h * padded(dim) + i + v * kLanes),
                            hn::Set(kFloats, rescale[h]));
  for (int64_t j = part.begin; j < part.end; ++j) {
    FloatVector lanes[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) lanes[v] = load(j, i + v * kLanes);
#pragma GCC unroll 2
    for (int h = 0; h < kHeads; ++h) {
      const FloatVector weight = hn::Set(kFloats, weights[h * kPagePositions + j]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) total[h][v] = hn::MulAdd(weight, lanes[v], total[h][v]);
    }
  }
#pragma GCC unroll 2
  for (int h = 0; h < kHeads; ++h)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v)
      hn::Store(total[h][v], kFloats, sums + h * padded(dim) + i + v * kLanes);
}

struct Softmax {
  float largest = kLowest;
  float sum = 0;
};

// Scores of a page become weights. Returns what earlier sums are to be multiplied by.
inline float soften(float* scores, const PagePart& part, Softmax& state) {
  std::fill(scores, scores + part.begin, kLowest);
  std::fill(scores + part.end, scores + kPagePositions, kLowest);
  FloatVector maxima = hn::Set(kFloats, state.largest);
  for (int64_t j = 0; j < kPagePositions; j += kLanes)
    maxima = hn::Max(maxima, hn::Load(kFloats, scores + j));
  const float largest = hn::GetLane(hn::MaxOfLanes(kFloats, maxima));
  const FloatVector shift = hn::Set(kFloats, largest);
  FloatVector sum = hn::Zero(kFloats);
  for (int64_t j = 0; j < kPagePositions; j += kLanes) {
    const FloatVector weight = hn::Exp(kFloats, hn::Sub(hn::Load(kFloats, scores + j), shift));
    hn::Store(weight, kFloats, scores + j);
    sum = hn::Add(sum, weight);
  }
  float rescale = 1;
  if (largest != state.largest) {
    rescale = hn::GetLane(hn::Exp(kFloats, hn::Set(kFloats, state.largest - largest)));
    state.largest = largest;
  }
  state.sum = state.sum * rescale + hn::GetLane(hn::SumOfLanes(kFloats, sum));
  return rescale;
}

template <int kHeads, class Block>
HWY_INLINE void add_row_page(const Block& keys, const Block& values, int64_t dim,
                             const PagePart& part, const RowMemory& memory, int64_t head,
                             Softmax* states) {
  float* scores = memory.scores + head * kPagePositions;
  float* sums = memory.sums + head * padded(dim);
  score_keys<kHeads>(keys, dim, part, memory.queries + head * padded(dim), scores);
  float rescale[kHeads];
  for (int h = 0; h < kHeads; ++h)
    rescale[h] = soften(scores + h * kPagePositions, part, states[head + h]);
  const auto load = [&](int64_t j, int64_t from) HWY_ATTR { return values.load(j, from); };
  int64_t i = 0;
  for (; i + 4 * kLanes <= dim; i += 4 * kLanes)
    add_values<kHeads, 4>(dim, i, part, scores, rescale, sums, load);
  for (; i + kLanes <= dim; i += kLanes)
    add_values<kHeads, 1>(dim, i, part, scores, rescale, sums, load);
  if (i < dim)
    add_values<kHeads, 1>(dim, i, part, scores, rescale, sums,
                          [&](int64_t j, int64_t from)
                              HWY_ATTR { return values.load_tail(j, from); });
}

inline constexpr int64_t kHeadsAtATime = 16;

template <class Block>
void attend_row(const Unit& unit, int64_t row, std::byte* slice) {
  const TensorView& q = unit.call->inputs[0];
  const int64_t dim = q.dim;
  const Range range = unit.range(row);
  for (int64_t head = 0; head < unit.group; head += kHeadsAtATime) {
    const int64_t heads = std::min(kHeadsAtATime, unit.group - head);
    const int64_t first_head = unit.kv_head * unit.group + head;
    const RowMemory memory(slice, dim, heads);
    Softmax states[kHeadsAtATime];
    std::fill(memory.queries, memory.queries + 2 * heads * padded(dim), 0.0f);  // and the sums
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t i = 0; i < dim; ++i)
        memory.queries[h * padded(dim) + i] = unit.scale * q.f32(row, first_head + h)[i];
    for (int64_t page = range.first / kPagePositions; page * kPagePositions <= range.last; ++page) {
      const PagePart part = part_of_page(page, range);
      if ((page + 1) * kPagePositions <= range.last) Block::fetch(unit, page + 1);
      const Block keys = Block::keys(unit, page, memory.key_scales);
      const Block values = Block::values(unit, page, memory.value_scales);
      int64_t h = 0;
      for (; h + 2 <= heads; h += 2) add_row_page<2>(keys, values, dim, part, memory, h, states);
      if (h < heads) add_row_page<1>(keys, values, dim, part, memory, h, states);
    }
    for (int64_t h = 0; h < heads; ++h) {
      const float* sums = memory.sums + h * padded(dim);
      if (unit.sink.partials == nullptr) {
        float* to = unit.call->outputs[0].f32(row, first_head + h);
        const float factor = 1.0f / states[h].sum;
        for (int64_t i = 0; i < dim; ++i) to[i] = sums[i] * factor;
      } else {
        float* partial = unit.sink.partial(row, first_head + h, unit.sink.part);
        partial[0] = states[h].largest;
        partial[1] = states[h].sum;
        std::copy_n(sums, dim, partial + 16);
      }
    }
  }
}

}  // namespace gerbil::kernels::attend::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
