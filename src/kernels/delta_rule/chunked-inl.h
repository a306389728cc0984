// delta_rule a chunk of rows at a time, as products of small matrices. Compiled once per
// instruction set: see kernels/simd-inl.h.
//
// Let a chunk have rows 1..C, S the state before it and G_i = g_1 + ... + g_i. Unrolling the
// recurrence (contract.h) gives, with Gamma_ip = e^(G_i - G_p) for p <= i,
//
//   (I + L) Delta = diag(beta) (V - diag(e^G) K S),  L_ip = beta_i (k_i . k_p) Gamma_ip for p < i
//   O             = diag(e^G) Q S + ((Q K^T) * Gamma) Delta
//   S after       = e^(G_C) S + (diag(e^(G_C - G)) K)^T Delta
//
// and the unit lower triangular system is solved row by row (the chunkwise form of arXiv
// 2412.06464, its inverse never formed). Every exponent is a difference of log decays that is not
// positive; G is kept in two floats so that the differences are exact to their own rounding however
// strong the decay.
#if defined(GERBIL_KERNELS_DELTA_RULE_CHUNKED_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_DELTA_RULE_CHUNKED_INL_H
#undef GERBIL_KERNELS_DELTA_RULE_CHUNKED_INL_H
#else
#define GERBIL_KERNELS_DELTA_RULE_CHUNKED_INL_H
#endif

#include "kernels/delta_rule/recurrent-inl.h"
#include "kernels/tile_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::delta_rule::HWY_NAMESPACE {

// A multiple of two vectors of any size. The products with the state cost the same for every chunk
// size, those within a chunk grow with it: 512 rows of 16 heads of 128 x 128 on one Zen 4 core took
// 13 ms at 32, 14 ms at 64 and 44 ms row by row.
inline constexpr int64_t kChunkRows = 32;

inline int64_t padded_columns(int64_t dv) { return (dv + kLanes - 1) / kLanes * kLanes; }

// A worker's memory. Matrices without gaps; `dv` columns are padded to whole vectors.
struct ChunkMemory {
  float* state = nullptr;    // [dk, dv]
  float* keys = nullptr;     // [dk, chunk]: transposed
  float* gamma = nullptr;    // [chunk, chunk]
  float* lower = nullptr;    // [chunk, chunk]: -L
  float* weights = nullptr;  // [chunk, chunk]: Q K^T * Gamma
  float* delta = nullptr;    // [chunk, dv]
  float* out = nullptr;      // [chunk, dv]

  static int64_t size(int64_t dk, int64_t dv) {
    return (dk + 2 * kChunkRows) * padded_columns(dv) + dk * kChunkRows +
           3 * kChunkRows * kChunkRows;
  }
  ChunkMemory(float* at, int64_t dk, int64_t dv) {
    const auto take = [&](int64_t count) {
      float* from = at;
      at += count;
      return from;
    };
    state = take(dk * padded_columns(dv));
    keys = take(dk * kChunkRows);
    gamma = take(kChunkRows * kChunkRows);
    lower = take(kChunkRows * kChunkRows);
    weights = take(kChunkRows * kChunkRows);
    delta = take(kChunkRows * padded_columns(dv));
    out = take(kChunkRows * padded_columns(dv));
  }
};

// Calls function.operator()<vectors>(column) for groups of whole vectors of padded columns.
template <class F>
HWY_INLINE void for_columns(int64_t columns, F&& function) {
  int64_t column = 0;
  for (; column + 2 * kLanes <= columns; column += 2 * kLanes)
    function(std::integral_constant<int, 2>(), column);
  if (column < columns) function(std::integral_constant<int, 1>(), column);
}

// The decays of a chunk: log decay since its start as high + low, both [kChunkRows].
struct Decays {
  HWY_ALIGN float high[kChunkRows] = {};
  HWY_ALIGN float low[kChunkRows] = {};
  float since_start[kChunkRows];  // e^G
  float until_end[kChunkRows];    // e^(G_C - G)

  Decays(const Head& head, int64_t first, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) {
      sum += static_cast<double>(head.log_decay(first + i));
      high[i] = static_cast<float>(sum);
      low[i] = static_cast<float>(sum - static_cast<double>(high[i]));
      since_start[i] = std::exp(high[i]);
    }
    for (int64_t i = 0; i < count; ++i)
      until_end[i] = std::exp((high[count - 1] - high[i]) + (low[count - 1] - low[i]));
  }
};

