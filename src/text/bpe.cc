#include "text/bpe.h"

#include <algorithm>
#include <bit>

namespace gerbil::text {
namespace {

// Up to this many symbols a scan over all pairs beats the heap.
constexpr size_t kShortWord = 48;

}  // namespace

void MergeTable::reserve(size_t merges) {
  const size_t wanted = std::bit_ceil(std::max<size_t>(merges * 3 / 2 + 1, 16));
  if (wanted <= entries_.size()) return;
  std::vector<Entry> old = std::move(entries_);
  entries_.assign(wanted, {});
  for (const Entry& entry : old)
    if (entry.key != kEmpty) entries_[place_of(entry.key)] = entry;
}

size_t MergeTable::place_of(uint64_t key) const {
  const size_t mask = entries_.size() - 1;
  size_t i = static_cast<size_t>((key * 0x9E3779B97F4A7C15u) >> 32) & mask;
  while (entries_[i].key != key && entries_[i].key != kEmpty) i = (i + 1) & mask;
  return i;
}

void MergeTable::insert(int32_t left, int32_t right, uint32_t rank, int32_t joined) {
  if ((used_ + 1) * 3 > entries_.size() * 2) reserve(std::max<size_t>(entries_.size(), 16));
  const uint64_t key = key_of(left, right);
  Entry& entry = entries_[place_of(key)];
  if (entry.key == kEmpty) ++used_;
  entry = {key, rank, joined};
}

const MergeTable::Entry* MergeTable::find(int32_t left, int32_t right) const {
  if (entries_.empty()) return nullptr;
  const Entry& entry = entries_[place_of(key_of(left, right))];
  return entry.key == kEmpty ? nullptr : &entry;
}

Bpe::Bpe(const Vocabulary& vocabulary, MergeTable merges, BpeOptions options)
    : merges_(std::move(merges)), options_(options) {
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    const int32_t id = vocabulary.find_bytes({&byte, 1});
    if (vocabulary.in_model(id)) byte_ids_[b] = id;
  }
}

void Bpe::encode(const Vocabulary& vocabulary, std::string_view word, BpeScratch& scratch,
                 std::vector<int32_t>& out) const {
  if (options_.ignore_merges) {
    const int32_t id = vocabulary.find_bytes(word);
    if (vocabulary.in_model(id)) {
      out.push_back(id);
      return;
    }
  }
  first_symbols(word, scratch.ids);
  if (scratch.ids.size() <= kShortWord) {
    merge_short(scratch);
  } else {
    merge_long(scratch);
  }
  out.insert(out.end(), scratch.ids.begin(), scratch.ids.end());
}

void Bpe::first_symbols(std::string_view word, std::vector<int32_t>& ids) const {
  ids.clear();
  bool after_unknown = false;
  for (const char byte : word) {
    const int32_t id = byte_ids_[static_cast<uint8_t>(byte)];
    if (id >= 0) {
      ids.push_back(id);
      after_unknown = false;
    } else if (options_.unknown_id >= 0) {
      if (!(after_unknown && options_.fuse_unknown)) ids.push_back(options_.unknown_id);
      after_unknown = true;
    }
  }
}

void Bpe::merge_short(BpeScratch& scratch) const {
  std::vector<int32_t>& ids = scratch.ids;
  auto& pairs = scratch.pairs;  // pairs[i]: the merge of ids[i] and ids[i + 1], if any
  if (ids.size() < 2) return;
  pairs.resize(ids.size() - 1);
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = merges_.find(ids[i], ids[i + 1]);
  while (true) {
    size_t best = pairs.size();
    for (size_t i = 0; i < pairs.size(); ++i)
      if (pairs[i] && (best == pairs.size() || pairs[i]->rank < pairs[best]->rank)) best = i;
    scratch.steps += pairs.size();
    if (best == pairs.size()) return;
    ids[best] = pairs[best]->joined;
    ids.erase(ids.begin() + static_cast<ptrdiff_t>(best) + 1);
    pairs.erase(pairs.begin() + static_cast<ptrdiff_t>(best));
    if (best > 0) pairs[best - 1] = merges_.find(ids[best - 1], ids[best]);
    if (best < pairs.size()) pairs[best] = merges_.find(ids[best], ids[best + 1]);
  }
}

void Bpe::merge_long(BpeScratch& scratch) const {
  using Candidate = BpeScratch::Candidate;
  auto& symbols = scratch.symbols;
  auto& heap = scratch.heap;
  const auto later = [](const Candidate& a, const Candidate& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
  };
  const auto push = [&](int32_t position) {
    const int32_t next = symbols[position].next;
    if (next < 0) return;
    const auto* merge = merges_.find(symbols[position].id, symbols[next].id);
    if (!merge) return;
    heap.push_back({merge->rank, position, symbols[position].id, symbols[next].id, merge->joined});
    std::ranges::push_heap(heap, later);
  };

  const auto count = static_cast<int32_t>(scratch.ids.size());
  symbols.resize(scratch.ids.size());
  heap.clear();
  for (int32_t i = 0; i < count; ++i)
    symbols[i] = {scratch.ids[i], i - 1, i + 1 < count ? i + 1 : -1, true};
  for (int32_t i = 0; i < count; ++i) push(i);
  while (!heap.empty()) {
    std::ranges::pop_heap(heap, later);
    const Candidate candidate = heap.back();
    heap.pop_back();
    ++scratch.steps;
    auto& left = symbols[candidate.position];
    if (!left.alive || left.id != candidate.left || left.next < 0) continue;
    auto& right = symbols[left.next];
    if (right.id != candidate.right) continue;
    left.id = candidate.joined;
    right.alive = false;
    left.next = right.next;
    if (left.next >= 0) symbols[left.next].previous = candidate.position;
    if (left.previous >= 0) push(left.previous);
    push(candidate.position);
  }
  scratch.ids.clear();
  for (int32_t i = 0; i >= 0; i = symbols[i].next) scratch.ids.push_back(symbols[i].id);
}

}  // namespace gerbil::text
