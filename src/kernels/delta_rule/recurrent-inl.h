// delta_rule row by row: vector lanes are columns of the state, which do not know each other, so a
// block of columns goes through all rows while it stays near the core. Compiled once per
// instruction set: see kernels/simd-inl.h.
#if defined(GERBIL_KERNELS_DELTA_RULE_RECURRENT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GERBIL_KERNELS_DELTA_RULE_RECURRENT_INL_H
#undef GERBIL_KERNELS_DELTA_RULE_RECURRENT_INL_H
#else
#define GERBIL_KERNELS_DELTA_RULE_RECURRENT_INL_H
#endif

#include <algorithm>
#include <cmath>

#include "kernels/kernel.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::delta_rule::HWY_NAMESPACE {

using namespace gerbil::kernels::HWY_NAMESPACE;  // NOLINT: the room's vector helpers

// One value head of one run.
struct Head {
  const Call* call = nullptr;
  const graph::Run* run = nullptr;
  int64_t head = 0;
  int64_t k_head = 0;
  int64_t dk = 0;
  int64_t dv = 0;

  Head(const Call& of, const graph::Run& in, int64_t number)
      : call(&of),
        run(&in),
        head(number),
        k_head(number / (of.inputs[2].heads / of.inputs[1].heads)),
        dk(of.inputs[1].dim),
        dv(of.inputs[2].dim) {}

  const float* query(int64_t row) const { return call->inputs[0].f32(row, k_head); }
  const float* key(int64_t row) const { return call->inputs[1].f32(row, k_head); }
  const float* value(int64_t row) const { return call->inputs[2].f32(row, head); }
  float log_decay(int64_t row) const { return call->inputs[3].f32(row)[head]; }
  float beta(int64_t row) const { return call->inputs[4].f32(row)[head]; }
  float* out(int64_t row) const { return call->outputs[0].f32(row, head); }
  // The head's [dk, dv] numbers in a slot.
  float* state(int32_t slot) const { return call->slots.slot(slot) + head * dk * dv; }
};

// Columns [0, count) of one row's step, count <= kVectors * kLanes and more than kVectors - 1
// vectors: reads the state before the row from `from`, writes the one after it to `to` (which may
// be the same), [dk] rows at the given strides. Pointers are at the first of the columns.
template <int kVectors>
HWY_INLINE void step_columns(const Head& head, int64_t row, const float* from, int64_t from_stride,
                             float* to, int64_t to_stride, int64_t column, int64_t count) {
  constexpr int kChains = 8 / kVectors;  // sums that do not wait for each other
  const bool whole = count == kVectors * kLanes;
  const int64_t last = count - (kVectors - 1) * kLanes;
  const auto load = [&](const float* at, int v) HWY_ATTR {
    return whole || v + 1 < kVectors ? hn::LoadU(kFloats, at + v * kLanes)
                                     : load_tail(at + v * kLanes, last);
  };
  const auto store = [&](FloatVector lanes, float* at, int v) HWY_ATTR {
    if (whole || v + 1 < kVectors)
      hn::StoreU(lanes, kFloats, at + v * kLanes);
    else
      store_tail(lanes, at + v * kLanes, last);
  };
  const float* key = head.key(row);
  const float* query = head.query(row);
  const FloatVector decay = hn::Set(kFloats, std::exp(head.log_decay(row)));

  FloatVector known[kChains][kVectors];
#pragma GCC unroll 8
  for (int n = 0; n < kChains; ++n)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) known[n][v] = hn::Zero(kFloats);
  int64_t i = 0;
  for (; i + kChains <= head.dk; i += kChains)
