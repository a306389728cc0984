// delta_rule on numbers worked out by hand, and against float64 over a long sequence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/registry.h"
#include "kernels/testing/bound_case.h"

namespace gerbil::kernels::delta_rule {
namespace {

using ::testing::ElementsAre;

std::vector<KernelRow> kernels_of_delta_rule() {
  std::vector<KernelRow> rows;
  for (const KernelRow& row : registry())
    if (row.op == graph::kOpKindOf<graph::DeltaRule>) rows.push_back(row);
  return rows;
}

class EveryDeltaRule : public ::testing::TestWithParam<KernelRow> {};

TEST_P(EveryDeltaRule, ForgetsCorrectsAndReads) {
  const float half = std::log(0.5f);
  const testing::Case c{.op = graph::DeltaRule{},
                        .inputs = {{.rows = 2, .dim = 2, .values = {1, 0, 1, 3}},
                                   {.rows = 2, .dim = 2, .values = {1, 0, 1, 1}},
                                   {.rows = 2, .dim = 2, .values = {8, 4, 10, 0}},
                                   {.rows = 2, .dim = 1, .values = {-1, half}},
                                   {.rows = 2, .dim = 1, .values = {0.5f, 1}}},
                        .outputs = {{.rows = 2, .dim = 2}},
                        .slots = testing::SlotSpec{.elements = 4, .slot_elements = 4, .slots = 2},
                        .batch = {.runs = {{.count = 2, .writes = {{0, 0}, {1, 1}}}}}};
  platform::ThreadPool pool(1);
  testing::BoundCase bound(c, 1);
  bound.run(GetParam(), pool);
  const std::vector<testing::Observed> observed = bound.observed();
  // Row 0: S = [1, 0]^T [4, 2]. Row 1: S = [[2, 1], [0, 0]], delta = [10, 0] - [2, 1] = [8, -1],
  // S = [[10, 0], [8, -1]], o = S^T [1, 3].
  const auto near = [](double x) { return ::testing::DoubleNear(x, 1e-5); };
  EXPECT_THAT(observed[0].numbers, ElementsAre(near(4), near(2), near(34), near(-3)));
  EXPECT_THAT(observed[1].numbers, ElementsAre(near(4), near(2), near(0), near(0), near(10),
                                               near(0), near(8), near(-1)));
}

// The recurrence in float64 beside a kernel that goes through the same rows in steps. Decays are
// made as the models make them, with a_log and dt_bias that theirs are like: from a memory of a
// thousand rows to one of a single row.
class LongSequence {
 public:
  static constexpr int64_t kKeyHeads = 2;
  static constexpr int64_t kHeads = 4;
  static constexpr int64_t kDk = 16;
  static constexpr int64_t kDv = 32;

  explicit LongSequence(const KernelRow& kernel, int64_t rows_of_a_step)
      : kernel_(kernel),
        rows_(rows_of_a_step),
        q_(u64(rows_ * kKeyHeads * kDk)),
        k_(q_.size()),
        v_(u64(rows_ * kHeads * kDv)),
        g_(u64(rows_ * kHeads)),
        beta_(g_.size()),
        out_(v_.size()),
        slot_(u64(kHeads * kDk * kDv)),
        exact_out_(v_.size()),
        exact_(slot_.size()) {
    const auto value = [](int64_t heads, int64_t dim) {
      return graph::ValueInfo{.shape = {graph::Rows::kRows, heads, dim}};
    };
    graph_.values = {value(kKeyHeads, kDk), value(kKeyHeads, kDk), value(kHeads, kDv),
                     value(1, kHeads),      value(1, kHeads),      value(kHeads, kDv)};
    node_ = {.op = op_, .inputs = {0, 1, 2, 3, 4}, .outputs = {5}};
  }

  void step() {
    make_inputs();
    go_exactly();
    run_kernel();
    ++steps_;
  }

  // Largest difference over largest number, of each head; the worst of them.
  double output_error() const {
    double worst = 0;
    for (int64_t head = 0; head < kHeads; ++head) {
      double off = 0;
      double largest = 0;
      for (int64_t row = 0; row < rows_; ++row)
        for (int64_t j = 0; j < kDv; ++j)
          add(u64((row * kHeads + head) * kDv + j), out_, exact_out_, off, largest);
      worst = std::max(worst, off / largest);
    }
    return worst;
  }
  double state_error() const {
    double worst = 0;
    for (int64_t head = 0; head < kHeads; ++head) {
      double off = 0;
      double largest = 0;
      for (int64_t i = 0; i < kDk * kDv; ++i)
        add(u64(head * kDk * kDv + i), slot_, exact_, off, largest);
      worst = std::max(worst, off / largest);
    }
    return worst;
  }

 private:
  static size_t u64(int64_t value) { return static_cast<size_t>(value); }
  static void add(size_t i, const std::vector<float>& got, const std::vector<double>& exact,
                  double& off, double& largest) {
    const double here = std::abs(static_cast<double>(got[i]) - exact[i]);
    off = std::max(off, std::isnan(here) ? INFINITY : here);
    largest = std::max(largest, std::abs(exact[i]));
  }

