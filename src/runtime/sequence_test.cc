// Sequences against a shadow store that remembers, for every page place and slot, which prefix of
// tokens put it there: after any walk of appends, forks, drafts and rewinds a sequence must find
// exactly its own tokens.
#include "runtime/sequence.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

namespace gerbil::runtime {
namespace {

constexpr int64_t kPage = graph::kPagePositions;

class NoBytes final : public backend::StateStore {
 public:
  Status reserve_pages(int32_t, int32_t) override { return {}; }
  Status reserve_slots(int32_t) override { return {}; }
  Status read_slot(int32_t, graph::StateId, Span<float>) override { return {}; }
  uint64_t size_bytes() const override { return 0; }
};

// One full and one windowed layer in a shared pool, and a recurrent state if asked for.
graph::StateLayout make_layout(int64_t window, bool recurrent) {
  graph::Graph graph;
  graph.states.push_back({"kv.0", graph::KvState{1, 4, 0}});
  if (window > 0) graph.states.push_back({"kv.1", graph::KvState{1, 4, window}});
  if (recurrent) graph.states.push_back({"recurrent", graph::RecurrentState{{4}}});
  return graph::make_state_layout(graph);
}

uint64_t mix(uint64_t hash, int32_t token) {
  return (hash ^ static_cast<uint64_t>(token)) * 0x9E3779B97F4A7C15u + 1;
}

class Shadow {
 public:
  Shadow(int64_t window, bool recurrent, StateLimits limits)
      : window_(window), manager_(make_layout(window, recurrent), &bytes_, limits) {}

  StateManager& manager() { return manager_; }

  // What a backend does: copies, writes keys, reads every needed key and the slot, writes slots.
  void run(const graph::Run& run, int64_t length, const std::vector<int32_t>& tokens,
           const std::vector<graph::PageCopy>& copies) {
    for (const graph::PageCopy& copy : copies) pages_[copy.to] = pages_[copy.from];
    uint64_t hash = 0;
    for (int64_t i = 0; i < length; ++i) hash = mix(hash, tokens[static_cast<size_t>(i)]);
    if (manager_.layout().has_recurrent()) {
      EXPECT_EQ(run.state_in == graph::kZeroState ? 0 : slots_.at(run.state_in), hash)
          << "state_in";
    }
    size_t write = 0;
    for (int32_t row = 0; row < run.count; ++row) {
      const int64_t index = length + row;
      hash = mix(hash, tokens[static_cast<size_t>(index)]);
      for (size_t kv = 0; kv < run.page_tables.size(); ++kv)
        pages_[page(run, kv, index)][static_cast<size_t>(index % kPage)] = hash;
      if (write < run.writes.size() && run.writes[write].after_row == run.first + row)
        slots_[run.writes[write++].slot] = hash;
    }
    EXPECT_EQ(write, run.writes.size());
    check_keys(run, length + run.count, tokens);
  }

 private:
  static int32_t page(const graph::Run& run, size_t kv, int64_t index) {
    const int32_t id = run.page_tables[kv][static_cast<size_t>(index / kPage)];
    EXPECT_NE(id, graph::kNoPage);
    return id;
  }

  // Every key that the step's first row may read is the sequence's own.
  void check_keys(const graph::Run& run, int64_t end, const std::vector<int32_t>& tokens) {
    for (size_t kv = 0; kv < run.page_tables.size(); ++kv) {
      const int64_t first_row = end - run.count;
      const int64_t from = kv == 1 ? std::max<int64_t>(0, first_row - window_ + 1) : 0;
      uint64_t hash = 0;
      for (int64_t i = 0; i < end; ++i) {
        hash = mix(hash, tokens[static_cast<size_t>(i)]);
        if (i >= from) {
          ASSERT_EQ(pages_[page(run, kv, i)][static_cast<size_t>(i % kPage)], hash)
              << "kv " << kv << " at " << i;
        }
      }
    }
  }

