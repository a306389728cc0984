#include "text/tokenizer.h"

#include <atomic>
#include <utility>

#include "text/tokenizer_added.h"
#include "text/tokenizer_data.h"
#include "text/tokenizer_decoder.h"
#include "text/tokenizer_json.h"
#include "text/tokenizer_normalize.h"
#include "text/tokenizer_split.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

// Of an added token, normalized. Longer ones serve nobody, and cost their length for each byte of a
// text that almost spells them.
constexpr size_t kMaxAddedTokenBytes = 2048;

using Section = AddedTokens::Section;

// Everything that one call of encode() works with.
struct Encoding {
  EncodeOptions options;
  std::vector<int32_t> ids;
  std::string stretch;
  std::string piece;
  std::vector<Section> sections;
  std::vector<Section> inner;
  std::vector<Word> words;
  NormalizeScratch normalize;
  SplitScratch split;
  BpeScratch bpe;

  bool full() const { return ids.size() > options.max_ids; }
};

Result<AddedTokens> select(const TokenizerData& data, bool normalized) {
  std::vector<AddedToken> tokens;
  std::vector<std::string> patterns;
  NormalizeScratch scratch;
  for (const AddedToken& token : data.added_tokens) {
    if (token.normalized != normalized) continue;
    tokens.push_back(token);
    std::string pattern = token.content;
    bool at_start = true;
    if (normalized) GERBIL_CHECK_OK(normalize(data.normalizer, scratch, pattern, at_start));
    if (pattern.size() > kMaxAddedTokenBytes)
      return unsupported("an added token of {} bytes, more than the limit of {}", pattern.size(),
                         kMaxAddedTokenBytes);
    patterns.push_back(std::move(pattern));
  }
  return AddedTokens(std::move(tokens), patterns);
}

}  // namespace

struct Tokenizer::Impl {
  std::shared_ptr<const void> owner;  // of the tables, where they lie elsewhere
  TokenizerData data;
  Decoder decoder;
  AddedTokens before;  // looked for in the text as it came
  AddedTokens after;   // ... in the normalized text
  std::vector<bool> special;
  // The memory of the last call, for the next: its word cache is warm. A call that finds none, as
  // another thread has it, makes its own.
  mutable std::atomic<Encoding*> spare = nullptr;

  ~Impl() { delete spare.load(); }

  Status find_added(std::string_view file_name) {
    for (const bool normalized : {false, true}) {
      auto tokens = select(data, normalized);
      if (!tokens)
        return with_context(std::move(tokens).error(),
                            fmt::format("{}: \"added_tokens\"", file_name));
      (normalized ? after : before) = *std::move(tokens);
    }
    special.resize(static_cast<size_t>(data.vocabulary.size()));
    for (const AddedToken& token : data.added_tokens)
      if (token.special) special[static_cast<size_t>(token.id)] = true;
    return {};
  }

  std::unique_ptr<Encoding> take_spare() const {
    std::unique_ptr<Encoding> work(spare.exchange(nullptr));
    return work ? std::move(work) : std::make_unique<Encoding>();
  }
  void give_back(std::unique_ptr<Encoding> work) const {
    // Not the memory of a giant text.
    constexpr size_t kKept = size_t{1} << 20;
    if (work->stretch.capacity() > kKept) work->stretch = {};
    if (work->piece.capacity() > kKept) work->piece = {};
    if (work->words.capacity() > kKept) work->words = {};
    if (work->split.words.capacity() > kKept || work->split.ranges.capacity() > kKept ||
        work->split.out.capacity() > kKept)
      work->split = {};
    if (work->normalize.out.capacity() > kKept || work->normalize.ranges.capacity() > kKept)
      work->normalize = {};
    if (work->bpe.symbols.capacity() > kKept) {
      work->bpe.symbols = {};
      work->bpe.heap = {};
      work->bpe.ids = {};
    }
    delete spare.exchange(work.release());
  }

