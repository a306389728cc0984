#include "text/tokenizer.h"

#include <utility>

#include "text/tokenizer_added.h"
#include "text/tokenizer_data.h"
#include "text/tokenizer_json.h"
#include "text/tokenizer_split.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 30;

using Section = AddedTokens::Section;

void normalize(Span<const NormalizerStep> steps, std::string& text) {
  for (const NormalizerStep& step : steps) {
    static_assert(std::variant_size_v<NormalizerStep> == 1);
    if (std::holds_alternative<NfcStep>(step) && !is_plainly_nfc(text)) text = to_nfc(text);
  }
}

// Everything that one call of encode() works with.
struct Encoding {
  const EncodeOptions& options;
  std::vector<int32_t> ids;
  std::string stretch;
  std::string piece;
  std::vector<Section> inner;
  std::vector<Word> words;
  SplitScratch split;
  BpeScratch bpe;

  bool full() const { return ids.size() > options.max_ids; }
};

AddedTokens select(const TokenizerData& data, bool normalized) {
  std::vector<AddedToken> tokens;
  std::vector<std::string> patterns;
  for (const AddedToken& token : data.added_tokens) {
    if (token.normalized != normalized) continue;
    tokens.push_back(token);
    patterns.push_back(token.content);
    if (normalized) normalize(data.normalizer, patterns.back());
  }
  return {std::move(tokens), patterns};
}

}  // namespace

struct Tokenizer::Impl {
  TokenizerData data;
  AddedTokens before;  // looked for in the text as it came
  AddedTokens after;   // ... in the normalized text
  std::vector<bool> special;

  // One stretch without added tokens, normalized.
  Status encode_words(std::string& text, Encoding& work) const {
    if (auto split = split_words(data.pre_tokenizer, text, work.split, work.words); !split)
      return with_context(std::move(split).error(), "the text cannot be cut into words");
    const std::string_view view = text;
    for (const Word& word : work.words) {
      if (work.full()) break;
      data.model.encode(data.vocabulary, view.substr(word.begin, word.end - word.begin), work.bpe,
                        work.ids);
    }
    return {};
  }

  // One stretch between the added tokens of `before`.
  Status encode_stretch(Encoding& work) const {
    normalize(data.normalizer, work.stretch);
    if (after.empty()) return encode_words(work.stretch, work);
    work.inner.clear();
    after.split(work.stretch, work.options.parse_special, work.inner);
    for (const Section& section : work.inner) {
      if (work.full()) break;
      if (section.id >= 0) {
        work.ids.push_back(section.id);
        continue;
      }
      work.piece.assign(work.stretch, section.begin, section.end - section.begin);
      GERBIL_CHECK_OK(encode_words(work.piece, work));
    }
    return {};
  }
};

Tokenizer::Tokenizer(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::from_json(std::string_view json, std::string_view file_name) {
  auto impl = std::make_unique<Impl>();
  GERBIL_TRY(impl->data, read_tokenizer_json(json, file_name));
  impl->before = select(impl->data, false);
  impl->after = select(impl->data, true);
  impl->special.resize(static_cast<size_t>(impl->data.vocabulary.size()));
  for (const AddedToken& token : impl->data.added_tokens)
    if (token.special) impl->special[token.id] = true;
  return Tokenizer(std::move(impl));
}

Result<std::vector<int32_t>> Tokenizer::encode(std::string_view text,
                                               const EncodeOptions& options) const {
  if (text.size() > kMaxTextBytes)
    return invalid("a text of {} bytes to tokenize, more than the limit of {}", text.size(),
                   kMaxTextBytes);
  std::string repaired;
  if (utf8_valid_prefix(text) != text.size()) {
    repaired = repair_utf8(text);
    text = repaired;
  }
  Encoding work{.options = options};
  if (options.add_special_tokens) work.ids = impl_->data.prefix;
  std::vector<Section> sections;
  impl_->before.split(text, options.parse_special, sections);
  for (const Section& section : sections) {
    if (work.full()) break;
    if (section.id >= 0) {
      work.ids.push_back(section.id);
      continue;
    }
    work.stretch = text.substr(section.begin, section.end - section.begin);
    GERBIL_CHECK_OK(impl_->encode_stretch(work));
  }
  if (options.add_special_tokens && !work.full())
    work.ids.insert(work.ids.end(), impl_->data.suffix.begin(), impl_->data.suffix.end());
  return std::move(work.ids);
}

std::string Tokenizer::decode(Span<const int32_t> ids, bool skip_special) const {
  std::string bytes;
  for (const int32_t id : ids)
    if (!skip_special || !is_special(id)) bytes += token_bytes(id);
  return repair_utf8(bytes);
}

int32_t Tokenizer::vocab_size() const { return impl_->data.vocabulary.size(); }

std::optional<int32_t> Tokenizer::token_to_id(std::string_view content) const {
  const int32_t id = impl_->data.vocabulary.find_content(content);
  return id < 0 ? std::nullopt : std::optional(id);
}

std::string_view Tokenizer::token_bytes(int32_t id) const {
  return impl_->data.vocabulary.bytes(id);
}

bool Tokenizer::is_special(int32_t id) const {
  return id >= 0 && id < vocab_size() && impl_->special[id];
}

}  // namespace gerbil::text