  int64_t window_;
  NoBytes bytes_;
  StateManager manager_;
  std::map<int32_t, std::array<uint64_t, kPage>> pages_;
  std::map<int32_t, uint64_t> slots_;
};

struct Walker {
  Sequence sequence;
  std::vector<int32_t> tokens;
};

void append(Shadow& shadow, Walker& walker, int64_t rows, std::mt19937& random) {
  std::vector<graph::PageCopy> copies;
  for (int64_t i = 0; i < rows; ++i) walker.tokens.push_back(static_cast<int32_t>(random() % 1000));
  const std::array<int32_t, 1> kept = {static_cast<int32_t>(rows - 1)};
  ASSERT_TRUE(walker.sequence.reserve(rows, kept, copies));
  shadow.run(walker.sequence.run(0), walker.sequence.length(), walker.tokens, copies);
  walker.sequence.commit(rows);
}

// k + 1 rows of which `accepted` stay.
void draft(Shadow& shadow, Walker& walker, int64_t rows, int64_t accepted, std::mt19937& random) {
  std::vector<graph::PageCopy> copies;
  std::vector<int32_t> kept;
  for (int64_t i = 0; i < rows; ++i) {
    walker.tokens.push_back(static_cast<int32_t>(random() % 1000));
    kept.push_back(static_cast<int32_t>(i));
  }
  ASSERT_TRUE(walker.sequence.reserve(rows, kept, copies));
  shadow.run(walker.sequence.run(0), walker.sequence.length(), walker.tokens, copies);
  walker.sequence.commit(accepted);
  walker.tokens.resize(static_cast<size_t>(walker.sequence.length()));
}

void random_walks(int64_t window, bool recurrent) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    Shadow shadow(window, recurrent, {.context = 4096, .longest_draft = 8});
    {
      std::vector<Walker> walkers;
      walkers.push_back({shadow.manager().make_sequence(), {}});
      for (int step = 0; step < 60; ++step) {
        const size_t chosen = random() % walkers.size();
        Walker& walker = walkers[chosen];
        const uint32_t action = random() % 10;
        if (action < 4) {
          append(shadow, walker, 1 + random() % (action == 0 ? 100 : 5), random);
        } else if (action < 6) {
          const int64_t rows = 1 + random() % 9;
          draft(shadow, walker, rows, 1 + random() % rows, random);
        } else if (action < 8 && walkers.size() < 6) {
          walkers.push_back({walker.sequence.fork(), walker.tokens});
        } else if (action == 8) {
          const auto length = static_cast<int64_t>(random() % (walker.tokens.size() + 1));
          if (!walker.sequence.can_truncate(length)) continue;
          walker.sequence.truncate(length);
          walker.tokens.resize(static_cast<size_t>(length));
        } else if (walkers.size() > 1) {
          walkers.erase(walkers.begin() + static_cast<ptrdiff_t>(chosen));
        }
        ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed << " step " << step;
      }
    }
    ASSERT_EQ(shadow.manager().pages_in_use(), 0) << "seed " << seed;
    ASSERT_EQ(shadow.manager().slots_in_use(), 0) << "seed " << seed;
  }
}

TEST(Sequence, RandomWalksFindTheirOwnTokensInFullAttention) { random_walks(0, false); }
TEST(Sequence, RandomWalksFindTheirOwnTokensBehindAWindow) { random_walks(20, false); }
TEST(Sequence, RandomWalksFindTheirOwnTokensInAHybrid) { random_walks(0, true); }
TEST(Sequence, RandomWalksFindTheirOwnTokensInAWindowedHybrid) { random_walks(33, true); }

TEST(Sequence, AForkCostsNoPagesUntilItWrites) {
  std::mt19937 random(1);
  Shadow shadow(0, false, {.context = 4096});
  Walker walker{shadow.manager().make_sequence(), {}};
  append(shadow, walker, 40, random);
  EXPECT_EQ(shadow.manager().pages_in_use(), 2);
  Walker fork{walker.sequence.fork(), walker.tokens};
  EXPECT_EQ(shadow.manager().pages_in_use(), 2);
  append(shadow, fork, 1, random);  // the partly filled page is copied, the full one stays shared
  EXPECT_EQ(shadow.manager().pages_in_use(), 3);
}

