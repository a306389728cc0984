// attend on numbers worked out by hand, and what a cache may hold beside what a row sees.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/attend/contract.h"
#include "kernels/registry.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels::attend {
namespace {

using graph::kPagePositions;
using testing::BoundCase;
using testing::Case;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using testing::ViewSpec;

std::vector<KernelRow> kernels_of_attend() {
  std::vector<KernelRow> rows;
  for (const KernelRow& row : registry())
    if (row.op == graph::kOpKindOf<graph::Attend>) rows.push_back(row);
  return rows;
}

ViewSpec numbers(int64_t rows, int64_t heads, int64_t dim, std::vector<float> values) {
  return {.rows = rows, .heads = heads, .dim = dim, .values = std::move(values)};
}

std::vector<float> result_of(const Case& c) {
  platform::ThreadPool pool(1);
  BoundCase bound(c, 1);
  bound.run(*find_kernel(graph::kind_of(c.op), Level::kReference, row_class(c.rows())), pool);
  const std::vector<double> found = bound.observed().front().numbers;
  return {found.begin(), found.end()};
}

TEST(AttendReference, WeighsValuesByTheSoftmaxOfTheScores) {
  const float q = std::log(3.0f) / 2;  // with the scale: weights 1 to 3
  Case c{
      .op = graph::Attend{2.0f, 0},
      .inputs = {numbers(2, 2, 2, {9, 9, 9, 9, 0, q, 0, -q}), numbers(2, 1, 2, {5, 0, 7, 1}),
                 numbers(2, 1, 2, {4, 0, 0, 8})},
      .outputs = {numbers(2, 2, 2, {})},
      .kv = testing::KvSpec{.type = graph::KvType::kF32, .kv_heads = 1, .head_dim = 2, .pages = 2},
      .batch = {.index = {0, 1}, .see_until = {0, 1}, .runs = {{.count = 2, .pages = {1}}}}};
  EXPECT_THAT(result_of(c),
              ElementsAre(4, 0, 4, 0, FloatEq(1), FloatEq(6), FloatEq(3), FloatEq(2)));
  c.batch.see_until = {1, 1};  // the first row sees the second
  c.inputs[0].values = {0, q, 0, -q, 0, q, 0, -q};
  EXPECT_THAT(result_of(c), ElementsAre(FloatEq(1), FloatEq(6), FloatEq(3), FloatEq(2), FloatEq(1),
                                        FloatEq(6), FloatEq(3), FloatEq(2)));
  c.op = graph::Attend{2.0f, 1};  // and nothing before itself
  c.batch.see_until = {0, 1};
  EXPECT_THAT(result_of(c), ElementsAre(4, 0, 4, 0, 0, 8, 0, 8));
}

// A sequence that a kernel goes through in steps, over pages that start as NaN.
class Sequence {
 public:
  static constexpr int64_t kHeads = 4;
  static constexpr int64_t kKvHeads = 2;
  static constexpr int64_t kDim = 20;
  static constexpr int64_t kPages = 8;

  Sequence(const KernelRow& kernel, graph::KvType type, int64_t window, int64_t rows)
      : kernel_(kernel),
        attend_(graph::Attend{0.2f, window}),
        q_(wave(rows * kHeads * kDim, 0.37f)),
        k_(wave(rows * kKvHeads * kDim, 0.71f)),
        v_(wave(rows * kKvHeads * kDim, 0.53f)),
        out_(q_.size(), NAN),
        page_bytes_(graph::PagePool{kKvHeads, kDim}.page_bytes(type)),
        pool_(kPages * page_bytes_, std::byte{0xff}) {  // NaN in all types
    for (int32_t page = 0; page < kPages; ++page)
      pages_.push_back(static_cast<int32_t>(kPages) - 1 - page);
    segment_ = pool_.data();
    kv_ = {.type = type,
           .kv_heads = kKvHeads,
           .head_dim = kDim,
           .number = 0,
           .segments = Span<std::byte* const>(&segment_, 1),
           .pages_per_segment = kPages,
           .page_bytes = page_bytes_};
    graph_.values = {{.shape = {graph::Rows::kRows, kHeads, kDim}}};
    graph_.states = {{"kv", graph::KvState{kKvHeads, kDim, window}}};
    node_ = {.op = attend_, .inputs = {0, 0, 0}, .outputs = {0}, .state = 0};
  }

