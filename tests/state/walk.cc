// Walk keeps, beside each sequence, the tokens it should hold and the logits it gave on the way.
// They are compared with a fresh run before some of the sequences are dropped or rewound, and at
// the end for all that live: each living sequence and each snapshot answers one more token first.
#include "state/walk.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "runtime/conversation.h"
#include "runtime/sequence.h"
#include "state/tiny_model.h"

namespace gerbil::testing {
namespace {

using graph::kPagePositions;
using runtime::Conversation;
using runtime::Sequence;

constexpr int kTurns = 16;
constexpr size_t kMaxWalkers = 5;
constexpr size_t kMaxSnapshots = 4;
constexpr size_t kLongest = 260;  // tokens of a sequence, after which it only rewinds
constexpr int64_t kLongestDraft = 8;

// What a sequence should hold, and what it answered after some of its tokens (else null).
struct Story {
  std::vector<int32_t> tokens;
  std::vector<std::shared_ptr<const Logits>> answers;  // [tokens]

  void cut(int64_t length) {
    tokens.resize(static_cast<size_t>(length));
    answers.resize(static_cast<size_t>(length));
  }
};

struct Walker {
  Conversation conversation;
  Story story;

  Sequence& sequence() { return conversation.sequence(); }
};

struct Snapshot {
  Sequence sequence;
  Story story;
};

// One sequence's part of a step.
struct Part {
  Walker* walker;
  int64_t rows = 1;
  int64_t accepted = 1;
  bool fails = false;
  std::vector<int32_t> kept;          // offsets, ascending, the last is rows - 1
  std::vector<int32_t> snapshots_at;  // some of kept
  int32_t first = 0;
};

// A step as it goes to the backend, so that faults can be put into it.
struct Step {
  std::vector<int32_t> token, index, wanted;
  std::vector<graph::Run> runs;
  std::vector<std::vector<std::vector<int32_t>>> tables;  // [run][kv][page]
  std::vector<std::vector<Span<const int32_t>>> table_views;
  std::vector<std::vector<graph::StateWrite>> writes;
  std::vector<graph::PageCopy> copies;
};

std::string difference(const Logits& got, const Logits& want, double tolerance) {
  double largest = 0;
  double worst = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    largest = std::max<double>(largest, std::abs(want[i]));
    const double error = std::abs(double{got[i]} - double{want[i]});
    worst = std::isfinite(error) ? std::max(worst, error) : INFINITY;
  }
  if (worst <= tolerance * largest) return "";
  return fmt::format("logits differ by {} of {}", worst, largest);
}

class Walk {
 public:
  Walk(World& world, uint32_t seed, Fault fault)
      : world_(world),
        random_(seed),
        fault_(fault),
        manager_(layout(world, fault), &world.store(), limits(seed)) {}

  std::string run() {
    walkers_.push_back(make_walker());
    for (int turn = 0; turn < kTurns && problem_.empty(); ++turn) {
      for (uint32_t i = below(3); i > 0; --i) rearrange();
      step(choose_parts());
    }
    finish();
    walkers_.clear();
    snapshots_.clear();
    if (manager_.pages_in_use() != 0) fail_with("{} pages are left", manager_.pages_in_use());
    if (manager_.slots_in_use() != 0) fail_with("{} slots are left", manager_.slots_in_use());
    return problem_;
  }

 private:
  static graph::StateLayout layout(const World& world, Fault fault) {
    graph::StateLayout layout = world.layout();
    if (fault == Fault::kWindowTooNarrow)
      for (graph::StateLayout::Kv& kv : layout.kv)
        if (kv.window > 0) kv.window = 1;
    return layout;
  }
  // Every third walk meets a full cache.
  static runtime::StateLimits limits(uint32_t seed) {
    runtime::StateLimits limits{.context = kTinyContext, .longest_draft = kLongestDraft};
    if (seed % 3 == 0) {
      limits.pages = 24;
      limits.slots = 12;
    }
    return limits;
  }

