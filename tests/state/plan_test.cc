// A plan's promises about its steps that no conversation uses yet.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>

#include "runtime/runner.h"
#include "state/tiny_model.h"

namespace gerbil::testing {
namespace {

using runtime::Runner;
using runtime::Sequence;

std::unique_ptr<Runner> load(const model::Model& model, bool reference) {
  auto runner = Runner::load(model, {.reference = reference, .threads = 1}, {}, {});
  if (!runner) throw std::runtime_error(runner.error().message);
  return *std::move(runner);
}

// Two sequences in one batch; the tokens of `from_wanted` rows come from the step before.
struct Pair {
  explicit Pair(Runner& on)
      : runner(on), one(on.states().make_sequence()), two(on.states().make_sequence()) {}

  backend::Ticket submit(int32_t rows_of_one, int32_t rows_of_two, std::vector<int32_t> token,
                         std::vector<int32_t> from_wanted) {
    const std::array<int32_t, 2> rows = {rows_of_one, rows_of_two};
    const std::array<Sequence*, 2> sequences = {&one, &two};
    copies.clear();
    std::vector<graph::Run> runs;
    std::vector<int32_t> index;
    std::vector<int32_t> wanted;
    std::vector<graph::SampleParams> sampling(2);
    for (size_t i = 0; i < 2; ++i) {
      const int32_t last = rows[i] - 1;
      const auto length = static_cast<int32_t>(sequences[i]->length());
      if (!sequences[i]->reserve(rows[i], {&last, 1}, copies)) throw std::runtime_error("full");
      runs.push_back(sequences[i]->run(static_cast<int32_t>(index.size())));
      for (int32_t row = 0; row < rows[i]; ++row) index.push_back(length + row);
      wanted.push_back(static_cast<int32_t>(index.size()) - 1);
      sampling[i] = {
          .temperature = 1, .seed = i, .position = static_cast<uint64_t>(length + rows[i])};
      sampling[i].presence_penalty = presence;
      sampling[i].seen = seen[i];
    }
    const auto ticket = runner.plan().submit({.token = token,
                                              .from_wanted = from_wanted,
                                              .position = index,
                                              .index = index,
                                              .see_until = index,
                                              .runs = runs,
                                              .wanted = wanted,
                                              .sampling = sampling,
                                              .copies = copies},
                                             runner.states().store(), nullptr);
    if (!ticket) throw std::runtime_error(ticket.error().message);
    one.commit(rows[0]);
    two.commit(rows[1]);
    return *ticket;
  }

  std::vector<int32_t> take(backend::Ticket ticket) {
    const auto answer = runner.plan().take(ticket);
    return {answer->ids.begin(), answer->ids.end()};
  }

