#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sample/cpu.cc"
// clang-format off
#include "kernels/dispatch.h"
#include "kernels/foreach_target.h"
// clang-format on
#include <algorithm>
#include <bit>
#include <functional>
#include <limits>

#include "graph/passes/memory.h"
#include "kernels/kernel.h"
#include "kernels/sample/adjust.h"
#include "kernels/sample/draw.h"
#include "kernels/scratch_tasks.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gerbil::kernels::sample::HWY_NAMESPACE {

using namespace gerbil::kernels::HWY_NAMESPACE;  // NOLINT: the room's vector helpers

// Ids are looked through in blocks when the k-th largest logit is searched.
inline constexpr int64_t kBlock = 64;

// A row and its worker's memory, [vocab] each but for the maxima.
struct Row {
  const float* logits = nullptr;
  int64_t vocab = 0;
  graph::SampleParams params;
  float* maxima = nullptr;  // [blocks of the vocabulary]
  Candidate* candidates = nullptr;
  uint32_t* weights = nullptr;
  float* adjusted = nullptr;

  static int64_t blocks(int64_t vocab) { return (vocab + kBlock - 1) / kBlock; }
  static uint64_t worker_bytes(int64_t vocab) {
    return whole_lines(static_cast<uint64_t>(vocab) *
                           (sizeof(Candidate) + sizeof(uint32_t) + sizeof(float)) +
                       static_cast<uint64_t>(blocks(vocab)) * sizeof(float));
  }
};

// NaN becomes -infinity; so do lanes behind the end.
HWY_INLINE FloatVector load_logits(const float* from, int64_t count) {
  const FloatVector low = hn::Set(kFloats, -INFINITY);
  FloatVector lanes = count >= kLanes ? hn::LoadU(kFloats, from) : load_tail(from, count);
  if (count < kLanes)
    lanes = hn::IfThenElse(hn::FirstN(kFloats, static_cast<size_t>(count)), lanes, low);
  return hn::IfThenElse(hn::Eq(lanes, lanes), lanes, low);
}

HWY_INLINE float largest_of(const float* logits, int64_t count) {
  FloatVector a = hn::Set(kFloats, -INFINITY);
  FloatVector b = a;
  int64_t i = 0;
  for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
    a = hn::Max(a, load_logits(logits + i, kLanes));
    b = hn::Max(b, load_logits(logits + i + kLanes, kLanes));
  }
  for (; i < count; i += kLanes) a = hn::Max(a, load_logits(logits + i, count - i));
  HWY_ALIGN float lanes[kLanes];  // not MaxOfLanes: emulated vectors do not know -infinity there
  hn::Store(hn::Max(a, b), kFloats, lanes);
  return *std::max_element(lanes, lanes + kLanes);
}

// The first id that has the logit; there is one.
HWY_INLINE int32_t find(const float* logits, int64_t count, float logit) {
  const FloatVector wanted = hn::Set(kFloats, logit);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const auto first = hn::FindFirstTrue(kFloats, hn::Eq(hn::LoadU(kFloats, logits + i), wanted));
    if (first >= 0) return static_cast<int32_t>(i + first);
  }
  while (logits[i] != logit) ++i;
  return static_cast<int32_t>(i);
}

// Appends the ids for which test(lanes) is true to the candidates [0, count); returns how many
// there are then. Few are expected to be.
template <class Test>
HWY_INLINE int64_t gather(const Row& row, int64_t count, Test test) {
  HWY_ALIGN float passed[kLanes];
  for (int64_t i = 0; i < row.vocab; i += kLanes) {
    const FloatVector lanes = load_logits(row.logits + i, row.vocab - i);
    const auto found = test(lanes);
    if (hn::AllFalse(kFloats, found)) continue;
    hn::Store(hn::VecFromMask(kFloats, found), kFloats, passed);
    for (int64_t n = 0; n < std::min(kLanes, row.vocab - i); ++n)
      if (std::bit_cast<uint32_t>(passed[n]) != 0)
        row.candidates[count++] = {row.logits[i + n], static_cast<int32_t>(i + n)};
  }
  return count;
}