  uint32_t below(size_t end) { return static_cast<uint32_t>(random_() % end); }
  int32_t any_token() { return static_cast<int32_t>(random_() % kTinyVocab); }
  // A length to go back to: mostly a near one.
  uint32_t earlier(const Story& story) {
    const auto length = static_cast<uint32_t>(story.tokens.size());
    return below(4) == 0 ? below(length + 1) : length - below(std::min(length, 20U) + 1);
  }
  Walker make_walker() { return {Conversation(manager_), {}}; }

  template <class... Args>
  void fail_with(fmt::format_string<Args...> format, Args&&... args) {
    if (problem_.empty()) problem_ = fmt::format(format, std::forward<Args>(args)...);
  }

  // ---- between steps

  void rearrange() {
    const size_t number = below(walkers_.size());
    Walker& walker = walkers_[number];
    switch (below(8)) {
      case 0:
      case 1:
        if (walkers_.size() == kMaxWalkers) return drop(number);
        return fork(walker.sequence(), walker.story);
      case 2:
        return add_snapshot(walker.sequence().fork(), walker.story);
      case 3:
        return restore(walker);
      case 4:
        return truncate(walker);
      case 5:
      case 6:
        return next_prompt(walker);
      default:
        if (below(3) == 0) return drop(number);
        if (!snapshots_.empty()) snapshots_.erase(snapshots_.begin() + below(snapshots_.size()));
    }
  }

  Walker continue_with(Sequence sequence, Story story) {
    Walker walker = make_walker();
    walker.sequence() = std::move(sequence);
    walker.story = std::move(story);
    walker.conversation.set_tokens(walker.story.tokens);
    return walker;
  }

  void fork(const Sequence& sequence, const Story& story) {
    walkers_.push_back(continue_with(sequence.fork(), story));
  }

  void add_snapshot(Sequence sequence, const Story& story) {
    if (sequence.length() != std::ssize(story.tokens))
      fail_with("a snapshot of {} tokens has {}", story.tokens.size(), sequence.length());
    if (snapshots_.size() == kMaxSnapshots) snapshots_.erase(snapshots_.begin());
    snapshots_.push_back({std::move(sequence), story});
  }

  void restore(Walker& walker) {
    if (snapshots_.empty()) return;
    const Snapshot& snapshot = snapshots_[below(snapshots_.size())];
    if (walkers_.size() < kMaxWalkers) return fork(snapshot.sequence, snapshot.story);
    sometimes_check(walker.story);
    walker = continue_with(snapshot.sequence.fork(), snapshot.story);
  }

  void truncate(Walker& walker) {
    const int64_t length = earlier(walker.story);
    if (!walker.sequence().can_truncate(length)) return;
    sometimes_check(walker.story);
    Story story = walker.story;
    story.cut(length);
    Sequence sequence = std::move(walker.sequence());
    sequence.truncate(length);
    walker = continue_with(std::move(sequence), std::move(story));
  }

  // A prompt that shares a beginning with the sequence: as much is kept as can be.
  void next_prompt(Walker& walker) {
    sometimes_check(walker.story);
    const auto common = static_cast<size_t>(earlier(walker.story));
    std::vector<int32_t> prompt(walker.story.tokens.begin(),
                                walker.story.tokens.begin() + static_cast<ptrdiff_t>(common));
    prompt.push_back(any_token());
    const int64_t kept = walker.conversation.keep_common(prompt);
    // The new token may be the old one, but it is to be run again in any case.
    if (kept != walker.sequence().length() || kept > static_cast<int64_t>(common))
      return fail_with("{} of {} tokens were kept", kept, common);
    walker.story.cut(kept);
  }

  void drop(size_t number) {
    sometimes_check(walkers_[number].story);
    walkers_.erase(walkers_.begin() + static_cast<ptrdiff_t>(number));
    if (walkers_.empty()) walkers_.push_back(make_walker());
  }

  // ---- a step