  Runner& runner;
  Sequence one, two;
  float presence = 0;
  std::array<std::vector<graph::SeenToken>, 2> seen;
  std::vector<graph::PageCopy> copies;
};

class PlanTest : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Backends, PlanTest, ::testing::Bool(), [](const auto& test) {
  return std::string(test.param ? "Reference" : "Cpu");
});

// A step may be submitted before the ids of the one before were taken.
TEST_P(PlanTest, ARowTakesItsTokenFromTheStepBefore) {
  constexpr int32_t kStep = graph::kFromStep;
  const model::Model model = tiny_hybrid(31);
  const auto runner = load(model, GetParam());
  Pair plain(*runner);
  std::vector<std::vector<int32_t>> want = {plain.take(plain.submit(3, 2, {1, 2, 3, 4, 5}, {}))};
  want.push_back(plain.take(plain.submit(1, 1, want[0], {})));
  want.push_back(plain.take(plain.submit(2, 1, {want[1][0], 9, want[1][1]}, {})));

  Pair chained(*runner);
  const backend::Ticket first = chained.submit(3, 2, {1, 2, 3, 4, 5}, {});
  const backend::Ticket second = chained.submit(1, 1, {kStep, kStep}, {0, 1});
  EXPECT_EQ(chained.take(first), want[0]);  // still there after the next submit
  const backend::Ticket third = chained.submit(2, 1, {kStep, 9, kStep}, {0, -1, 1});
  EXPECT_EQ(chained.take(second), want[1]);
  EXPECT_EQ(chained.take(third), want[2]);
  EXPECT_TRUE(runner->plan().ready(third));
}

// The host does not know that id yet, and it counts all the same.
TEST_P(PlanTest, AnIdInFlightIsPenalised) {
  constexpr int32_t kStep = graph::kFromStep;
  const model::Model model = tiny_full(34);
  const auto runner = load(model, GetParam());
  Pair known(*runner);
  const std::vector<int32_t> first = known.take(known.submit(3, 2, {1, 2, 3, 4, 5}, {}));
  // So strong that all but the ids not seen are out: of 40, all but two and the drawn ones.
  known.presence = 10000;
  for (size_t i = 0; i < 2; ++i)
    for (int32_t id = 0; id < kTinyVocab; ++id)
      if (id % 20 != 7 && id != first[i]) known.seen[i].push_back({id, 1});
  Pair chained(*runner);
  chained.seen = known.seen;
  for (size_t i = 0; i < 2; ++i) known.seen[i].push_back({first[i], 1});
  const std::vector<int32_t> want = known.take(known.submit(1, 1, first, {}));
  for (size_t i = 0; i < 2; ++i) EXPECT_NE(want[i], first[i]);
  chained.submit(3, 2, {1, 2, 3, 4, 5}, {});
  chained.presence = known.presence;
  EXPECT_EQ(chained.take(chained.submit(1, 1, {kStep, kStep}, {0, 1})), want);
}

// More wanted rows than are computed at a time: the ids of all of them, in order.
TEST_P(PlanTest, ManyWantedRowsAreSampledInPieces) {
  const model::Model model = tiny_windowed(32, 5);
  const auto runner = load(model, GetParam());
  std::vector<int32_t> likeliest;
  std::vector<float> logprobs;
  const auto sample = [&](const std::vector<int32_t>& wanted) {
    Sequence sequence = runner->states().make_sequence();
    std::vector<int32_t> token(150);
    for (size_t i = 0; i < token.size(); ++i) token[i] = static_cast<int32_t>(i * i % kTinyVocab);
    std::vector<int32_t> index(token.size());
    std::iota(index.begin(), index.end(), 0);
    std::vector<graph::SampleParams> sampling;
    for (int32_t row : wanted)
      sampling.push_back(
          {.temperature = 2, .seed = 5, .position = static_cast<uint64_t>(row), .logprobs = 20});
    std::vector<graph::PageCopy> copies;
    EXPECT_TRUE(sequence.reserve(150, std::array{149}, copies));
    const graph::Run run = sequence.run(0);
    const auto ticket = runner->plan().submit({.token = token,
                                               .position = index,
                                               .index = index,
                                               .see_until = index,
                                               .runs = {&run, 1},
                                               .wanted = wanted,
                                               .sampling = sampling},
                                              runner->states().store(), nullptr);
    EXPECT_TRUE(ticket);
    const auto answer = runner->plan().take(*ticket);
    likeliest.assign(answer->likeliest.begin(), answer->likeliest.end());
    logprobs.assign(answer->logprobs.begin(), answer->logprobs.end());
    return std::vector<int32_t>(answer->ids.begin(), answer->ids.end());
  };
  std::vector<int32_t> all(150);
  std::iota(all.begin(), all.end(), 0);
  const std::vector<int32_t> ids = sample(all);
  ASSERT_EQ(ids.size(), 150U);
  ASSERT_EQ(likeliest.size(), 150U * 20);
  ASSERT_EQ(logprobs.size(), 150U * 21);
  for (size_t row = 0; row < 150; ++row) {  // the value of a drawn id among the likeliest is theirs
    const auto begin = likeliest.begin() + static_cast<int64_t>(row * 20);
    const auto place = static_cast<size_t>(std::find(begin, begin + 20, ids[row]) - begin);
    if (place < 20) {
      EXPECT_EQ(logprobs[row * 21], logprobs[row * 21 + 1 + place]) << row;
    } else {
      EXPECT_LE(logprobs[row * 21], logprobs[row * 21 + 20]) << row;
    }
  }
  for (int32_t row : {0, 63, 64, 65, 127, 128, 149})
    EXPECT_EQ(sample({row}), std::vector<int32_t>{ids[static_cast<size_t>(row)]}) << row;
}

TEST_P(PlanTest, AStepOfTooManyRowsIsAnError) {
  const model::Model model = tiny_full(33);
  const auto runner = load(model, GetParam());
  const std::vector<int32_t> rows(513, 0);
  const auto ticket =
      runner->plan().submit({.token = rows, .position = rows, .index = rows, .see_until = rows},
                            runner->states().store(), nullptr);
  ASSERT_FALSE(ticket);
  EXPECT_EQ(ticket.error().message, "a step of 513 rows: this plan takes 1 to 512");
}

}  // namespace
}  // namespace gerbil::testing
