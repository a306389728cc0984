#include "text/tokenizer_vocabulary.h"

#include <algorithm>
#include <bit>

#include "base/quote.h"
#include "text/byte_hash.h"

namespace gerbil::text {
namespace {

constexpr uint64_t kArenaLimit = (uint64_t{1} << 30) - 1;
// Slots to pass before a free one. Honest tokens pass some hundred at most; others would make
// loading quadratic.
constexpr size_t kMaxPassed = 20'000;

}  // namespace

uint32_t Vocabulary::hash_of(std::string_view content) {
  return static_cast<uint32_t>(byte_hash(content));
}

void Vocabulary::fetch_slot(uint32_t hash) const {
  if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
}

void Vocabulary::fetch_content(uint32_t hash) const {
  if (!slots_.empty()) __builtin_prefetch(arena_.data() + slots_[hash & (slots_.size() - 1)].begin);
}

void Vocabulary::reserve(size_t tokens, size_t bytes) {
  tokens_.edit([&](auto& all) { all.reserve(tokens); });
  arena_.edit([&](auto& all) { all.reserve(bytes); });
  grow(std::bit_ceil(std::max<size_t>(tokens * 3 / 2 + 1, 16)));
}

Status Vocabulary::add(int64_t id, std::string_view content, bool model) {
  if (id < 0 || id >= kMaxTokens)
    return corrupt("the id {} of the token {} is not from 0 to {}", id, in_quotes(content),
                   kMaxTokens - 1);
  if (arena_.size() + content.size() > kArenaLimit) return corrupt("more than 1 GiB of tokens");
  const auto index = static_cast<int32_t>(id);
  if (has(index))
    return corrupt("the id {} belongs to two tokens, {} and {}", id,
                   in_quotes(this->content(index)), in_quotes(content));
  const uint32_t hash = hash_of(content);
  if (const int32_t other = find(content, hash); other >= 0)
    return corrupt("the token {} has two ids, {} and {}", in_quotes(content), other, id);

  if (index >= size()) tokens_.edit([&](auto& all) { all.resize(static_cast<size_t>(index) + 1); });
  Token& token = tokens_.at(static_cast<size_t>(index));
  token.begin = static_cast<uint32_t>(arena_.size());
  token.size = static_cast<uint32_t>(content.size()) & ((1u << 30) - 1);
  token.present = 1;
  token.model = model ? 1 : 0;
  arena_.edit([&](auto& all) { all.insert(all.end(), content.begin(), content.end()); });
  if ((used_ + 1) * 3 > slots_.size() * 2) grow(std::max<size_t>(slots_.size() * 2, 16));
  ++used_;
  if (insert({hash, index, token.begin, token.size}) > kMaxPassed)
    return corrupt("the tokens up to {} were made to collide in a table", in_quotes(content));
  return {};
}

int32_t Vocabulary::find(std::string_view content) const { return find(content, hash_of(content)); }

int32_t Vocabulary::find(std::string_view content, uint32_t hash) const {
  if (slots_.empty()) return -1;
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.id < 0) return -1;
    if (slot.hash == hash && text(slot.begin, slot.size) == content) return slot.id;
  }
}

size_t Vocabulary::insert(const Slot& slot) {
  const size_t mask = slots_.size() - 1;
  size_t passed = 0;
  while (slots_[(slot.hash + passed) & mask].id >= 0) ++passed;
  slots_.at((slot.hash + passed) & mask) = slot;
  return passed;
}

void Vocabulary::grow(size_t slots) {
  if (slots <= slots_.size()) return;
  const Table<Slot> old = std::move(slots_);
  slots_.edit([&](auto& all) { all.assign(slots, {}); });
  for (const Slot& slot : old.view())
    if (slot.id >= 0) insert(slot);
}

void Vocabulary::put(TableWriter& to) const {
  to.put(arena_.view());
  to.put(tokens_.view());
  to.put(slots_.view());
}

std::optional<Vocabulary> Vocabulary::take(TableReader& from) {
  Vocabulary vocabulary;
  vocabulary.arena_ = from.take<char>();
  vocabulary.tokens_ = from.take<Token>();
  vocabulary.slots_ = from.take<Slot>();
  const size_t bytes = vocabulary.arena_.size();
  const size_t tokens = vocabulary.tokens_.size();
  const size_t slots = vocabulary.slots_.size();
  // A slot that is not used ends a look-up.
  if (!from.ok() || tokens > kMaxTokens || !std::has_single_bit(slots)) return std::nullopt;
  const auto within = [&](const auto& at) {
    return at.begin <= bytes && at.size <= bytes - at.begin;
  };
  for (const Slot& slot : vocabulary.slots_.view()) {
    if (slot.id < 0) continue;
    ++vocabulary.used_;
    if (!within(slot) || static_cast<size_t>(slot.id) >= tokens) return std::nullopt;
  }
  if (vocabulary.used_ == slots || !std::ranges::all_of(vocabulary.tokens_.view(), within))
    return std::nullopt;
  return vocabulary;
}

}  // namespace gerbil::text