  std::vector<Part> choose_parts() {
    std::vector<Part> parts;
    for (Walker& walker : walkers_) {
      if (walker.story.tokens.size() > kLongest || below(3) == 0) continue;
      Part part{.walker = &walker};
      if (below(3) == 0) {  // a draft
        part.rows = 1 + below(kLongestDraft + 1);
        part.accepted = 1 + below(static_cast<size_t>(part.rows));
        for (int32_t row = 0; row < part.rows; ++row) part.kept.push_back(row);
      } else {
        const bool prompt = walker.story.tokens.empty() || below(4) == 0;
        part.rows = 1 + below(prompt ? 70 : 6);
        part.accepted = part.rows;
        if (below(3) == 0)
          part.kept = {static_cast<int32_t>(below(static_cast<size_t>(part.rows)))};
        if (part.kept.empty() || part.kept.back() != part.rows - 1)
          part.kept.push_back(static_cast<int32_t>(part.rows) - 1);
      }
      if (below(2) == 0) part.snapshots_at.push_back(part.kept[below(part.kept.size())]);
      part.fails = below(40) == 0;
      parts.push_back(std::move(part));
    }
    return parts;
  }

  // Adds a part's rows; false where the cache is full.
  bool place(Part& part, Step& step) {
    Sequence& sequence = part.walker->sequence();
    const int64_t length = sequence.length();
    const size_t copies = step.copies.size();
    if (!sequence.reserve(part.rows, part.kept, step.copies)) {
      if (manager_.limits().pages > 1000) fail_with("a cache without a limit is full");
      if (sequence.length() != length || step.copies.size() != copies)
        fail_with("a reservation that failed has changed the sequence");
      return false;
    }
    Story& story = part.walker->story;
    part.first = static_cast<int32_t>(step.token.size());
    const graph::Run run = sequence.run(part.first);
    for (int32_t row = 0; row < part.rows; ++row) {
      story.tokens.push_back(any_token());
      story.answers.emplace_back();
      step.token.push_back(story.tokens.back());
      step.index.push_back(static_cast<int32_t>(length) + row);
    }
    for (int32_t row : part.kept) step.wanted.push_back(part.first + row);
    step.runs.push_back(run);
    step.writes.emplace_back(run.writes.begin(), run.writes.end());
    step.tables.emplace_back();
    for (const Span<const int32_t> table : run.page_tables)
      step.tables.back().emplace_back(table.begin(), table.end());
    return true;
  }

  // Every page that the rows read or write is there.
  void check_tables(const Step& step) {
    for (size_t run = 0; run < step.runs.size(); ++run) {
      const int64_t first = step.index[static_cast<size_t>(step.runs[run].first)];
      const int64_t last = first + step.runs[run].count - 1;
      for (size_t kv = 0; kv < step.tables[run].size(); ++kv) {
        const int64_t window = world_.layout().kv[kv].window;
        const int64_t from = window == 0 ? 0 : std::max<int64_t>(0, first - window + 1);
        const std::vector<int32_t>& table = step.tables[run][kv];
        if (std::ssize(table) != last / kPagePositions + 1)
          return fail_with("{} pages hold {} positions", table.size(), last + 1);
        for (int64_t page = from / kPagePositions; page < std::ssize(table); ++page)
          if (table[static_cast<size_t>(page)] == graph::kNoPage)
            return fail_with("kv {}: page {} is needed and was given back", kv, page);
      }
    }
  }

  void spoil(Step& step) const {
    switch (fault_) {
      case Fault::kCopySkipped:
        step.copies.clear();
        break;
      case Fault::kSharedPageWritten:
        for (size_t run = 0; run < step.runs.size(); ++run)
          for (size_t kv = 0; kv < step.tables[run].size(); ++kv)
            for (const graph::PageCopy& copy : step.copies)
              if (copy.pool == world_.layout().kv[kv].pool)
                std::ranges::replace(step.tables[run][kv], copy.to, copy.from);
        break;
      case Fault::kStateFromZero:
        for (graph::Run& run : step.runs) run.state_in = graph::kZeroState;
        break;
      case Fault::kStateOfAnother:
        for (graph::Run& run : step.runs) run.state_in = step.runs.front().state_in;
        break;
      case Fault::kWriteInWrongSlot:
        for (std::vector<graph::StateWrite>& writes : step.writes)
          if (writes.size() > 1) std::swap(writes.front().slot, writes.back().slot);
        break;
      default:
        break;
    }
  }