  // Rows [first, first + count); each sees all of them if `spanning`, else none behind itself.
  void step(int32_t first, int32_t count, bool spanning = false) {
    std::vector<int32_t> token(static_cast<size_t>(count), 0);
    std::vector<int32_t> index;
    std::vector<int32_t> see_until;
    for (int32_t row = first; row < first + count; ++row) {
      index.push_back(row);
      see_until.push_back(spanning ? first + count - 1 : row);
    }
    const Span<const int32_t> pages(pages_);
    const graph::Run run{.count = count, .page_tables = Span<const Span<const int32_t>>(&pages, 1)};
    const graph::Batch batch{.token = token,
                             .index = index,
                             .see_until = see_until,
                             .runs = Span<const graph::Run>(&run, 1)};
    const Step step{.batch = &batch, .run_of_row = token};
    const auto view = [&](std::vector<float>& of, int64_t heads) {
      return TensorView{.data = of.data() + first * heads * kDim,
                        .rows = count,
                        .heads = heads,
                        .dim = kDim,
                        .row_stride = heads * kDim,
                        .head_stride = kDim};
    };
    const std::vector<TensorView> inputs = {view(q_, kHeads), view(k_, kKvHeads),
                                            view(v_, kKvHeads)};
    const std::vector<TensorView> outputs = {view(out_, kHeads)};
    uint64_t scratch_bytes = 64;
    if (kernel_.scratch_bytes != nullptr)
      scratch_bytes += kernel_.scratch_bytes(graph_, node_, {count, 1, 0},
                                             {team_.threads(), platform::best_isa()});
    testing::GuardedBuffer scratch(scratch_bytes);
    kernel_.run({.op = &attend_,
                 .inputs = inputs,
                 .outputs = outputs,
                 .weights = {},
                 .kv = kv_,
                 .slots = {},
                 .step = &step,
                 .pool = &team_,
                 .isa = platform::best_isa(),
                 .scratch = scratch.bytes()});
  }
  void give_back(size_t page) { pages_[page] = graph::kNoPage; }
  const std::vector<float>& out() const { return out_; }

 private:
  static std::vector<float> wave(int64_t count, float frequency) {
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(3 * std::sin(frequency * static_cast<float>(i * i % 1009)));
    return values;
  }

  KernelRow kernel_;
  graph::Op attend_;
  std::vector<float> q_, k_, v_, out_;
  uint64_t page_bytes_;
  std::vector<std::byte> pool_;
  std::byte* segment_ = nullptr;
  std::vector<int32_t> pages_;
  KvView kv_;
  graph::Graph graph_;
  graph::Node node_;
  platform::ThreadPool team_{2};
};

void expect_close(const std::vector<float>& got, const std::vector<float>& expected) {
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-5) << i;
}

constexpr graph::KvType kTypes[] = {graph::KvType::kF32, graph::KvType::kF16, graph::KvType::kQ8};

class EveryAttend : public ::testing::TestWithParam<KernelRow> {};

TEST_P(EveryAttend, NeverReadsWhatNobodyWrote) {
  for (graph::KvType type : kTypes) {
    Sequence sequence(GetParam(), type, 0, 75);
    sequence.step(0, 1);
    sequence.step(1, 40);
    sequence.step(41, 1);
    sequence.step(42, 33, true);
    for (float value : sequence.out()) ASSERT_TRUE(std::isfinite(value));
  }
}

TEST_P(EveryAttend, AnswersTheSameWhateverTheSteps) {
  for (graph::KvType type : kTypes) {
    Sequence at_once(GetParam(), type, 0, 75);
    at_once.step(0, 75);
    Sequence in_pieces(GetParam(), type, 0, 75);
    in_pieces.step(0, 37);
    in_pieces.step(37, 31);
    for (int32_t row = 68; row < 75; ++row) in_pieces.step(row, 1);
    expect_close(in_pieces.out(), at_once.out());
  }
}

TEST_P(EveryAttend, NeverAsksForPagesBehindTheWindow) {
  for (graph::KvType type : kTypes) {
    Sequence kept(GetParam(), type, 20, 130);
    kept.step(0, 130);
    Sequence released(GetParam(), type, 20, 130);
    released.step(0, 51);
    released.give_back(0);  // row 51 sees from 32 on
    released.step(51, 33);
    released.step(84, 1);
    released.give_back(1);  // row 85 sees from 66 on
    released.step(85, 45);
    expect_close(released.out(), kept.out());
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryAttend, ::testing::ValuesIn(kernels_of_attend()),
                         [](const ::testing::TestParamInfo<KernelRow>& row) {
                           return std::string(row.param.name);
                         });

}  // namespace
}  // namespace gerbil::kernels::attend
