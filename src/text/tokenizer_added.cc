#include "text/tokenizer_added.h"

#include <algorithm>

#include "text/unicode.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

// The start of the character that ends at `end` (> 0).
size_t character_before(std::string_view text, size_t end) {
  size_t begin = end - 1;
  while (begin > 0 && (static_cast<uint8_t>(text[begin]) & 0xC0) == 0x80) --begin;
  return begin;
}

bool ends_with_word(std::string_view text) {
  return !text.empty() &&
         is_word_character(utf8_step(text, character_before(text, text.size())).codepoint);
}

bool starts_with_word(std::string_view text) {
  return !text.empty() && is_word_character(utf8_step(text, 0).codepoint);
}

// ... not before `floor`.
size_t white_space_before(std::string_view text, size_t end, size_t floor) {
  while (end > floor) {
    const size_t begin = character_before(text, end);
    if (!is_white_space(utf8_step(text, begin).codepoint)) break;
    end = begin;
  }
  return end;
}

size_t white_space_after(std::string_view text, size_t begin) {
  while (begin < text.size()) {
    const Utf8Step step = utf8_step(text, begin);
    if (!is_white_space(step.codepoint)) break;
    begin += step.size;
  }
  return begin;
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens, const std::vector<std::string>& patterns)
    : tokens_(std::move(tokens)) {
  // Where two patterns are equal (after normalizing) the special token wins, then the first.
  for (const bool special : {true, false})
    for (size_t i = 0; i < tokens_.size(); ++i)
      if (tokens_[i].special == special && !patterns[i].empty())
        trie_.insert(patterns[i], static_cast<int32_t>(i));
}

AddedTokens::Found AddedTokens::longest_at(std::string_view text, size_t offset) const {
  Found found;
  int32_t node = ByteTrie::kRoot;
  for (size_t i = offset; i < text.size(); ++i) {
    node = trie_.child(node, static_cast<uint8_t>(text[i]));
    if (node < 0) break;
    if (trie_.value(node) >= 0) found = {trie_.value(node), i + 1};
  }
  return found;
}

void AddedTokens::split(std::string_view text, bool parse_special,
                        std::vector<Section>& out) const {
  size_t done = 0;  // text before it is in a section
  // The white space behind the last token with rstrip: tokens found within have the same behind
  // them, and a long run must not be walked for each.
  size_t space_begin = 0;
  size_t space_end = 0;
  for (size_t offset = 0; offset < text.size() && !empty();) {
    const Found found = longest_at(text, offset);
    if (found.token < 0) {
      ++offset;
      continue;
    }
    size_t begin = offset;
    size_t end = found.end;
    offset = found.end;
    const AddedToken& token = tokens_[found.token];
    if (token.special && !parse_special) continue;
    if (token.single_word &&
        (ends_with_word(text.substr(0, begin)) || starts_with_word(text.substr(end))))
      continue;
    if (token.lstrip) begin = std::max(white_space_before(text, begin, done), done);
    if (token.rstrip) {
      if (end < space_begin || end >= space_end) {
        space_begin = end;
        space_end = white_space_after(text, end);
      }
      end = space_end;
    }
    if (done < begin) out.push_back({done, begin, -1});
    // Nothing is left of a token of white space that the one before took.
    if (begin >= end) continue;
    out.push_back({begin, end, token.id});
    done = end;
  }
  if (done < text.size()) out.push_back({done, text.size(), -1});
}

}  // namespace gerbil::text