  // False where no part found room.
  bool step(std::vector<Part> parts) {
    Step step;
    std::erase_if(parts, [&](Part& part) { return !place(part, step); });
    check_tables(step);
    if (parts.empty() || !problem_.empty()) return false;
    spoil(step);
    for (size_t run = 0; run < step.runs.size(); ++run) {
      step.table_views.emplace_back(step.tables[run].begin(), step.tables[run].end());
      step.runs[run].page_tables = step.table_views[run];
      step.runs[run].writes = step.writes[run];
    }
    const auto logits = world_.run({.token = step.token,
                                    .position = step.index,
                                    .index = step.index,
                                    .see_until = step.index,
                                    .runs = step.runs,
                                    .wanted = step.wanted,
                                    .copies = step.copies},
                                   world_.store());
    size_t next = 0;
    for (Part& part : parts) {
      commit(part, Span<const Logits>(logits).subspan(next, part.kept.size()));
      next += part.kept.size();
    }
    return true;
  }

  void commit(const Part& part, Span<const Logits> logits) {
    Walker& walker = *part.walker;
    Story& story = walker.story;
    const int64_t before = walker.sequence().length();
    for (size_t i = 0; i < part.kept.size(); ++i)
      story.answers[static_cast<size_t>(before + part.kept[i])] =
          std::make_shared<Logits>(logits[i]);
    for (int32_t row : part.snapshots_at) {
      Story then = story;
      then.cut(before + row + 1);
      if (row < part.accepted && below(4) != 0)
        walker.conversation.add_snapshot(walker.sequence().snapshot(row + 1));
      else
        add_snapshot(walker.sequence().snapshot(row + 1), then);
    }
    if (part.fails) {
      walker.sequence().abandon();
      story.cut(0);
    } else {
      walker.sequence().commit(part.accepted);
      story.cut(before + part.accepted);
    }
    walker.conversation.set_tokens(story.tokens);
    if (part.fails) next_prompt(walker);
    if (walker.sequence().length() != std::ssize(story.tokens))
      fail_with("a sequence of {} tokens has {}", story.tokens.size(), walker.sequence().length());
  }

  // ---- answers

  void sometimes_check(const Story& story) {
    if (below(8) == 0) check(story);
  }

  void check(const Story& story) {
    std::vector<int32_t> positions;
    for (size_t i = 0; i < story.answers.size(); ++i)
      if (story.answers[i]) positions.push_back(static_cast<int32_t>(i));
    if (positions.empty() || !problem_.empty()) return;
    const std::vector<Logits> want = world_.fresh(story.tokens, positions);
    for (size_t i = 0; i < positions.size(); ++i) {
      const auto at = static_cast<size_t>(positions[i]);
      const std::string error = difference(*story.answers[at], want[i], world_.tolerance());
      if (!error.empty())
        return fail_with("after token {} of {}: {}", at + 1, story.tokens.size(), error);
    }
  }

  void finish() {
    for (const Snapshot& snapshot : snapshots_) fork(snapshot.sequence, snapshot.story);
    snapshots_.clear();
    // One after the other, dropping each: in a small cache that makes room for those that did not
    // fit. A sequence that fills the cache alone has its old answers checked.
    for (bool full = false; !walkers_.empty() && problem_.empty();) {
      const size_t before = walkers_.size();
      std::erase_if(walkers_, [&](Walker& walker) {
        const bool answered = step({{.walker = &walker, .kept = {0}}});
        if (!answered && !full) return false;
        check(walker.story);
        return true;
      });
      full = walkers_.size() == before;
    }
  }

  World& world_;
  std::mt19937 random_;
  Fault fault_;
  runtime::StateManager manager_;
  std::vector<Walker> walkers_;
  std::vector<Snapshot> snapshots_;
  std::string problem_;
};

}  // namespace

std::string random_walk(World& world, uint32_t seed, Fault fault) {
  const std::string problem = Walk(world, seed, fault).run();
  return problem.empty() ? "" : fmt::format("walk {}: {}", seed, problem);
}

}  // namespace gerbil::testing