TEST(Sequence, AWindowedLayerGivesBackThePagesBehindIt) {
  std::mt19937 random(1);
  Shadow shadow(32, false, {.context = 100000, .longest_draft = 4});
  Walker walker{shadow.manager().make_sequence(), {}};
  for (int i = 0; i < 100; ++i) append(shadow, walker, 32, random);
  EXPECT_LE(shadow.manager().pages_in_use(),
            100 + 3);  // every page of the full layer, a window of the other
  EXPECT_TRUE(walker.sequence.can_truncate(3200 - 4));
  EXPECT_FALSE(walker.sequence.can_truncate(3000));
  EXPECT_TRUE(walker.sequence.can_truncate(0));
}

TEST(Sequence, ASnapshotInsideAStepKeepsThatPlace) {
  std::mt19937 random(1);
  Shadow shadow(0, true, {.context = 4096});
  Walker walker{shadow.manager().make_sequence(), {}};
  for (int i = 0; i < 50; ++i) walker.tokens.push_back(i);
  std::vector<graph::PageCopy> copies;
  const std::array<int32_t, 2> kept = {29, 49};
  ASSERT_TRUE(walker.sequence.reserve(50, kept, copies));
  shadow.run(walker.sequence.run(0), 0, walker.tokens, copies);
  Walker early{walker.sequence.snapshot(30), {walker.tokens.begin(), walker.tokens.begin() + 30}};
  walker.sequence.commit(50);
  EXPECT_EQ(early.sequence.length(), 30);
  append(shadow, early, 7, random);
  append(shadow, walker, 7, random);
}

TEST(Sequence, ARunStaysValidWhenItsSequenceMoves) {
  Shadow shadow(20, true, {.context = 4096});
  auto before = std::make_unique<Sequence>(shadow.manager().make_sequence());
  std::vector<graph::PageCopy> copies;
  const std::array<int32_t, 2> kept = {3, 49};
  ASSERT_TRUE(before->reserve(50, kept, copies));
  const graph::Run run = before->run(0);
  Sequence after(std::move(*before));
  before.reset();
  Walker walker{std::move(after), std::vector<int32_t>(50, 7)};
  shadow.run(run, 0, walker.tokens, copies);
  walker.sequence.commit(50);
  std::mt19937 random(1);
  append(shadow, walker, 3, random);
}

TEST(Sequence, AFullCacheOrContextIsAnErrorThatChangesNothing) {
  std::mt19937 random(1);
  Shadow shadow(0, true, {.context = 100, .pages = 2, .slots = 1});
  Walker walker{shadow.manager().make_sequence(), {}};
  append(shadow, walker, 40, random);
  std::vector<graph::PageCopy> copies;
  const std::array<int32_t, 1> last = {59};
  const auto context = walker.sequence.reserve(61, std::array<int32_t, 1>{60}, copies);
  ASSERT_FALSE(context);
  EXPECT_EQ(context.error().message, "101 tokens do not fit the context of 100");
  const auto pages = walker.sequence.reserve(60, last, copies);
  ASSERT_FALSE(pages);
  EXPECT_EQ(pages.error().message, "the cache is full: all 2 pages are in use");
  EXPECT_TRUE(copies.empty());
  EXPECT_EQ(shadow.manager().pages_in_use(), 2);
  append(shadow, walker, 10, random);

  Walker fork{walker.sequence.fork(), walker.tokens};
  const auto slots = fork.sequence.reserve(1, std::array<int32_t, 1>{0}, copies);
  ASSERT_FALSE(slots);
  EXPECT_EQ(slots.error().message, "all 1 state slots are in use");
}

}  // namespace
}  // namespace gerbil::runtime
