#include "text/bpe.h"

#include <algorithm>
#include <bit>

#include "text/bpe_alphabet.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

// Up to this many symbols a scan over all pairs beats the heap.
constexpr size_t kShortWord = 48;
// Entries to pass before a free one: see Vocabulary.
constexpr size_t kMaxPassed = 20'000;

// Of valid UTF-8.
char32_t character_at(std::string_view text, size_t& offset) {
  const auto byte = [&](size_t i) { return char32_t{static_cast<uint8_t>(text[offset + i])}; };
  const char32_t lead = byte(0);
  char32_t c = lead;
  size_t size = 1;
  if (lead >= 0xF0) {
    c = (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    size = 4;
  } else if (lead >= 0xE0) {
    c = (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    size = 3;
  } else if (lead >= 0x80) {
    c = (lead & 0x1F) << 6 | (byte(1) & 0x3F);
    size = 2;
  }
  offset += size;
  return c;
}

char32_t last_character(std::string_view text) {
  size_t begin = text.size() - 1;
  while (begin > 0 && (static_cast<uint8_t>(text[begin]) & 0xC0) == 0x80) --begin;
  return character_at(text, begin);
}

}  // namespace

void MergeTable::reserve(size_t merges) {
  const size_t wanted = std::bit_ceil(std::max<size_t>(merges * 3 / 2 + 1, 16));
  if (wanted <= entries_.size()) return;
  const Table<Entry> old = std::move(entries_);
  entries_.edit([&](auto& all) { all.assign(wanted, {}); });
  for (const Entry& entry : old.view()) {
    if (entry.key == kEmpty) continue;
    size_t i = slot_of(entry.key);
    while (entries_[i].key != kEmpty) i = (i + 1) & (wanted - 1);
    entries_.at(i) = entry;
  }
}

bool MergeTable::insert(int32_t left, int32_t right, uint32_t rank, int32_t joined) {
  if ((used_ + 1) * 3 > entries_.size() * 2) reserve(std::max<size_t>(entries_.size(), 16));
  const uint64_t key = key_of(left, right);
  size_t i = slot_of(key);
  size_t passed = 0;
  for (; entries_[i].key != key && entries_[i].key != kEmpty; ++passed)
    i = (i + 1) & (entries_.size() - 1);
  if (entries_[i].key == kEmpty) ++used_;
  entries_.at(i) = {key, rank, joined};
  return passed <= kMaxPassed;
}

std::optional<MergeTable> MergeTable::take(TableReader& from, int32_t tokens) {
  MergeTable merges;
  merges.entries_ = from.take<Entry>();
  const size_t slots = merges.entries_.size();
  if (!from.ok() || (slots != 0 && !std::has_single_bit(slots))) return std::nullopt;
  for (const Entry& entry : merges.entries_.view()) {
    if (entry.key == kEmpty) continue;
    ++merges.used_;
    if (entry.joined < 0 || entry.joined >= tokens) return std::nullopt;
  }
  // An entry that is not used ends a look-up.
  if (slots != 0 && merges.used_ == slots) return std::nullopt;
  return merges;
}

void Seams::add(std::string_view left, std::string_view right) {
  if (bits_.empty()) bits_.edit([](auto& all) { all.resize(kWords); });
  const auto may_be_byte = [](std::string_view content) {
    return content.empty() || (content.size() == 6 && content.starts_with("<0x"));
  };
  if (may_be_byte(left) || may_be_byte(right)) {
    usable_ = false;
    return;
  }
  size_t offset = 0;
  const size_t bit = bit_of(last_character(left), character_at(right, offset));
  bits_.at(bit / 64) |= uint64_t{1} << (bit % 64);
}

void Seams::put(TableWriter& to) const {
  to.put(usable_ ? bits_.view() : Span<const uint64_t>());  // unusable ones are as good as none
}

std::optional<Seams> Seams::take(TableReader& from) {
  Seams seams;
  seams.bits_ = from.take<uint64_t>();
  if (!from.ok() || (!seams.bits_.empty() && seams.bits_.size() != kWords)) return std::nullopt;
  return seams;
}

Bpe::Bpe(const Vocabulary& vocabulary, MergeTable merges, BpeOptions options, Seams seams)
    : merges_(std::move(merges)), options_(options), seams_(std::move(seams)) {
  std::string content;
  for (int b = 0; b < 256; ++b) {
    content.clear();
    if (options_.byte_symbols) {
      append_utf8(content, byte_to_alphabet(static_cast<uint8_t>(b)));
    } else {
      content = fmt::format("<0x{:02X}>", b);
    }
    byte_ids_[b] = vocabulary.find_in_model(content);
  }
  for (int c = 0; c < 128; ++c) {
    const char character = static_cast<char>(c);
    ascii_ids_[c] = vocabulary.find_in_model({&character, 1});
  }
  // A character without a token would have to be seen across seams (it may vanish, or be one of a
  // run): there is none where all bytes have a token to fall back to.
  const bool all_bytes =
      options_.byte_fallback && std::ranges::all_of(byte_ids_, [](int32_t id) { return id >= 0; });
  use_seams_ = seams_.usable() && all_bytes && !options_.byte_symbols && !options_.ignore_merges;
}

void Bpe::encode(const Vocabulary& vocabulary, std::string_view word, BpeScratch& scratch,
                 std::vector<int32_t>& out) const {
  if (!use_seams_) return encode_piece(vocabulary, word, scratch, out);
  size_t begin = 0;
  size_t offset = 0;
  char32_t previous = 0;
  while (offset < word.size()) {
    const size_t here = offset;
    const char32_t c = character_at(word, offset);
    if (here > begin && !seams_.may_join(previous, c)) {
      encode_piece(vocabulary, word.substr(begin, here - begin), scratch, out);
      begin = here;
    }
    previous = c;
  }
  if (begin < word.size()) encode_piece(vocabulary, word.substr(begin), scratch, out);
}

void Bpe::encode_piece(const Vocabulary& vocabulary, std::string_view piece, BpeScratch& scratch,
                       std::vector<int32_t>& out) const {
  if (piece.empty()) return;
  if (piece.size() > WordCache::kMaxBytes) return encode_afresh(vocabulary, piece, scratch, out);
  uint32_t hash = 0;
  WordCache::Slot& slot = scratch.cache.slot_of(piece, hash);
  if (WordCache::holds(slot, piece, hash)) {
    if (slot.count == 1) {
      out.push_back(slot.ids[0]);
    } else {
      out.insert(out.end(), slot.ids, slot.ids + slot.count);
    }
    return;
  }
  const size_t size = out.size();
  encode_afresh(vocabulary, piece, scratch, out);
  WordCache::keep(slot, piece, hash, {out.data() + size, out.size() - size});
}

void Bpe::encode_afresh(const Vocabulary& vocabulary, std::string_view piece, BpeScratch& scratch,
                        std::vector<int32_t>& out) const {
  if (options_.ignore_merges) {
    if (options_.byte_symbols) {
      scratch.content.clear();
      append_in_alphabet(piece, scratch.content);
    } else {
      scratch.content = piece;
    }
    const int32_t id = vocabulary.find_in_model(scratch.content);
    if (id >= 0) {
      out.push_back(id);
      return;
    }
  }
  if (options_.byte_symbols) {
    byte_symbols(piece, scratch.ids);
  } else {
    character_symbols(vocabulary, piece, scratch.ids);
  }
  if (scratch.ids.size() <= kShortWord) {
    merge_short(scratch);
  } else {
    merge_long(scratch);
  }
  out.insert(out.end(), scratch.ids.begin(), scratch.ids.end());
}

void Bpe::byte_symbols(std::string_view word, std::vector<int32_t>& ids) const {
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

void Bpe::character_symbols(const Vocabulary& vocabulary, std::string_view word,
                            std::vector<int32_t>& ids) const {
  ids.clear();
  // An unknown token waits for the next known character, as in Hugging Face's library: the tokens
  // of byte fallback do not wait for it.
  bool unknown_waits = false;
  for (size_t offset = 0; offset < word.size();) {
    const size_t begin = offset;
    const char32_t c = character_at(word, offset);
    const std::string_view character = word.substr(begin, offset - begin);
    const int32_t id = c < 128 ? ascii_ids_[c] : vocabulary.find_in_model(character);
    if (id >= 0) {
      if (unknown_waits) ids.push_back(options_.unknown_id);
      unknown_waits = false;
      ids.push_back(id);
      continue;
    }
    const auto has_token = [&](char byte) { return byte_ids_[static_cast<uint8_t>(byte)] >= 0; };
    if (options_.byte_fallback && std::ranges::all_of(character, has_token)) {
      for (const char byte : character) ids.push_back(byte_ids_[static_cast<uint8_t>(byte)]);
    } else if (options_.unknown_id >= 0) {
      if (unknown_waits && !options_.fuse_unknown) ids.push_back(options_.unknown_id);
      unknown_waits = true;
    }
  }
  if (unknown_waits) ids.push_back(options_.unknown_id);
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
  const auto add = [&](int32_t position) {
    const int32_t next = symbols[position].next;
    if (next < 0) return false;
    const auto* merge = merges_.find(symbols[position].id, symbols[next].id);
    if (!merge) return false;
    heap.push_back({merge->rank, position, symbols[position].id, symbols[next].id, merge->joined});
    return true;
  };
  const auto push = [&](int32_t position) {
    if (add(position)) std::ranges::push_heap(heap, later);
  };

  const auto count = static_cast<int32_t>(scratch.ids.size());
  symbols.resize(scratch.ids.size());
  heap.clear();
  for (int32_t i = 0; i < count; ++i)
    symbols[i] = {scratch.ids[i], i - 1, i + 1 < count ? i + 1 : -1, true};
  for (int32_t i = 0; i < count; ++i) add(i);
  std::ranges::make_heap(heap, later);
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
