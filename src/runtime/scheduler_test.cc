// The scheduler over sequences whose store holds no bytes: what it puts into a step, and who goes
// when something fails.
#include "runtime/scheduler.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <numeric>
#include <random>

namespace gerbil::runtime {
namespace {

class NoBytes final : public backend::StateStore {
 public:
  Status reserve_pages(int32_t, int32_t) override { return {}; }
  Status reserve_slots(int32_t) override { return {}; }
  Status read_slot(int32_t, graph::StateId, Span<float>) override { return {}; }
  uint64_t size_bytes() const override { return 0; }
};

graph::StateLayout hybrid_layout() {
  graph::Graph graph;
  graph.states.push_back({"kv", graph::KvState{1, 4, 0}});
  graph.states.push_back({"recurrent", graph::RecurrentState{{4}}});
  return graph::make_state_layout(graph);
}

// A job that draws `answer` ids, and what happened to it.
struct Client {
  Client(StateManager& states, int64_t prompt, int64_t answer)
      : sequence(states.make_sequence()), left(answer) {
    job.sequence = &sequence;
    job.tokens.resize(static_cast<size_t>(prompt));
    std::iota(job.tokens.begin(), job.tokens.end(), 0);
    job.on_token = [this](const Drawn& token) {
      drawn.push_back(token.id);
      return --left > 0;
    };
    job.on_error = [this](const Error& e) { error = e.message; };
  }

  Sequence sequence;
  Job job;
  int64_t left;
  std::vector<int32_t> drawn;
  std::string error;
};

class SchedulerTest : public ::testing::Test {
 protected:
  StateManager& states() { return states_; }

  Client& add(Scheduler& scheduler, int64_t prompt, int64_t answer) {
    clients_.push_back(std::make_unique<Client>(states_, prompt, answer));
    scheduler.add(&clients_.back()->job);
    return *clients_.back();
  }

  // Runs a step; the rows that each client had in it, by its number.
  std::map<const Client*, int64_t> step(Scheduler& scheduler) {
    std::map<const Client*, int64_t> rows;
    std::map<const Client*, int64_t> before;
    for (const auto& client : clients_) before[client.get()] = client->sequence.length();
    const auto batch = scheduler.next();
    if (!batch) return rows;
    check(*batch);
    std::vector<int32_t> ids(batch->wanted.size());
    for (int32_t& id : ids) id = 1000 + next_id_++;
    scheduler.commit({.ids = ids});
    for (const auto& client : clients_)
      if (const int64_t more = client->sequence.length() - before[client.get()]; more > 0)
        rows[client.get()] = more;
    return rows;
  }

  StateManager states_{hybrid_layout(), &bytes(), {.context = 100000}};

 private:
  static NoBytes& bytes() {
    static NoBytes store;
    return store;
  }

  static void check(const graph::Batch& batch) {
    const auto rows = static_cast<size_t>(batch.rows());
    EXPECT_EQ(batch.position.size(), rows);
    EXPECT_EQ(batch.index.size(), rows);
    EXPECT_EQ(batch.see_until.size(), rows);
    EXPECT_EQ(batch.sampling.size(), batch.wanted.size());
    int32_t next = 0;
    for (const graph::Run& run : batch.runs) {
      EXPECT_EQ(run.first, next);
      next += run.count;
      ASSERT_FALSE(run.writes.empty());
      EXPECT_EQ(run.writes.back().after_row, next - 1);
    }
    EXPECT_EQ(next, batch.rows());
  }

