#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/logprobs/cpu.cc"
// clang-format off
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
// clang-format on
#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/kernel.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::logprobs::HWY_NAMESPACE {

using namespace gerbil::kernels::HWY_NAMESPACE;  // NOLINT: the room's vector helpers

// NaN becomes -infinity; so do lanes behind the end.
HWY_INLINE FloatVector load_logits(const float* from, int64_t count) {
  const FloatVector low = hn::Set(kFloats, -INFINITY);
  FloatVector lanes = count >= kLanes ? hn::LoadU(kFloats, from) : load_tail(from, count);
  if (count < kLanes)
    lanes = hn::IfThenElse(hn::FirstN(kFloats, static_cast<size_t>(count)), lanes, low);
  return hn::IfThenElse(hn::Eq(lanes, lanes), lanes, low);
}

// The likeliest ids seen so far, in order. Ids come ascending: an equal logit goes behind.
struct Likeliest {
  std::array<float, graph::kMaxLogprobs> logits{};
  int32_t* ids = nullptr;
  int64_t count = 0;
  int64_t most = 0;

  bool full() const { return count == most; }
  void offer(float logit, int32_t id) {
    if (full() && (most == 0 || !(logit > logits[static_cast<size_t>(most - 1)]))) return;
    int64_t place = full() ? most - 1 : count++;
    for (; place > 0 && logits[static_cast<size_t>(place - 1)] < logit; --place) {
      logits[static_cast<size_t>(place)] = logits[static_cast<size_t>(place - 1)];
      ids[place] = ids[place - 1];
    }
    logits[static_cast<size_t>(place)] = logit;
    ids[place] = id;
  }
};

HWY_INLINE float find_likeliest(const float* logits, int64_t vocab, Likeliest& likeliest) {
  FloatVector largest = hn::Set(kFloats, -INFINITY);
  HWY_ALIGN float lanes[kLanes];
  for (int64_t i = 0; i < vocab; i += kLanes) {
    const FloatVector here = load_logits(logits + i, vocab - i);
    largest = hn::Max(largest, here);
    if (likeliest.full() &&
        (likeliest.most == 0 ||
         hn::AllFalse(
             kFloats,
             hn::Gt(here,
                    hn::Set(kFloats, likeliest.logits[static_cast<size_t>(likeliest.most - 1)])))))
      continue;
    hn::Store(here, kFloats, lanes);
    for (int64_t n = 0; n < std::min(kLanes, vocab - i); ++n)
      likeliest.offer(lanes[n], static_cast<int32_t>(i + n));
  }
  hn::Store(largest, kFloats, lanes);
  return *std::max_element(lanes, lanes + kLanes);
}

// Lanes that are `largest` are worth 1, whatever it is.
HWY_INLINE float sum_of_exp(const float* logits, int64_t vocab, float largest) {
  const FloatVector top = hn::Set(kFloats, largest);
  const FloatVector lowest = hn::Set(kFloats, -100.0f);  // exp of it rounds away beside 1
  const auto term = [&](int64_t i) HWY_ATTR {
    const FloatVector x = load_logits(logits + i, vocab - i);
    const FloatVector d =
        hn::IfThenElse(hn::Eq(x, top), hn::Zero(kFloats), hn::Max(hn::Sub(x, top), lowest));
    return hn::IfThenElseZero(hn::Gt(d, lowest), hn::Exp(kFloats, d));
  };
  FloatVector a = hn::Zero(kFloats);
  FloatVector b = a;
  int64_t i = 0;
  for (; i + 2 * kLanes <= vocab; i += 2 * kLanes) {
    a = hn::Add(a, term(i));
    b = hn::Add(b, term(i + kLanes));
  }
  float tail = 0;
  HWY_ALIGN float lanes[kLanes];
  for (; i < vocab; i += kLanes) {
    hn::Store(term(i), kFloats, lanes);
    for (int64_t n = 0; n < std::min(kLanes, vocab - i); ++n) tail += lanes[n];
  }
  return hn::GetLane(hn::SumOfLanes(kFloats, hn::Add(a, b))) + tail;
}

void run_row(const Call& call, int64_t row) {
  const TensorView& logits = call.inputs[0];
  const auto number = static_cast<size_t>(call.step->first_wanted + row);
  const int32_t wanted = call.step->batch->sampling[number].logprobs;
  if (wanted < 0) return;
  float* values = call.outputs[0].f32(row);
  int32_t* ids = call.outputs[1].i32(row);
  std::fill_n(values, 1 + graph::kMaxLogprobs, 0.0f);
  std::fill_n(ids, graph::kMaxLogprobs, -1);

  const float* x = logits.f32(row);
  Likeliest likeliest{.ids = ids, .most = std::min<int64_t>(wanted, logits.dim)};
  const float largest = find_likeliest(x, logits.dim, likeliest);
  const float log_sum = std::log(sum_of_exp(x, logits.dim, largest));
  const auto value = [&](float logit) {
    if (std::isnan(logit)) logit = -INFINITY;
    return (logit == largest ? 0.0f : logit - largest) - log_sum;
  };
  values[0] = value(x[call.inputs[1].i32()[row]]);
  for (int64_t i = 0; i < likeliest.count; ++i)
    values[1 + i] = value(likeliest.logits[static_cast<size_t>(i)]);
}

void run(const Call& call) {
  call.pool->parallel_for(call.inputs[0].rows, [&](int64_t row) { run_row(call, row); });
}

}  // namespace gerbil::kernels::logprobs::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::logprobs {

GERBIL_EXPORT(run);
void highway(const Call& call) { run_for[call.isa](call); }

}  // namespace gerbil::kernels::logprobs
#endif