// The candidates become those with the k largest logits, and ties of the last one, in order.
HWY_INLINE int64_t keep_top_k(const Row& row, int64_t k) {
  const int64_t blocks = Row::blocks(row.vocab);
  float bound = std::numeric_limits<float>::lowest();
  if (k <= blocks) {  // the k-th largest maximum of a block is at most the k-th largest logit
    for (int64_t i = 0; i < blocks; ++i)
      row.maxima[i] = largest_of(row.logits + i * kBlock, std::min(kBlock, row.vocab - i * kBlock));
    std::nth_element(row.maxima, row.maxima + k - 1, row.maxima + blocks, std::greater<>());
    bound = std::max(bound, row.maxima[k - 1]);
  }
  const FloatVector least = hn::Set(kFloats, bound);
  int64_t count = gather(row, 0, [&](FloatVector lanes) HWY_ATTR { return hn::Ge(lanes, least); });
  std::sort(row.candidates, row.candidates + count);
  if (count <= k) return count;
  const float last = row.candidates[k - 1].logit;
  int64_t kept = k;
  while (kept < count && row.candidates[kept].logit == last) ++kept;
  return kept;
}

HWY_INLINE FloatVector distances(FloatVector logits, FloatVector largest, FloatVector scale) {
  return hn::IfThenElse(hn::Eq(logits, largest), hn::Zero(kFloats),
                        hn::Mul(hn::Sub(largest, logits), scale));
}

// The sum of all ids' weights: draw.h's weight() in vectors.
HWY_INLINE uint64_t sum_of_weights(const Row& row, float largest, float scale) {
#if HWY_TARGET == HWY_SCALAR
  uint64_t sum = 0;
  for (int64_t i = 0; i < row.vocab; ++i) sum += weight(distance(largest, row.logits[i], scale));
  return sum;
#else
  const hn::RebindToSigned<Floats> ints;
  const hn::RebindToUnsigned<Floats> words;
  const hn::RepartitionToWide<decltype(words)> pairs;
  const auto high_words = hn::Set(pairs, ~uint64_t{0xffffffffu});
  const auto mul_high_words = [&](auto a, auto b) HWY_ATTR {
    const auto even = hn::ShiftRight<32>(hn::MulEven(a, b));
    const auto odd = hn::MulEven(hn::BitCast(words, hn::ShiftRight<32>(hn::BitCast(pairs, a))),
                                 hn::BitCast(words, hn::ShiftRight<32>(hn::BitCast(pairs, b))));
    return hn::BitCast(words, hn::Or(even, hn::And(odd, high_words)));
  };
  auto even_sum = hn::Zero(pairs);
  auto odd_sum = hn::Zero(pairs);
  for (int64_t i = 0; i < row.vocab; i += kLanes) {
    const FloatVector d = distances(load_logits(row.logits + i, row.vocab - i),
                                    hn::Set(kFloats, largest), hn::Set(kFloats, scale));
    const auto counts = hn::Lt(d, hn::Set(kFloats, 32.0f));
    if (hn::AllFalse(kFloats, counts)) continue;
    const auto bits = hn::BitCast(words, hn::ConvertTo(ints, hn::Mul(hn::IfThenElseZero(counts, d),
                                                                     hn::Set(kFloats, 0x1p26f))));
    const auto fraction = hn::ShiftLeft<6>(bits);
    auto sum = hn::Set(words, kPower[5]);
    for (size_t n = 5; n-- > 0;)
      sum = hn::Sub(hn::Set(words, kPower[n]), mul_high_words(fraction, sum));
    const auto mantissa =
        hn::Sub(hn::Set(words, kWeightOne), hn::ShiftRight<1>(mul_high_words(fraction, sum)));
    const auto lanes = hn::IfThenElseZero(hn::RebindMask(words, counts),
                                          hn::Shr(mantissa, hn::ShiftRight<26>(bits)));
    const auto wide = hn::BitCast(pairs, lanes);
    odd_sum = hn::Add(odd_sum, hn::ShiftRight<32>(wide));
    even_sum = hn::Add(even_sum, hn::AndNot(high_words, wide));
  }
  HWY_ALIGN uint64_t sums[kLanes / 2];
  hn::Store(hn::Add(even_sum, odd_sum), pairs, sums);
  uint64_t sum = 0;
  for (uint64_t lane : sums) sum += lane;
  return sum;
#endif
}

// Walks the kept ids in order.
struct Walk {
  uint64_t enough = 0;  // the sum of weights behind which none is kept
  uint64_t least = 0;   // weight of a kept id
  uint64_t sum = 0;
  int64_t kept = 0;
  bool ended = false;

