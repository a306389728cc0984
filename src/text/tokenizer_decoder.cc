#include "text/tokenizer_decoder.h"

#include <algorithm>
#include <optional>

#include "text/bpe_alphabet.h"
#include "text/pattern_cover.h"
#include "text/tokenizer_normalize.h"

namespace gerbil::text {
namespace {

using Bytes = DecoderData::Bytes;

// The byte that a token <0xE2> stands for; digits as Rust's u8::from_str_radix reads them.
std::optional<uint8_t> fallback_byte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  const int high = token[3] == '+' ? 0 : digit(token[3]);
  const int low = digit(token[4]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<uint8_t>(high * 16 + low);
}

// Runs the steps of one token.
class TokenSteps {
 public:
  // `room`: bytes that a token may have between its steps.
  explicit TokenSteps(size_t room) : room_(room) {}
  Status run(Span<const TokenStep> steps, bool first, std::string& token) {
    for (const TokenStep& step : steps) {
      if (const ReplaceStep* replace = std::get_if<ReplaceStep>(&step)) {
        GERBIL_CHECK_OK(this->replace(*replace, token));
      } else if (const MetaspaceStep* metaspace = std::get_if<MetaspaceStep>(&step)) {
        spaces(*metaspace, first && metaspace->prepend != MetaspaceStep::Prepend::kNever, token);
      } else {
        strip(std::get<StripTokenStep>(step), token);
      }
    }
    return {};
  }

 private:
  Status replace(const ReplaceStep& step, std::string& token) {
    GERBIL_CHECK_OK(cover(step.pattern, token, matcher_, ranges_));
    if (ranges_.empty() || (ranges_.size() == 1 && !ranges_[0].match)) return {};
    out_.clear();
    for (const MatchRange& range : ranges_) {
      if (range.match) {
        out_ += step.content;
      } else {
        out_.append(token, range.begin, range.end - range.begin);
      }
      if (out_.size() > room_)
        return corrupt("the tokens become more than {} times as long", kMaxGrowth);
    }
    token.swap(out_);
    return {};
  }

  void spaces(const MetaspaceStep& step, bool drop, std::string& token) {
    out_.clear();
    for (size_t i = 0; i < token.size();) {
      if (token.compare(i, step.replacement.size(), step.replacement) == 0) {
        if (!drop) out_ += ' ';
        i += step.replacement.size();
      } else {
        out_ += token[i++];
      }
    }
    token.swap(out_);
  }

  static void strip(const StripTokenStep& step, std::string& token) {
    std::string content;
    append_utf8(content, step.content);
    std::string_view view = token;
    for (uint32_t i = 0; i < step.start && view.starts_with(content); ++i)
      view.remove_prefix(content.size());
    for (uint32_t i = 0; i < step.stop && view.ends_with(content); ++i)
      view.remove_suffix(content.size());
    token = std::string(view);
  }

  size_t room_;
  RegexMatcher matcher_;
  std::vector<MatchRange> ranges_;
  std::string out_;
};

}  // namespace

Result<Decoder> Decoder::build(const Vocabulary& vocabulary, DecoderData data) {
  const auto count = static_cast<size_t>(vocabulary.size());
  std::string arena;
  std::vector<uint32_t> begin;
  std::vector<uint8_t> byte(count);
  std::vector<uint8_t> present(count);
  begin.reserve(count + 1);
  size_t size = 0;
  for (int32_t id = 0; id < vocabulary.size(); ++id) size += vocabulary.content(id).size();
  const size_t room = room_for(size);
  TokenSteps steps(room);
  std::string token;
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    begin.push_back(static_cast<uint32_t>(arena.size()));
    if (!vocabulary.has(id)) continue;
    present[static_cast<size_t>(id)] = 1;
    if (data.per_token.empty() && data.bytes == Bytes::kAlphabet) {
      if (!append_alphabet_bytes(vocabulary.content(id), arena)) arena += vocabulary.content(id);
      continue;
    }
    token = vocabulary.content(id);
    GERBIL_CHECK_OK(steps.run(data.per_token, false, token));
    if (data.bytes == Bytes::kFallback) {
      if (const auto value = fallback_byte(token)) {
        token.assign(1, static_cast<char>(*value));
        byte[static_cast<size_t>(id)] = 1;
      }
    }
    if (data.bytes != Bytes::kAlphabet || !append_alphabet_bytes(token, arena)) arena += token;
    if (arena.size() > room)
      return corrupt("the tokens become more than {} times as long", kMaxGrowth);
  }
  begin.push_back(static_cast<uint32_t>(arena.size()));
  Decoder decoder;
  decoder.arena_.edit([&](auto& all) { all.assign(arena.begin(), arena.end()); });
  decoder.begin_.edit([&](auto& all) { all = std::move(begin); });
  decoder.byte_.edit([&](auto& all) { all = std::move(byte); });
  decoder.present_.edit([&](auto& all) { all = std::move(present); });
  decoder.set(std::move(data));
  return decoder;
}

