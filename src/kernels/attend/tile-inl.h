// attend, many queries at a time: a page of keys and values after the other (softmax_block-inl.h).
// Compiled once per instruction set: see kernels/simd-inl.h.
#if defined(GERBIL_KERNELS_ATTEND_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_ATTEND_TILE_INL_H
#undef GERBIL_KERNELS_ATTEND_TILE_INL_H
#else
#define GERBIL_KERNELS_ATTEND_TILE_INL_H
#endif

#include "kernels/attend/blocks-inl.h"
#include "kernels/scratch_tasks.h"
#include "kernels/softmax_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::attend::HWY_NAMESPACE {

inline constexpr int64_t kTileQueries = 2 * kLanes;

// A worker's memory: queries and sums as [dim][queries], a page of keys and values as floats, a
// page of scores as [position][queries].
struct TileMemory {
  float* queries = nullptr;
  float* sums = nullptr;
  float* keys = nullptr;
  float* values = nullptr;
  float* scores = nullptr;
  float* scales = nullptr;

  static uint64_t bytes(int64_t dim) {
    return sizeof(float) * static_cast<uint64_t>(2 * dim * kTileQueries + 2 * kPagePositions * dim +
                                                 kPagePositions * kTileQueries + scales_size(dim));
  }
  TileMemory(std::byte* at, int64_t dim) {
    const auto take = [&](int64_t count) {
      auto* from = reinterpret_cast<float*>(at);
      at += static_cast<uint64_t>(count) * sizeof(float);
      return from;
    };
    queries = take(dim * kTileQueries);
    sums = take(dim * kTileQueries);
    scores = take(kPagePositions * kTileQueries);
    keys = take(kPagePositions * dim);
    values = take(kPagePositions * dim);
    scales = take(scales_size(dim));
  }
};

// Positions [begin, end) of a page as floats, zeros in the others of [0, filled).
template <class Block>
const float* page_floats(const Block& from, float* to, const PagePart& part, int64_t filled,
                         int64_t dim) {
  if constexpr (std::is_same_v<Block, PlainBlock<float>>)
    if (part.begin == 0 && part.end == kPagePositions) return from.numbers;
  std::fill(to, to + part.begin * dim, 0.0f);
  std::fill(to + part.end * dim, to + filled * dim, 0.0f);
  const int64_t whole = dim / kLanes * kLanes;
  for (int64_t j = part.begin; j < part.end; ++j) {
    for (int64_t i = 0; i < whole; i += kLanes)
      hn::StoreU(from.load(j, i), kFloats, to + j * dim + i);
    if (whole < dim) store_tail(from.load_tail(j, whole), to + j * dim + whole, dim - whole);
  }
  return to;
}

// Lanes of a tile: their rows, heads and indices.
template <int kVectors>
struct TileLanes {
  static constexpr int64_t kCount = kVectors * kLanes;
  int64_t first_query = 0;  // among the run's (row, head of the group) pairs
  int64_t used = 0;
  Range any;                         // of all lanes
  Range each;                        // what every used lane sees
  HWY_ALIGN int32_t before[kCount];  // the last index in front of a lane's range
  HWY_ALIGN int32_t behind[kCount];  // the first one behind it

  TileLanes(const Unit& unit, int64_t begin)
      : first_query(begin), used(std::min(kCount, unit.rows * unit.group - begin)) {
    each = unit.part;
    for (int64_t lane = 0; lane < kCount; ++lane) {
      const Range range = lane < used ? unit.range(row(unit, lane)) : Range{};
      before[lane] = static_cast<int32_t>(range.first - 1);
      behind[lane] = static_cast<int32_t>(range.last + 1);
      if (lane >= used) continue;
      if (range.first <= range.last) any.include(range);
      each.first = std::max(each.first, range.first);
      each.last = std::min(each.last, range.last);
    }
  }
  int64_t row(const Unit& unit, int64_t lane) const {
    return unit.first_row + (first_query + lane) / unit.group;
  }
  int64_t head(const Unit& unit, int64_t lane) const {
    return unit.kv_head * unit.group + (first_query + lane) % unit.group;
  }
};