  // Goes on through candidates [kept, count), which are in order.
  void go(const Row& row, int64_t count, float largest, float scale) {
    for (; kept < count; ++kept) {
      const uint32_t here = weight(distance(largest, row.candidates[kept].logit, scale));
      if (kept > 0 && (sum >= enough || here < least)) {
        ended = true;
        return;
      }
      row.weights[kept] = here;
      sum += here;
    }
  }
};

int32_t draw(const Row& row, const Walk& walk, uint64_t target) {
  uint64_t cumulative = 0;
  int64_t i = 0;
  for (; i + 1 < walk.kept; ++i) {
    cumulative += row.weights[i];
    if (cumulative > target) break;
  }
  return row.candidates[i].id;
}

int32_t sample_row(const Row& row) {
  const graph::SampleParams& params = row.params;
  const float largest = largest_of(row.logits, row.vocab);
  if (largest == -INFINITY) return 0;
  if (is_greedy(params)) return find(row.logits, row.vocab, largest);

  const float scale = distance_scale(params);
  const uint32_t word = random_word(params);
  Walk walk{.least = min_p_weight(params)};
  if (params.top_k > 0 && params.top_k < row.vocab) {
    const int64_t count = keep_top_k(row, params.top_k);
    uint64_t total = 0;
    for (int64_t i = 0; i < count; ++i)
      total += weight(distance(largest, row.candidates[i].logit, scale));
    walk.enough = part_of(total, top_p_fraction(params));
    walk.go(row, count, largest, scale);
    return draw(row, walk, part_of(walk.sum, word));
  }

  // Without top-k all ids have a weight. Those near the largest logit come first: they are enough
  // but where the distribution is flat.
  const uint64_t total = sum_of_weights(row, largest, scale);
  const bool removes = params.top_p < 1.0f || walk.least > 0;
  uint64_t target = part_of(total, word);
  walk.enough = removes ? part_of(total, top_p_fraction(params)) : target + 1;
  int64_t count = 0;
  float near = -1;
  for (float far : {2.0f, 4.0f, 6.0f, 8.0f, 10.0f, 12.0f, 16.0f, 32.0f}) {
    const int64_t first = count;
    count = gather(row, count, [&](FloatVector lanes) HWY_ATTR {
      const FloatVector d = distances(lanes, hn::Set(kFloats, largest), hn::Set(kFloats, scale));
      return hn::And(hn::Gt(d, hn::Set(kFloats, near)), hn::Le(d, hn::Set(kFloats, far)));
    });
    std::sort(row.candidates + first, row.candidates + count);
    walk.go(row, count, largest, scale);
    if (walk.ended) break;
    near = far;
  }
  if (removes) target = part_of(walk.sum, word);
  return draw(row, walk, target);
}

void run(const Call& call) {
  const TensorView& logits = call.inputs[0];
  const auto* params = call.step->batch->sampling.data() + call.step->first_wanted;
  for_tasks_with_scratch(
      *call.pool, logits.rows, call.scratch, Row::worker_bytes(logits.dim),
      [&](int64_t task, std::byte* slice) HWY_ATTR {
        Row row{.logits = logits.f32(task), .vocab = logits.dim, .params = params[task]};
        row.candidates = reinterpret_cast<Candidate*>(slice);
        row.weights = reinterpret_cast<uint32_t*>(row.candidates + row.vocab);
        row.adjusted = reinterpret_cast<float*>(row.weights + row.vocab);
        row.maxima = row.adjusted + row.vocab;
        if (is_adjusted(row.params)) {
          std::copy(row.logits, row.logits + row.vocab, row.adjusted);
          adjust(row.adjusted, row.params,
                 id_in_flight(*call.step, call.step->first_wanted + task));
          row.logits = row.adjusted;
        }
        call.outputs[0].i32()[task] = sample_row(row);
      });
}

uint64_t worker_bytes(int64_t vocab) { return Row::worker_bytes(vocab); }

}  // namespace gerbil::kernels::sample::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gerbil::kernels::sample {

GERBIL_EXPORT(run);
GERBIL_EXPORT(worker_bytes);
void highway(const Call& call) { run_for[call.isa](call); }

uint64_t highway_scratch_bytes(const graph::Graph& graph, const graph::Node& node,
                               const graph::RowLimits& limits, const Team& team) {
  const auto workers = std::min<int64_t>(team.threads, limits.wanted);
  return static_cast<uint64_t>(workers) *
         worker_bytes_for[team.isa](graph.shape(node.inputs[0]).dim);
}

}  // namespace gerbil::kernels::sample
#endif