void Decoder::set(DecoderData data) {
  first_differs_ = std::ranges::any_of(data.per_token, [](const TokenStep& step) {
    const auto* metaspace = std::get_if<MetaspaceStep>(&step);
    return metaspace != nullptr && metaspace->prepend != MetaspaceStep::Prepend::kNever;
  });
  data_ = std::move(data);
}

void Decoder::put(TableWriter& to) const {
  to.put(arena_.view());
  to.put(begin_.view());
  to.put(byte_.view());
  to.put(present_.view());
}

std::optional<Decoder> Decoder::take(TableReader& from, const Vocabulary& vocabulary,
                                     DecoderData data) {
  Decoder decoder;
  decoder.arena_ = from.take<char>();
  decoder.begin_ = from.take<uint32_t>();
  decoder.byte_ = from.take<uint8_t>();
  decoder.present_ = from.take<uint8_t>();
  const auto count = static_cast<size_t>(vocabulary.size());
  const Span<const uint32_t> begin = decoder.begin_.view();
  if (!from.ok() || begin.size() != count + 1 || decoder.byte_.size() != count ||
      decoder.present_.size() != count || begin.back() > decoder.arena_.size() ||
      !std::ranges::is_sorted(begin))
    return std::nullopt;
  decoder.set(std::move(data));
  return decoder;
}

void Decoder::push(const Vocabulary& vocabulary, int32_t id, DecodeStream& stream,
                   std::string& out) const {
  if (is_unused(id)) return;
  const bool first = stream.first;
  stream.first = false;
  std::string_view bytes = this->bytes(id);
  std::string afresh;
  bool byte = byte_[id] != 0;
  if (first && first_differs_) {
    afresh = vocabulary.content(id);
    // Its regular expressions ran over this token before.
    if (!TokenSteps(kMaxTextBytes).run(data_.per_token, true, afresh)) return;
    const auto value = fallback_byte(afresh);
    byte = data_.bytes == Bytes::kFallback && value.has_value();
    if (byte) afresh.assign(1, static_cast<char>(*value));
    std::string decoded;
    if (data_.bytes == Bytes::kAlphabet && append_alphabet_bytes(afresh, decoded)) afresh = decoded;
    bytes = afresh;
  }
  if (!data_.present && !first) give(" ", stream, out);
  if (data_.bytes == Bytes::kAlphabet) {
    if (data_.at_start.empty()) return stream.repair.push(bytes, out);
    stream.text.clear();
    stream.repair.push(bytes, stream.text);
    give(stream.text, stream, out);
  } else if (byte) {
    push_byte(bytes, stream, out);
  } else {
    end_run(stream, out);
    give(bytes, stream, out);
  }
}

void Decoder::flush(DecodeStream& stream, std::string& out) const {
  if (data_.bytes == Bytes::kAlphabet) {
    stream.text.clear();
    stream.repair.flush(stream.text);
    give(stream.text, stream, out);
  } else {
    end_run(stream, out);
  }
  stream = DecodeStream{};
}

void Decoder::push_byte(std::string_view byte, DecodeStream& stream, std::string& out) const {
  stream.run += byte;
  while (!stream.run_is_bad && !stream.run.empty()) {
    const Utf8Step step = utf8_step(stream.run, 0);
    if (step.kind == Utf8Kind::kIncomplete) return;
    if (step.kind == Utf8Kind::kInvalid) {
      stream.run_is_bad = true;
    } else {
      give(std::string_view(stream.run).substr(0, step.size), stream, out);
      stream.run.erase(0, step.size);
    }
  }
  for (size_t i = 0; i < stream.run.size(); ++i) give(kReplacement, stream, out);
  stream.run.clear();
}

void Decoder::end_run(DecodeStream& stream, std::string& out) const {
  for (size_t i = 0; i < stream.run.size(); ++i) give(kReplacement, stream, out);
  stream.run.clear();
  stream.run_is_bad = false;
}

void Decoder::give_run(std::string_view run, DecodeStream& stream, std::string& out) const {
  stream.first = false;
  if (utf8_valid_prefix(run) == run.size()) return give(run, stream, out);
  for (size_t i = 0; i < run.size(); ++i) give(kReplacement, stream, out);
}

void Decoder::give(std::string_view text, DecodeStream& stream, std::string& out) const {
  std::string content;
  while (stream.strip < data_.at_start.size() && !text.empty()) {
    const StripTokenStep& step = data_.at_start[stream.strip];
    content.clear();
    append_utf8(content, step.content);
    if (stream.stripped < step.start && text.starts_with(content)) {
      text.remove_prefix(content.size());
      ++stream.stripped;
    } else {
      ++stream.strip;
      stream.stripped = 0;
    }
  }
  out += text;
}

}  // namespace gerbil::text
