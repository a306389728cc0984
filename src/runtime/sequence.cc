#include "runtime/sequence.h"

#include <algorithm>

namespace gerbil::runtime {
namespace {

constexpr int64_t kPage = graph::kPagePositions;

size_t pages_for(int64_t positions) { return static_cast<size_t>((positions + kPage - 1) / kPage); }

}  // namespace

// ---- StateManager

StateManager::StateManager(graph::StateLayout layout, backend::StateStore* store,
                           StateLimits limits)
    : layout_(std::move(layout)), store_(store), limits_(limits), slots_(limits.slots) {
  pages_.assign(layout_.pools.size(), CountedPool(limits_.pages));
}

Sequence StateManager::make_sequence() { return Sequence(this); }

int32_t StateManager::pages_in_use() const {
  int32_t sum = 0;
  for (const CountedPool& pool : pages_) sum += pool.in_use();
  return sum;
}

Result<int32_t> StateManager::take_page(int32_t pool) {
  CountedPool& pages = pages_[static_cast<size_t>(pool)];
  const auto page = pages.take();
  if (!page)
    return fail(ErrorCode::kOutOfMemory, "the cache is full: all {} pages are in use",
                limits_.pages);
  if (auto grown = store_->reserve_pages(pool, *page + 1); !grown) {
    pages.release(*page);
    return std::unexpected(grown.error());
  }
  return *page;
}

Result<int32_t> StateManager::take_slot() {
  const auto slot = slots_.take();
  if (!slot) return fail(ErrorCode::kOutOfMemory, "all {} state slots are in use", limits_.slots);
  if (auto grown = store_->reserve_slots(*slot + 1); !grown) {
    slots_.release(*slot);
    return std::unexpected(grown.error());
  }
  return *slot;
}

// ---- Sequence

Sequence::Sequence(StateManager* manager)
    : manager_(manager),
      tables_(manager->layout_.kv.size()),
      dropped_(manager->layout_.kv.size(), 0) {}

Sequence::Sequence(Sequence&& other) noexcept : manager_(other.manager_) {
  *this = std::move(other);
}

Sequence& Sequence::operator=(Sequence&& other) noexcept {
  if (this == &other) return *this;
  release_all();
  manager_ = other.manager_;
  length_ = std::exchange(other.length_, 0);
  tables_ = std::move(other.tables_);
  dropped_ = std::move(other.dropped_);
  slot_ = std::exchange(other.slot_, graph::kZeroState);
  reserved_ = std::exchange(other.reserved_, 0);
  writes_ = std::move(other.writes_);
  // What run() gave out still points to these.
  run_writes_ = std::move(other.run_writes_);
  run_tables_ = std::move(other.run_tables_);
  other.tables_.assign(tables_.size(), {});
  other.dropped_.assign(dropped_.size(), 0);
  other.writes_.clear();
  return *this;
}

Sequence Sequence::fork() const {
  GERBIL_ASSERT(reserved_ == 0);
  return snapshot(0);
}

Sequence Sequence::snapshot(int64_t rows) const {
  Sequence copy(manager_);
  copy.length_ = length_ + rows;
  for (size_t kv = 0; kv < tables_.size(); ++kv) {
    CountedPool& pages = manager_->pool_of(kv);
    const size_t end = std::min(tables_[kv].size(), pages_for(copy.length_));
    copy.tables_[kv].assign(tables_[kv].begin(), tables_[kv].begin() + static_cast<ptrdiff_t>(end));
    copy.dropped_[kv] = dropped_[kv];
    for (int32_t page : copy.tables_[kv])
      if (page != graph::kNoPage) pages.share(page);
  }
  copy.slot_ = slot_;
  if (rows > 0 && manager_->layout_.has_recurrent()) {
    const auto write = std::ranges::find(writes_, rows, &Write::rows);
    GERBIL_ASSERT(write != writes_.end());
    copy.slot_ = write->slot;
  }
  if (copy.slot_ != graph::kZeroState) manager_->slots_.share(copy.slot_);
  return copy;
}

Status Sequence::reserve(int64_t rows, Span<const int32_t> kept,
                         std::vector<graph::PageCopy>& copies) {
  GERBIL_ASSERT(reserved_ == 0 && rows > 0 && !kept.empty() && kept.back() == rows - 1);
  if (length_ + rows > manager_->limits_.context)
    return invalid("{} tokens do not fit the context of {}", length_ + rows,
                   manager_->limits_.context);
  Status status = reserve_writes(kept);
  if (status) status = reserve_pages(rows, copies);
  if (!status) {
    release_writes();
    return status;
  }
  reserved_ = rows;
  return {};
}

Status Sequence::reserve_writes(Span<const int32_t> kept) {
  if (!manager_->layout_.has_recurrent()) return {};
  // A single write may go over the slot that the run reads, unless somebody else holds that slot
  // too.
  const bool in_place =
      kept.size() == 1 && slot_ != graph::kZeroState && manager_->slots_.holders(slot_) == 1;
  for (int32_t offset : kept) {
    int32_t slot = slot_;
    if (in_place) {
      manager_->slots_.share(slot);
    } else {
      GERBIL_TRY(slot, manager_->take_slot());
    }
    writes_.push_back({offset + 1, slot});
  }
  return {};
}

Status Sequence::reserve_pages(int64_t rows, std::vector<graph::PageCopy>& copies) {
  // Collected first, so that an error leaves the tables alone.
  std::vector<StateManager::PageChange>& changes = manager_->changes_;
  changes.clear();
  const size_t copies_before = copies.size();
  const size_t end = pages_for(length_ + rows);
  for (size_t kv = 0; kv < tables_.size(); ++kv) {
    const int32_t pool = manager_->layout_.kv[kv].pool;
    const auto first = static_cast<size_t>(length_ / kPage);
    for (size_t page = first; page < end; ++page) {
      const bool old = page < tables_[kv].size();
      const int32_t current = old ? tables_[kv][page] : graph::kNoPage;
      const bool shared = old && manager_->pages_[static_cast<size_t>(pool)].holders(current) > 1;
      if (old && !shared) continue;
      Result<int32_t> taken = manager_->take_page(pool);
      if (!taken) {
        for (const StateManager::PageChange& change : changes)
          manager_->pool_of(change.kv).release(change.number);
        copies.resize(copies_before);
        return std::unexpected(taken.error());
      }
      changes.push_back({kv, page, *taken});
      // Only the page that `length_` falls into can hold positions that are still needed.
      if (shared && static_cast<int64_t>(page) * kPage < length_)
        copies.push_back({pool, current, *taken});
    }
  }
  for (const StateManager::PageChange& change : changes) {
    std::vector<int32_t>& table = tables_[change.kv];
    if (change.page < table.size()) {
      manager_->pool_of(change.kv).release(table[change.page]);
      table[change.page] = change.number;
    } else {
      table.push_back(change.number);
    }
  }
  return {};
}

graph::Run Sequence::run(int32_t first) {
  GERBIL_ASSERT(reserved_ > 0);
  run_tables_.assign(tables_.begin(), tables_.end());
  run_writes_.clear();
  for (const Write& write : writes_)
    run_writes_.push_back({first + static_cast<int32_t>(write.rows) - 1, write.slot});
  return {.first = first,
          .count = static_cast<int32_t>(reserved_),
          .page_tables = run_tables_,
          .state_in = slot_,
          .writes = run_writes_};
}

void Sequence::commit(int64_t rows) {
  GERBIL_ASSERT(rows > 0 && rows <= reserved_);
  if (manager_->layout_.has_recurrent()) {
    const auto write = std::ranges::find(writes_, rows, &Write::rows);
    GERBIL_ASSERT(write != writes_.end());
    manager_->slots_.share(write->slot);
    release_slot(slot_);
    slot_ = write->slot;
  }
  release_writes();
  reserved_ = 0;
  length_ += rows;
  for (size_t kv = 0; kv < tables_.size(); ++kv) release_table_from(kv, pages_for(length_));
  drop_pages_behind();
}

int64_t Sequence::first_needed(const graph::StateLayout::Kv& kv, int64_t index) {
  return kv.window == 0 ? 0 : std::max<int64_t>(0, index - kv.window + 1);
}

void Sequence::drop_pages_behind() {
  for (size_t kv = 0; kv < tables_.size(); ++kv) {
    const graph::StateLayout::Kv& layout = manager_->layout_.kv[kv];
    const int64_t oldest_row = std::max<int64_t>(0, length_ - manager_->limits_.longest_draft);
    const auto keep_from = static_cast<size_t>(first_needed(layout, oldest_row) / kPage);
    for (size_t& page = dropped_[kv]; page < std::min(keep_from, tables_[kv].size()); ++page) {
      manager_->pages_[static_cast<size_t>(layout.pool)].release(tables_[kv][page]);
      tables_[kv][page] = graph::kNoPage;
    }
  }
}

bool Sequence::can_truncate(int64_t length) const {
  GERBIL_ASSERT(reserved_ == 0 && length <= length_);
  if (length == length_ || length == 0) return true;
  if (manager_->layout_.has_recurrent()) return false;
  for (size_t kv = 0; kv < tables_.size(); ++kv) {
    const int64_t needed = first_needed(manager_->layout_.kv[kv], length);
    if (needed < static_cast<int64_t>(dropped_[kv]) * kPage) return false;
  }
  return true;
}

void Sequence::truncate(int64_t length) {
  GERBIL_ASSERT(can_truncate(length));
  if (length == 0) {
    release_all();
    return;
  }
  length_ = length;
  for (size_t kv = 0; kv < tables_.size(); ++kv) release_table_from(kv, pages_for(length));
}

void Sequence::release_table_from(size_t kv, size_t first_page) {
  CountedPool& pages = manager_->pool_of(kv);
  std::vector<int32_t>& table = tables_[kv];
  for (; table.size() > first_page; table.pop_back())
    if (table.back() != graph::kNoPage) pages.release(table.back());
}

void Sequence::release_slot(int32_t slot) {
  if (slot != graph::kZeroState) manager_->slots_.release(slot);
}

void Sequence::release_writes() {
  for (const Write& write : writes_) release_slot(write.slot);
  writes_.clear();
}

void Sequence::release_all() {
  for (size_t kv = 0; kv < tables_.size(); ++kv) release_table_from(kv, 0);
  std::ranges::fill(dropped_, size_t{0});
  release_writes();
  release_slot(slot_);
  slot_ = graph::kZeroState;
  length_ = 0;
  reserved_ = 0;
}

}  // namespace gerbil::runtime