// One page: scores, their softmax so far, and its values added to the sums.
template <int kVectors>
void add_page(const Unit& unit, const TileLanes<kVectors>& lanes, int64_t page, const float* keys,
              const float* values, const PagePart& part, const TileMemory& memory,
              SoftmaxState<kVectors>& state) {
  const int64_t dim = unit.call->inputs[0].dim;
  const int64_t begin = part.begin / kTileRows * kTileRows;
  const int64_t end = (part.end + kTileRows - 1) / kTileRows * kTileRows;
  const int64_t start = page * kPagePositions + begin;
  const bool masked = start < lanes.each.first || start + end - begin - 1 > lanes.each.last;
  const hn::RebindToSigned<Floats> ints;
  add_softmax_block<kVectors>(
      {.keys = keys + begin * dim,
       .values = values + begin * dim,
       .count = end - begin,
       .dim = dim,
       .queries = memory.queries,
       .scores = memory.scores,
       .sums = memory.sums},
      unit.scale, masked,
      [&](int64_t j, int v) HWY_ATTR {
        const auto index = hn::Set(ints, static_cast<int32_t>(start + j));
        return hn::RebindMask(kFloats,
                              hn::And(hn::Gt(index, hn::Load(ints, lanes.before + v * kLanes)),
                                      hn::Lt(index, hn::Load(ints, lanes.behind + v * kLanes))));
      },
      state);
}

template <class Block, int kVectors>
void attend_tile(const Unit& unit, int64_t first_query, std::byte* slice) {
  constexpr int64_t kCount = TileLanes<kVectors>::kCount;
  const TensorView& q = unit.call->inputs[0];
  const TileMemory memory(slice, q.dim);
  const TileLanes<kVectors> lanes(unit, first_query);
  std::fill(memory.queries, memory.queries + q.dim * kCount, 0.0f);
  std::fill(memory.sums, memory.sums + q.dim * kCount, 0.0f);
  for (int64_t lane = 0; lane < lanes.used; ++lane) {
    const float* from = q.f32(lanes.row(unit, lane), lanes.head(unit, lane));
    for (int64_t i = 0; i < q.dim; ++i) memory.queries[i * kCount + lane] = from[i];
  }
  SoftmaxState<kVectors> state;

  for (int64_t page = lanes.any.first / kPagePositions; page * kPagePositions <= lanes.any.last;
       ++page) {
    const PagePart part = part_of_page(page, lanes.any);
    const int64_t filled = (part.end + kTileRows - 1) / kTileRows * kTileRows;
    const float* keys =
        page_floats(Block::keys(unit, page, memory.scales), memory.keys, part, filled, q.dim);
    const float* values =
        page_floats(Block::values(unit, page, memory.scales), memory.values, part, filled, q.dim);
    add_page<kVectors>(unit, lanes, page, keys, values, part, memory, state);
  }

  HWY_ALIGN float largest[kCount];
  HWY_ALIGN float sum[kCount];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    hn::Store(state.largest[v], kFloats, largest + v * kLanes);
    hn::Store(state.sum[v], kFloats, sum + v * kLanes);
  }
  for (int64_t lane = 0; lane < lanes.used; ++lane) {
    const int64_t row = lanes.row(unit, lane);
    const int64_t head = lanes.head(unit, lane);
    float factor = 1.0f;
    float* to = nullptr;
    if (unit.sink.partials == nullptr) {
      to = unit.call->outputs[0].f32(row, head);
      factor = 1.0f / sum[lane];
    } else {
      float* partial = unit.sink.partial(row, head, unit.sink.part);
      partial[0] = largest[lane];
      partial[1] = sum[lane];
      to = partial + 16;
    }
    for (int64_t i = 0; i < q.dim; ++i) to[i] = memory.sums[i * kCount + lane] * factor;
  }
}

}  // namespace gerbil::kernels::attend::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