  // One stretch without added tokens, normalized. `at_start`: it begins where the text does.
  Status encode_words(std::string& text, bool at_start, Encoding& work) const {
    if (data.pre_tokenizer.empty()) {
      if (data.byte_symbols || !text.empty())
        data.model.encode(data.vocabulary, text, work.bpe, work.ids);
      return {};
    }
    if (auto split = split_words(data.pre_tokenizer, at_start, text, work.split, work.words);
        !split)
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
  Status encode_stretch(bool at_start, Encoding& work) const {
    if (auto normalized = normalize(data.normalizer, work.normalize, work.stretch, at_start);
        !normalized)
      return with_context(std::move(normalized).error(), "the text cannot be normalized");
    if (after.empty()) return encode_words(work.stretch, at_start, work);
    work.inner.clear();
    after.split(work.stretch, work.options.parse_special, work.inner);
    for (const Section& section : work.inner) {
      if (work.full()) break;
      if (section.id >= 0) {
        work.ids.push_back(section.id);
        continue;
      }
      work.piece.assign(work.stretch, section.begin, section.end - section.begin);
      GERBIL_CHECK_OK(encode_words(work.piece, at_start && section.begin == 0, work));
    }
    return {};
  }

  Status encode(std::string_view text, Encoding& work) const {
    work.ids.clear();
    work.normalize.room = work.split.room = room_for(text.size());
    work.normalize.matcher.begin_text(text.size());
    work.split.matcher.begin_text(text.size());
    if (work.options.add_special_tokens) work.ids = data.prefix;
    work.sections.clear();
    before.split(text, work.options.parse_special, work.sections);
    for (const Section& section : work.sections) {
      if (work.full()) break;
      if (section.id >= 0) {
        work.ids.push_back(section.id);
        continue;
      }
      work.stretch.assign(text.substr(section.begin, section.end - section.begin));
      GERBIL_CHECK_OK(encode_stretch(section.begin == 0, work));
    }
    if (work.options.add_special_tokens && !work.full())
      work.ids.insert(work.ids.end(), data.suffix.begin(), data.suffix.end());
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
  auto decoder = Decoder::build(impl->data.vocabulary, std::move(impl->data.decoder));
  if (!decoder)
    return with_context(std::move(decoder).error(), fmt::format("{}: \"decoder\"", file_name));
  impl->decoder = *std::move(decoder);
  GERBIL_CHECK_OK(impl->find_added(file_name));
  return Tokenizer(std::move(impl));
}

std::string Tokenizer::tables() const {
  TableWriter writer;
  put_tokenizer(impl_->data, writer);
  impl_->decoder.put(writer);
  return std::move(writer).finish();
}

Result<Tokenizer> Tokenizer::from_tables(Bytes tables, std::shared_ptr<const void> owner,
                                         std::string_view file_name) {
  auto impl = std::make_unique<Impl>();
  impl->owner = std::move(owner);
  TableReader reader(tables);
  GERBIL_TRY(impl->data, take_tokenizer(reader, file_name));
  auto decoder = Decoder::take(reader, impl->data.vocabulary, std::move(impl->data.decoder));
  if (!decoder || !reader.at_end())
    return corrupt("{}: expected a tokenizer's tables, found others", file_name);
  impl->decoder = *std::move(decoder);
  GERBIL_CHECK_OK(impl->find_added(file_name));
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
  std::unique_ptr<Encoding> work = impl_->take_spare();
  work->options = options;
  const Status encoded = impl_->encode(text, *work);
  std::vector<int32_t> ids = std::move(work->ids);
  impl_->give_back(std::move(work));
  if (!encoded) return std::unexpected(encoded.error());
  return ids;
}

std::string Tokenizer::decode(Span<const int32_t> ids, bool skip_special) const {
  return impl_->decoder.decode(impl_->data.vocabulary, ids,
                               [&](int32_t id) { return skip_special && is_special(id); });
}

void Tokenizer::stream(int32_t id, DecodeStream& state, std::string& out) const {
  impl_->decoder.push(impl_->data.vocabulary, id, state, out);
}

void Tokenizer::end_stream(DecodeStream& state, std::string& out) const {
  impl_->decoder.flush(state, out);
}

int32_t Tokenizer::vocab_size() const { return impl_->data.vocabulary.size(); }

std::optional<int32_t> Tokenizer::token_to_id(std::string_view content) const {
  const int32_t id = impl_->data.vocabulary.find(content);
  return id < 0 ? std::nullopt : std::optional(id);
}

std::string_view Tokenizer::token_bytes(int32_t id) const { return impl_->decoder.bytes(id); }

bool Tokenizer::is_special(int32_t id) const {
  return id >= 0 && id < vocab_size() && impl_->special[id];
}

}  // namespace gerbil::text