  void make_inputs() {
    const auto normalise = [&](std::vector<float>& x, float length) {
      for (size_t begin = 0; begin < x.size(); begin += kDk) {
        float squares = 0;
        for (size_t i = begin; i < begin + kDk; ++i) {
          x[i] = normal_(random_);
          squares += x[i] * x[i];
        }
        for (size_t i = begin; i < begin + kDk; ++i) x[i] *= length / std::sqrt(squares);
      }
    };
    normalise(q_, 0.25f);
    normalise(k_, 1.0f);
    for (float& x : v_) x = normal_(random_);
    constexpr float kALog[kHeads] = {-0.242f, 0.077f, -3.716f, 2.859f};
    constexpr float kDtBias[kHeads] = {-6.719f, -5.562f, 0.044f, -2.359f};
    for (size_t i = 0; i < g_.size(); ++i) {
      const size_t head = i % kHeads;
      g_[i] = -std::exp(kALog[head]) * std::log1p(std::exp(normal_(random_) + kDtBias[head]));
      beta_[i] = 1.0f / (1.0f + std::exp(-normal_(random_)));
    }
  }

  void go_exactly() {
    for (int64_t row = 0; row < rows_; ++row)
      for (int64_t head = 0; head < kHeads; ++head) {
        const float* q = q_.data() + (row * kKeyHeads + head / 2) * kDk;
        const float* k = k_.data() + (row * kKeyHeads + head / 2) * kDk;
        const float* v = v_.data() + (row * kHeads + head) * kDv;
        double* s = exact_.data() + head * kDk * kDv;
        double* o = exact_out_.data() + (row * kHeads + head) * kDv;
        const double decay = std::exp(static_cast<double>(g_[u64(row * kHeads + head)]));
        double delta[kDv] = {};
        for (int64_t i = 0; i < kDk; ++i)
          for (int64_t j = 0; j < kDv; ++j) {
            s[i * kDv + j] *= decay;
            delta[j] += s[i * kDv + j] * static_cast<double>(k[i]);
          }
        for (int64_t j = 0; j < kDv; ++j) {
          delta[j] = static_cast<double>(beta_[u64(row * kHeads + head)]) *
                     (static_cast<double>(v[j]) - delta[j]);
          o[j] = 0;
        }
        for (int64_t i = 0; i < kDk; ++i)
          for (int64_t j = 0; j < kDv; ++j) {
            s[i * kDv + j] += static_cast<double>(k[i]) * delta[j];
            o[j] += s[i * kDv + j] * static_cast<double>(q[i]);
          }
      }
  }

  void run_kernel() {
    const auto count = static_cast<int32_t>(rows_);
    const graph::StateWrite write{count - 1, 0};
    const graph::Run run{.count = count,
                         .state_in = steps_ == 0 ? graph::kZeroState : 0,
                         .writes = Span<const graph::StateWrite>(&write, 1)};
    const graph::Batch batch{.runs = Span<const graph::Run>(&run, 1)};
    const Step step{.batch = &batch};
    const auto view = [&](std::vector<float>& of, int64_t heads, int64_t dim) {
      return TensorView{.data = of.data(),
                        .rows = rows_,
                        .heads = heads,
                        .dim = dim,
                        .row_stride = heads * dim,
                        .head_stride = dim};
    };
    const std::vector<TensorView> inputs = {view(q_, kKeyHeads, kDk), view(k_, kKeyHeads, kDk),
                                            view(v_, kHeads, kDv), view(g_, 1, kHeads),
                                            view(beta_, 1, kHeads)};
    const std::vector<TensorView> outputs = {view(out_, kHeads, kDv)};
    float* const segment = slot_.data();
    uint64_t scratch_bytes = 64;
    if (kernel_.scratch_bytes != nullptr)
      scratch_bytes += kernel_.scratch_bytes(graph_, node_, {rows_, 1, 0},
                                             {pool_.threads(), platform::best_isa()});
    if (scratch_.bytes().size() != scratch_bytes) scratch_ = testing::GuardedBuffer(scratch_bytes);
    kernel_.run({.op = &op_,
                 .inputs = inputs,
                 .outputs = outputs,
                 .weights = {},
                 .kv = {},
                 .slots = {.segments = Span<float* const>(&segment, 1),
                           .slots_per_segment = 1,
                           .slot_elements = static_cast<int64_t>(slot_.size()),
                           .offset = 0,
                           .elements = static_cast<int64_t>(slot_.size())},
                 .step = &step,
                 .pool = &pool_,
                 .isa = platform::best_isa(),
                 .scratch = scratch_.bytes()});
  }

  KernelRow kernel_;
  int64_t rows_;
  std::vector<float> q_, k_, v_, g_, beta_, out_, slot_;
  std::vector<double> exact_out_, exact_;
  int64_t steps_ = 0;
  std::mt19937 random_{5};
  std::normal_distribution<float> normal_;
  graph::Op op_ = graph::DeltaRule{};
  graph::Graph graph_;
  graph::Node node_;
  platform::ThreadPool pool_{1};
  testing::GuardedBuffer scratch_;
};

TEST_P(EveryDeltaRule, StaysWithFloat64For100000Rows) {
  constexpr int64_t kRowsOfAStep = 500;
  LongSequence sequence(GetParam(), kRowsOfAStep);
  double worst_output = 0;
  double worst_state = 0;
  for (int64_t row = 0; row < 100000; row += kRowsOfAStep) {
    sequence.step();
    worst_output = std::max(worst_output, sequence.output_error());
    worst_state = std::max(worst_state, sequence.state_error());
  }
  EXPECT_LE(worst_output, 1e-4);
  EXPECT_LE(worst_state, 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryDeltaRule, ::testing::ValuesIn(kernels_of_delta_rule()),
                         [](const ::testing::TestParamInfo<KernelRow>& row) {
                           return std::string(row.param.name);
                         });

}  // namespace
}  // namespace gerbil::kernels::delta_rule