// Gamma: zero above the diagonal.
inline void fill_gamma(const Decays& decays, int64_t count, float* gamma) {
  const hn::RebindToSigned<Floats> ints;
  for (int64_t i = 0; i < count; ++i) {
    const FloatVector high = hn::Set(kFloats, decays.high[i]);
    const FloatVector low = hn::Set(kFloats, decays.low[i]);
    const auto row = hn::Set(ints, static_cast<int32_t>(i + 1));
    for (int64_t p = 0; p < kChunkRows; p += kLanes) {
      const FloatVector difference = hn::Add(hn::Sub(high, hn::Load(kFloats, decays.high + p)),
                                             hn::Sub(low, hn::Load(kFloats, decays.low + p)));
      const FloatVector factor = hn::Exp(kFloats, hn::Min(difference, hn::Zero(kFloats)));
      const auto below = hn::Lt(hn::Iota(ints, static_cast<int32_t>(p)), row);
      hn::Store(hn::IfThenElseZero(hn::RebindMask(kFloats, below), factor), kFloats,
                gamma + i * kChunkRows + p);
    }
  }
}

// The chunk of rows [first, first + count); memory.state goes from before it to after it.
inline void run_chunk(const Head& head, int64_t first, int64_t count, const ChunkMemory& memory) {
  constexpr int64_t kRow = kChunkRows;
  const int64_t columns = padded_columns(head.dv);
  const Decays decays(head, first, count);
  const Factor keys = {head.key(first), head.call->inputs[1].row_stride, 1};
  const Factor queries = {head.query(first), head.call->inputs[0].row_stride, 1};
  const auto zero = [](int64_t, int) HWY_ATTR { return hn::Zero(kFloats); };

  for (int64_t t = 0; t < count; ++t)
    for (int64_t i = 0; i < head.dk; ++i) memory.keys[i * kRow + t] = head.key(first + t)[i];
  if (count < kRow)
    for (int64_t i = 0; i < head.dk; ++i)
      std::fill(memory.keys + i * kRow + count, memory.keys + (i + 1) * kRow, 0.0f);
  fill_gamma(decays, count, memory.gamma);

  // -L and the weights, in blocks of columns; tiles of rows above a block are never read.
  for (int64_t p = 0; p < count; p += 2 * kLanes) {
    const int64_t top = p / kTileRows * kTileRows;
    const auto masked = [&](int64_t i, int v, FloatVector dot) HWY_ATTR {
      return hn::Mul(dot, hn::Load(kFloats, memory.gamma + i * kRow + p + v * kLanes));
    };
    product<2>(count - top, keys.from_row(top), memory.keys + p, kRow, 0, head.dk, zero,
               [&](int64_t i, int v, FloatVector dot) HWY_ATTR {
                 const FloatVector factor = hn::Set(kFloats, -head.beta(first + top + i));
                 hn::Store(hn::Mul(factor, masked(top + i, v, dot)), kFloats,
                           memory.lower + (top + i) * kRow + p + v * kLanes);
               });
    product<2>(count - top, queries.from_row(top), memory.keys + p, kRow, 0, head.dk, zero,
               [&](int64_t i, int v, FloatVector dot) HWY_ATTR {
                 hn::Store(masked(top + i, v, dot), kFloats,
                           memory.weights + (top + i) * kRow + p + v * kLanes);
               });
  }

  for_columns(columns, [&](auto vectors, int64_t column) HWY_ATTR {
    constexpr int kVectors = decltype(vectors)::value;
    float* state = memory.state + column;
    float* delta = memory.delta + column;
    const auto load_value = [&](int64_t i, int v) HWY_ATTR {
      const int64_t at = column + v * kLanes;
      const float* from = head.value(first + i) + at;
      return at + kLanes <= head.dv ? hn::LoadU(kFloats, from) : load_tail(from, head.dv - at);
    };
    const auto load_delta = [&](int64_t i, int v) HWY_ATTR {
      return hn::Load(kFloats, delta + i * columns + v * kLanes);
    };
    const auto store_delta = [&](int64_t i, int v, FloatVector lanes) HWY_ATTR {
      hn::Store(lanes, kFloats, delta + i * columns + v * kLanes);
    };
    product<kVectors>(count, keys, state, columns, 0, head.dk, zero,
                      [&](int64_t i, int v, FloatVector known) HWY_ATTR {
                        const FloatVector decay = hn::Set(kFloats, decays.since_start[i]);
                        const FloatVector missing = hn::NegMulAdd(decay, known, load_value(i, v));
                        store_delta(i, v, hn::Mul(hn::Set(kFloats, head.beta(first + i)), missing));
                      });
    // Forward substitution, a tile of rows at a time.
    const Factor lower = {memory.lower, kRow, 1};
    int64_t i = 0;
    for (; i < count; i += kTileRows) {
      const int64_t rows = std::min<int64_t>(kTileRows, count - i);
      if (rows == kTileRows)
        tile_product<kTileRows, kVectors>(i, lower, delta, columns, 0, i, load_delta, store_delta);
      for (int64_t row = i; row < i + rows; ++row)
        tile_product<1, kVectors>(row, lower, delta, columns, rows == kTileRows ? i : 0, row,
                                  load_delta, store_delta);
    }
    // O, by tiles: the weights are zero above the diagonal.
    const Factor weights = {memory.weights, kRow, 1};
    const auto load_out = [&](int64_t row, int v) HWY_ATTR {
      return hn::Load(kFloats, memory.out + row * columns + column + v * kLanes);
    };
    const auto store_out = [&](int64_t row, int v, FloatVector lanes) HWY_ATTR {
      const int64_t at = column + v * kLanes;
      float* to = head.out(first + row) + at;
      if (at + kLanes <= head.dv)
        hn::StoreU(lanes, kFloats, to);
      else
        store_tail(lanes, to, head.dv - at);
    };
    product<kVectors>(count, queries, state, columns, 0, head.dk, zero,
                      [&](int64_t row, int v, FloatVector seen) HWY_ATTR {
                        hn::Store(hn::Mul(hn::Set(kFloats, decays.since_start[row]), seen), kFloats,
                                  memory.out + row * columns + column + v * kLanes);
                      });
    for (i = 0; i + kTileRows <= count; i += kTileRows)
      tile_product<kTileRows, kVectors>(i, weights, delta, columns, 0, i + kTileRows, load_out,
                                        store_out);
    for (; i < count; ++i)
      tile_product<1, kVectors>(i, weights, delta, columns, 0, i + 1, load_out, store_out);
  });

  for (int64_t i = 0; i < head.dk; ++i)
    for (int64_t t = 0; t < count; ++t) memory.keys[i * kRow + t] *= decays.until_end[t];
  for_columns(columns, [&](auto vectors, int64_t column) HWY_ATTR {
    constexpr int kVectors = decltype(vectors)::value;
    const FloatVector decay = hn::Set(kFloats, decays.since_start[count - 1]);
    float* state = memory.state + column;
    product<kVectors>(
        head.dk, {memory.keys, kRow, 1}, memory.delta + column, columns, 0, count,
        [&](int64_t i, int v) HWY_ATTR {
          return hn::Mul(decay, hn::Load(kFloats, state + i * columns + v * kLanes));
        },
        [&](int64_t i, int v, FloatVector lanes)
            HWY_ATTR { hn::Store(lanes, kFloats, state + i * columns + v * kLanes); });
  });
}

// The whole run in chunks that end at its state writes.
inline void run_chunks(const Head& head, float* slice) {
  const graph::Run& run = *head.run;
  const int64_t columns = padded_columns(head.dv);
  const ChunkMemory memory(slice, head.dk, head.dv);
  std::fill_n(memory.state, head.dk * columns, 0.0f);
  if (run.state_in != graph::kZeroState)
    for (int64_t i = 0; i < head.dk; ++i)
      std::copy_n(head.state(run.state_in) + i * head.dv, head.dv, memory.state + i * columns);

  size_t write = 0;
  const int64_t end = run.first + run.count;
  for (int64_t row = run.first; row < end;) {
    int64_t stop = std::min(end, row + kChunkRows);
    if (write < run.writes.size()) stop = std::min<int64_t>(stop, run.writes[write].after_row + 1);
    run_chunk(head, row, stop - row, memory);
    row = stop;
    for (; write < run.writes.size() && run.writes[write].after_row + 1 == row; ++write)
      for (int64_t i = 0; i < head.dk; ++i)
        std::copy_n(memory.state + i * columns, head.dv,
                    head.state(run.writes[write].slot) + i * head.dv);
  }
}

}  // namespace gerbil::kernels::delta_rule::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