#pragma GCC unroll 8
    for (int n = 0; n < kChains; ++n) {
      const FloatVector factor = hn::Set(kFloats, key[i + n]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v)
        known[n][v] = hn::MulAdd(factor, load(from + (i + n) * from_stride, v), known[n][v]);
    }
  for (; i < head.dk; ++i) {
    const FloatVector factor = hn::Set(kFloats, key[i]);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v)
      known[0][v] = hn::MulAdd(factor, load(from + i * from_stride, v), known[0][v]);
  }

  FloatVector delta[kVectors];
  FloatVector sum[2][kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 8
    for (int n = kChains / 2; n > 0; n /= 2)
#pragma GCC unroll 8
      for (int m = 0; m < n; ++m) known[m][v] = hn::Add(known[m][v], known[m + n][v]);
    const FloatVector missing =
        hn::NegMulAdd(decay, known[0][v], load(head.value(row) + column, v));
    delta[v] = hn::Mul(hn::Set(kFloats, head.beta(row)), missing);
    sum[0][v] = sum[1][v] = hn::Zero(kFloats);
  }
  const auto update = [&](int64_t at, FloatVector* total) HWY_ATTR {
    const FloatVector key_here = hn::Set(kFloats, key[at]);
    const FloatVector query_here = hn::Set(kFloats, query[at]);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const FloatVector old = hn::Mul(decay, load(from + at * from_stride, v));
      const FloatVector state = hn::MulAdd(key_here, delta[v], old);
      store(state, to + at * to_stride, v);
      total[v] = hn::MulAdd(query_here, state, total[v]);
    }
  };
  for (i = 0; i + 2 <= head.dk; i += 2) {
    update(i, sum[0]);
    update(i + 1, sum[1]);
  }
  if (i < head.dk) update(i, sum[0]);
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v)
    store(hn::Add(sum[0][v], sum[1][v]), head.out(row) + column, v);
}

// Columns [column, column + columns) of the state in memory, rows at a stride.
struct Place {
  float* state = nullptr;
  int64_t stride = 0;
};

// Goes through all rows of the head's run. A row leaves the state where the row's first write wants
// it; without one in `work`, where a block of columns lies compact.
template <int kVectors>
HWY_INLINE void run_columns(const Head& head, float* work, int64_t column, int64_t columns) {
  const graph::Run& run = *head.run;
  const Place own{work + column * head.dk, kVectors * kLanes};
  Place from = own;
  if (run.state_in == graph::kZeroState)
    std::fill_n(own.state, head.dk * own.stride, 0.0f);
  else
    from = {head.state(run.state_in) + column, head.dv};
  size_t write = 0;
  const auto is_due = [&](int64_t row) {
    return write < run.writes.size() && run.writes[write].after_row == row;
  };
  for (int64_t row = run.first; row < run.first + run.count; ++row) {
    Place to = own;
    if (is_due(row)) to = {head.state(run.writes[write++].slot) + column, head.dv};
    step_columns<kVectors>(head, row, from.state, from.stride, to.state, to.stride, column,
                           columns);
    for (; is_due(row); ++write) {
      float* copy = head.state(run.writes[write].slot) + column;
      for (int64_t i = 0; i < head.dk; ++i)
        std::copy_n(to.state + i * to.stride, columns, copy + i * head.dv);
    }
    from = to;
  }
}

// Floats of a worker's memory.
inline int64_t recurrent_size(int64_t dk, int64_t dv) {
  return dk * ((dv + kLanes - 1) / kLanes * kLanes);
}

inline void run_recurrence(const Head& head, float* work) {
  int64_t column = 0;
  if (head.run->count < 4)  // the state comes from far away: long stretches of it, in order
    for (; column + 4 * kLanes <= head.dv; column += 4 * kLanes)
      run_columns<4>(head, work, column, 4 * kLanes);
  for (; column + 2 * kLanes <= head.dv; column += 2 * kLanes)
    run_columns<2>(head, work, column, 2 * kLanes);
  for (; column < head.dv; column += kLanes)
    run_columns<1>(head, work, column, std::min(kLanes, head.dv - column));
}

}  // namespace gerbil::kernels::delta_rule::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
