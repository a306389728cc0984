// Sequence: what one run of tokens holds in the state store, for any model family: a page table per
// KV state and a slot with its recurrent states. Forks and snapshots share pages and slots; what is
// shared is copied before it is written. StateManager counts pages and slots and has the store
// grow.
//
// A step goes reserve -> (backend runs the rows) -> commit. Everything here belongs to the driver
// thread; a Sequence must not outlive its StateManager.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "graph/batch.h"
#include "graph/state.h"
#include "runtime/counted_pool.h"

namespace gerbil::runtime {

class Sequence;

struct StateLimits {
  int64_t context = 0;        // most positions of a sequence
  int64_t longest_draft = 0;  // positions that may be taken back without a snapshot
  int32_t pages = 1 << 30;    // most pages of a pool
  int32_t slots = 1 << 20;
};

class StateManager {
 public:
  StateManager(graph::StateLayout layout, backend::StateStore* store, StateLimits limits);

  const graph::StateLayout& layout() const { return layout_; }
  const StateLimits& limits() const { return limits_; }
  backend::StateStore& store() { return *store_; }

  Sequence make_sequence();
  int32_t pages_in_use() const;
  int32_t slots_in_use() const { return slots_.in_use(); }
  // The most that were in use at once so far.
  int32_t peak_pages(size_t pool) const { return pages_[pool].size(); }
  int32_t peak_slots() const { return slots_.size(); }

 private:
  friend class Sequence;
  struct PageChange {
    size_t kv, page;  // place in a sequence's table
    int32_t number;   // of the page that goes there
  };

  Result<int32_t> take_page(int32_t pool);
  Result<int32_t> take_slot();
  CountedPool& pool_of(size_t kv) { return pages_[static_cast<size_t>(layout_.kv[kv].pool)]; }

  graph::StateLayout layout_;
  backend::StateStore* store_;
  StateLimits limits_;
  std::vector<CountedPool> pages_;  // [pool]
  CountedPool slots_;
  std::vector<PageChange> changes_;  // of the reserve at work: kept for its memory
};

class Sequence {
 public:
  Sequence(Sequence&& other) noexcept;
  Sequence& operator=(Sequence&& other) noexcept;
  ~Sequence() { release_all(); }

  // Tokens whose keys, values and recurrent states are in the store.
  int64_t length() const { return length_; }

  // The same tokens, sharing everything. A snapshot is a fork that nobody appends to. Not between
  // reserve and commit.
  Sequence fork() const;

  // Makes room for `rows` more tokens and plans a state write after each of `kept` (ascending
  // offsets below rows, the last one rows - 1): the places where commit may end. Pages that must be
  // copied first are added to `copies`. After an error the sequence is as before.
  Status reserve(int64_t rows, Span<const int32_t> kept, std::vector<graph::PageCopy>& copies);
  // The run of this sequence in a batch whose row `first` is its first one; views stay valid until
  // commit.
  graph::Run run(int32_t first);
  // After the step: the first `rows` of the reserved rows are part of the sequence, the others
  // never were. rows is one of kept + 1.
  void commit(int64_t rows);
  // After a step that failed: its states may be half written, so the sequence is empty again.
  void abandon() { release_all(); }
  // Between the step and commit: a snapshot of the sequence with the first `rows` of the reserved
  // rows.
  Sequence snapshot(int64_t rows) const;

  // Can the tokens from `length` on be taken back without running others again? Recurrent states
  // only know their last place, and windowed layers have given back what lies behind.
  bool can_truncate(int64_t length) const;
  void truncate(int64_t length);

  // Slot with the recurrent states after the last token, or graph::kZeroState.
  int32_t slot() const { return slot_; }

 private:
  friend class StateManager;
  explicit Sequence(StateManager* manager);

  struct Write {
    int64_t rows;  // state after this many of the reserved rows
    int32_t slot;
  };

  // First position of a KV state that a row at `index` or later may read.
  static int64_t first_needed(const graph::StateLayout::Kv& kv, int64_t index);
  Status reserve_writes(Span<const int32_t> kept);
  Status reserve_pages(int64_t rows, std::vector<graph::PageCopy>& copies);
  void drop_pages_behind();
  void release_table_from(size_t kv, size_t first_page);
  void release_slot(int32_t slot);
  void release_writes();
  void release_all();

  StateManager* manager_;
  int64_t length_ = 0;
  std::vector<std::vector<int32_t>> tables_;  // [kv state number][page]
  std::vector<size_t> dropped_;               // [kv state number] pages given back at the front
  int32_t slot_ = graph::kZeroState;

  // between reserve and commit
  int64_t reserved_ = 0;
  std::vector<Write> writes_;
  std::vector<graph::StateWrite> run_writes_;
  std::vector<Span<const int32_t>> run_tables_;
};

}  // namespace gerbil::runtime
