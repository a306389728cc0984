// Attention of a tile of queries to a block of keys: vector lanes are queries, so that scores,
// maxima and sums need no reduction across lanes, and keys and values are single factors. Softmax
// goes on from block to block, the sums rescaled when a larger score comes (Dao et al.,
// FlashAttention, arXiv 2205.14135). What attend and attend_groups share. Compiled once per
// instruction set: see simd-inl.h.
#if defined(GERBIL_KERNELS_SOFTMAX_BLOCK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_SOFTMAX_BLOCK_INL_H
#undef GERBIL_KERNELS_SOFTMAX_BLOCK_INL_H
#else
#define GERBIL_KERNELS_SOFTMAX_BLOCK_INL_H
#endif

#include <limits>

#include "kernels/simd-inl.h"
#include "kernels/tile_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::HWY_NAMESPACE {

// Of a tile's queries, over the blocks so far.
template <int kVectors>
struct SoftmaxState {
  FloatVector largest[kVectors];
  FloatVector sum[kVectors];

  HWY_ATTR SoftmaxState() {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      largest[v] = hn::Set(kFloats, std::numeric_limits<float>::lowest());
      sum[v] = hn::Zero(kFloats);
    }
  }
};

// A block of keys and values, [count][dim] each, and what the tile works in: queries and sums as
// [dim][queries], scores as [count][queries].
struct SoftmaxBlock {
  const float* keys = nullptr;
  const float* values = nullptr;
  int64_t count = 0;
  int64_t dim = 0;
  const float* queries = nullptr;
  float* scores = nullptr;
  float* sums = nullptr;
};

// Where `masked`, visible(j, v) is the mask of the queries of vector v that see key j.
template <int kVectors, class Visible>
HWY_INLINE void add_softmax_block(const SoftmaxBlock& block, float scale, bool masked,
                                  const Visible& visible, SoftmaxState<kVectors>& state) {
  constexpr int64_t kQueries = kVectors * kLanes;
  const FloatVector factor = hn::Set(kFloats, scale);
  const FloatVector lowest = hn::Set(kFloats, std::numeric_limits<float>::lowest());
  float* const scores = block.scores;
  product<kVectors>(
      block.count, {block.keys, block.dim, 1}, block.queries, kQueries, 0, block.dim,
      [](int64_t, int) HWY_ATTR { return hn::Zero(kFloats); },
      [&](int64_t j, int v, FloatVector score) HWY_ATTR {
        hn::Store(hn::Mul(score, factor), kFloats, scores + j * kQueries + v * kLanes);
      });

  FloatVector largest[kVectors];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) largest[v] = state.largest[v];
  for (int64_t j = 0; j < block.count; ++j)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      FloatVector score = hn::Load(kFloats, scores + j * kQueries + v * kLanes);
      if (masked) score = hn::IfThenElse(visible(j, v), score, lowest);
      largest[v] = hn::Max(largest[v], score);
    }

  FloatVector rescale[kVectors];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    rescale[v] = hn::Exp(kFloats, hn::Sub(state.largest[v], largest[v]));
    state.largest[v] = largest[v];
    state.sum[v] = hn::Mul(state.sum[v], rescale[v]);
  }
  for (int64_t j = 0; j < block.count; ++j)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      float* at = scores + j * kQueries + v * kLanes;
      FloatVector weight = hn::Exp(kFloats, hn::Sub(hn::Load(kFloats, at), largest[v]));
      if (masked) weight = hn::IfThenElseZero(visible(j, v), weight);
      hn::Store(weight, kFloats, at);
      state.sum[v] = hn::Add(state.sum[v], weight);
    }

  product<kVectors>(
      block.dim, {block.values, 1, block.dim}, scores, kQueries, 0, block.count,
      [&](int64_t i, int v) HWY_ATTR {
        return hn::Mul(hn::Load(kFloats, block.sums + i * kQueries + v * kLanes), rescale[v]);
      },
      [&](int64_t i, int v, FloatVector sum)
          HWY_ATTR { hn::Store(sum, kFloats, block.sums + i * kQueries + v * kLanes); });
}

}  // namespace gerbil::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