  std::vector<std::unique_ptr<Client>> clients_;
  int32_t next_id_ = 0;
};

using Rows = std::map<const Client*, int64_t>;

TEST_F(SchedulerTest, APromptRunsInChunksOfExactlyTheBatch) {
  Scheduler scheduler(7);
  Client& client = add(scheduler, 23, 2);
  for (int64_t rows : {7, 7, 7, 2, 1}) EXPECT_EQ(step(scheduler), (Rows{{&client, rows}}));
  EXPECT_TRUE(scheduler.idle());
  EXPECT_EQ(client.drawn, (std::vector<int32_t>{1000, 1001}));
  EXPECT_EQ(client.sequence.length(), 24);  // the last drawn token was never run
  EXPECT_FALSE(scheduler.next());
}

TEST_F(SchedulerTest, OnlyTheLastTokenOfAJobIsSampled) {
  Scheduler scheduler(5);
  Client& client = add(scheduler, 8, 2);
  client.job.sampling = {.temperature = 0.5F, .top_k = 3, .seed = 77};
  auto batch = scheduler.next();
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->wanted.empty());
  scheduler.commit({});
  batch = scheduler.next();
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->wanted.size(), 1U);
  EXPECT_EQ(batch->wanted[0], 2);
  EXPECT_EQ(batch->sampling[0].seed, 77U);
  EXPECT_EQ(batch->sampling[0].top_k, 3);
  EXPECT_EQ(batch->sampling[0].position, 8U);  // of the token to be drawn
  EXPECT_EQ(std::vector<int32_t>(batch->token.begin(), batch->token.end()),
            (std::vector<int32_t>{5, 6, 7}));
  EXPECT_EQ(std::vector<int32_t>(batch->index.begin(), batch->index.end()),
            (std::vector<int32_t>{5, 6, 7}));
  scheduler.commit({.ids = std::array{42}});
  batch = scheduler.next();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->token[0], 42);
  EXPECT_EQ(batch->sampling[0].position, 9U);
  scheduler.commit({.ids = std::array{43}});
  EXPECT_EQ(client.drawn, (std::vector<int32_t>{42, 43}));
}

TEST_F(SchedulerTest, DecodersGetTheirRowBesideALongPrompt) {
  Scheduler scheduler(8);
  Client& one = add(scheduler, 1, 100);
  Client& two = add(scheduler, 1, 100);
  step(scheduler);
  Client& prompt = add(scheduler, 50, 1);
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(step(scheduler), (Rows{{&one, 1}, {&two, 1}, {&prompt, 6}}));
  EXPECT_EQ(step(scheduler), (Rows{{&one, 1}, {&two, 1}, {&prompt, 2}}));
  EXPECT_EQ(prompt.drawn.size(), 1U);
}

TEST_F(SchedulerTest, TwoPromptsTakeTurns) {
  Scheduler scheduler(10);
  Client& one = add(scheduler, 100, 1);
  Client& two = add(scheduler, 100, 1);
  int64_t ahead = 0;
  for (int i = 0; i < 20; ++i) {
    step(scheduler);
    ahead = std::max(ahead, std::abs(one.sequence.length() - two.sequence.length()));
  }
  EXPECT_LE(ahead, 10);
  EXPECT_EQ(one.drawn.size() + two.drawn.size(), 2U);
  EXPECT_TRUE(scheduler.idle());
}

TEST_F(SchedulerTest, ABatchOfOneRowGoesRound) {
  Scheduler scheduler(1);
  std::vector<Client*> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(&add(scheduler, 5, 100));
  for (int i = 0; i < 30; ++i) EXPECT_EQ(step(scheduler).size(), 1U);
  for (const Client* client : clients) EXPECT_EQ(client->sequence.length(), 10);
}

// Whoever waits is served before anybody is served twice, whatever comes and goes.
TEST_F(SchedulerTest, NewcomersStarveNobody) {
  for (int64_t batch : {1, 2, 3}) {
    Scheduler scheduler(batch);
    std::mt19937 random(static_cast<uint32_t>(batch));
    std::vector<Client*> present;
    std::map<const Client*, std::map<const Client*, int>> passed_by;  // [who waits][who was served]
    for (int turn = 0; turn < 300; ++turn) {
      for (size_t n = random() % 3; n > 0 && present.size() < 6; --n)
        present.push_back(&add(scheduler, 1, 1 + random() % 3));
      const Rows served = step(scheduler);
      for (const Client* waiting : present) {
        if (served.contains(waiting)) {
          passed_by[waiting].clear();
          continue;
        }
        for (const auto& [other, rows] : served)
          ASSERT_LE(++passed_by[waiting][other], 1) << "batch " << batch << " turn " << turn;
      }
      std::erase_if(present, [](const Client* client) { return client->left == 0; });
    }
  }
}

