#include "text/tokenizer_vocabulary.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/quote.h"
#include "text/bpe_alphabet.h"

namespace gerbil::text {
namespace {

constexpr uint64_t kArenaLimit = UINT32_MAX;

// Multiply and fold, eight bytes a step. Not keyed: keys made to collide slow their own loading.
uint32_t hash_of(std::string_view bytes, bool literal) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15u;
  uint64_t hash = bytes.size() * 2 + (literal ? 1 : 0);
  const auto mix = [&](uint64_t word) {
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 29;
  };
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    mix(word);
  }
  uint64_t tail = 0;
  for (size_t k = i; k < bytes.size(); ++k)
    tail |= uint64_t{static_cast<uint8_t>(bytes[k])} << (8 * (k - i));
  mix(tail);
  return static_cast<uint32_t>((hash * kMultiplier) >> 32);
}

}  // namespace

void Vocabulary::reserve(size_t tokens, size_t bytes) {
  tokens_.reserve(tokens);
  arena_.reserve(bytes);
  grow(std::bit_ceil(std::max<size_t>(tokens * 3 / 2 + 1, 16)));
}

Status Vocabulary::add(int64_t id, std::string_view content, bool model) {
  if (id < 0 || id >= kMaxTokens)
    return corrupt("the id {} of the token {} is not from 0 to {}", id, in_quotes(content),
                   kMaxTokens - 1);
  if (arena_.size() + content.size() > kArenaLimit) return corrupt("more than 4 GiB of tokens");
  const auto index = static_cast<int32_t>(id);
  if (has(index))
    return corrupt("the id {} belongs to two tokens, {} and {}", id, in_quotes(bytes(index)),
                   in_quotes(content));

  const size_t begin = arena_.size();
  const bool literal = !append_alphabet_bytes(content, arena_);
  if (literal) arena_ += content;
  const std::string_view bytes = std::string_view(arena_).substr(begin);
  if (const int32_t other = find(bytes, literal); other >= 0) {
    arena_.resize(begin);
    return corrupt("the token {} has two ids, {} and {}", in_quotes(content), other, id);
  }
  if (index >= size()) tokens_.resize(static_cast<size_t>(index) + 1);
  tokens_[index] = {static_cast<uint32_t>(begin), static_cast<uint32_t>(bytes.size()), true,
                    literal, model};
  if ((used_ + 1) * 3 > slots_.size() * 2) grow(std::max<size_t>(slots_.size() * 2, 16));
  insert(hash_of(bytes, literal), index);
  ++used_;
  return {};
}

int32_t Vocabulary::find_content(std::string_view content) const {
  std::string decoded;
  if (append_alphabet_bytes(content, decoded)) return find(decoded, false);
  return find(content, true);
}

int32_t Vocabulary::find(std::string_view bytes, bool literal) const {
  if (slots_.empty()) return -1;
  const uint32_t hash = hash_of(bytes, literal);
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.id < 0) return -1;
    if (slot.hash != hash) continue;
    const Token& token = tokens_[slot.id];
    if (token.literal == literal && this->bytes(slot.id) == bytes) return slot.id;
  }
}

void Vocabulary::insert(uint32_t hash, int32_t id) {
  const size_t mask = slots_.size() - 1;
  size_t i = hash & mask;
  while (slots_[i].id >= 0) i = (i + 1) & mask;
  slots_[i] = {hash, id};
}

void Vocabulary::grow(size_t slots) {
  if (slots <= slots_.size()) return;
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(slots, {});
  for (const Slot& slot : old)
    if (slot.id >= 0) insert(slot.hash, slot.id);
}

}  // namespace gerbil::text