TEST_F(SchedulerTest, SnapshotsAreTakenOnceWhereverTheChunksEnd) {
  for (int64_t batch : {1, 4, 5, 7, 512}) {
    Scheduler scheduler(batch);
    Client& client = add(scheduler, 20, 1);
    client.job.snapshot_at = {5, 6, 19, 20};
    std::vector<int64_t> lengths;
    client.job.on_snapshot = [&](Sequence snapshot) { lengths.push_back(snapshot.length()); };
    while (!scheduler.idle()) step(scheduler);
    EXPECT_EQ(lengths, (std::vector<int64_t>{5, 6, 19, 20})) << batch;
  }
}

TEST_F(SchedulerTest, ASnapshotInsideAChunkHasAStateWriteOfItsOwn) {
  Scheduler scheduler(512);
  Client& client = add(scheduler, 20, 1);
  client.job.snapshot_at = {5, 30};
  std::vector<Sequence> snapshots;
  client.job.on_snapshot = [&](Sequence snapshot) { snapshots.push_back(std::move(snapshot)); };
  const auto batch = scheduler.next();
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->runs[0].writes.size(), 2U);
  EXPECT_EQ(batch->runs[0].writes[0].after_row, 4);
  const int32_t slot = batch->runs[0].writes[0].slot;
  scheduler.commit({.ids = std::array{0}});
  ASSERT_EQ(snapshots.size(), 1U);
  EXPECT_EQ(snapshots[0].slot(), slot);
  EXPECT_NE(client.sequence.slot(), slot);
}

TEST(Scheduler, AFullCacheEndsOnlyTheJobThatNeedsMore) {
  NoBytes bytes;
  StateManager states(hybrid_layout(), &bytes, {.context = 1000, .pages = 3});
  Scheduler scheduler(64);
  Client fits(states, 20, 3);
  Client large(states, 100, 3);
  scheduler.add(&large.job);
  scheduler.add(&fits.job);
  while (const auto batch = scheduler.next())
    scheduler.commit({.ids = std::vector<int32_t>(batch->wanted.size(), 7)});
  EXPECT_EQ(large.error, "the cache is full: all 3 pages are in use");
  EXPECT_EQ(large.sequence.length(), 0);
  EXPECT_EQ(fits.error, "");
  EXPECT_EQ(fits.drawn.size(), 3U);
  fits.sequence.abandon();
  EXPECT_EQ(states.pages_in_use(), 0);
  EXPECT_EQ(states.slots_in_use(), 0);
}

TEST(Scheduler, WhereNoJobFitsThereIsNoStep) {
  NoBytes bytes;
  StateManager states(hybrid_layout(), &bytes, {.context = 1000, .pages = 1});
  Scheduler scheduler(128);
  Client one(states, 50, 3);
  Client two(states, 60, 3);
  scheduler.add(&one.job);
  scheduler.add(&two.job);
  EXPECT_FALSE(scheduler.next());
  EXPECT_TRUE(scheduler.idle());
  EXPECT_FALSE(one.error.empty());
  EXPECT_FALSE(two.error.empty());
}

TEST_F(SchedulerTest, AStepThatFailedEndsTheJobsThatWereInIt) {
  Scheduler scheduler(1);
  Client& one = add(scheduler, 3, 2);
  Client& two = add(scheduler, 3, 2);
  step(scheduler);
  step(scheduler);
  ASSERT_TRUE(scheduler.next());
  scheduler.fail(Error{ErrorCode::kInternal, "the device is lost"});
  EXPECT_EQ(one.error + two.error, "the device is lost");
  Client& broken = one.error.empty() ? two : one;
  Client& whole = one.error.empty() ? one : two;
  EXPECT_EQ(broken.sequence.length(), 0);
  EXPECT_EQ(whole.sequence.length(), 1);
  while (!scheduler.idle()) step(scheduler);
  EXPECT_EQ(whole.drawn.size(), 2U);
  EXPECT_TRUE(broken.drawn.empty());
}

TEST_F(SchedulerTest, ARemovedJobHasNoMoreRows) {
  Scheduler scheduler(4);
  Client& one = add(scheduler, 10, 2);
  Client& two = add(scheduler, 10, 2);
  step(scheduler);
  scheduler.remove(&one.job);
  const int64_t length = one.sequence.length();
  while (!scheduler.idle()) step(scheduler);
  EXPECT_EQ(one.sequence.length(), length);
  EXPECT_EQ(two.drawn.size(), 2U);
}

}  // namespace
}  // namespace gerbil::runtime
