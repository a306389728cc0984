// The pre-tokenizer, the decoder and the post-processor.
#include <algorithm>
#include <array>
#include <utility>

#include "text/tokenizer_json_model.h"
#include "text/tokenizer_json_steps.h"

namespace gerbil::text {
namespace {

using json::Fields;
using json::Value;

Result<SplitBehavior> read_behavior(const Fields& fields) {
  constexpr std::array<std::pair<std::string_view, SplitBehavior>, 5> kBehaviors = {{
      {"Removed", SplitBehavior::kRemoved},
      {"Isolated", SplitBehavior::kIsolated},
      {"MergedWithPrevious", SplitBehavior::kMergedWithPrevious},
      {"MergedWithNext", SplitBehavior::kMergedWithNext},
      {"Contiguous", SplitBehavior::kContiguous},
  }};
  GERBIL_TRY(const std::string behavior, fields.string("behavior"));
  const auto row =
      std::ranges::find(kBehaviors, behavior, &std::pair<std::string_view, SplitBehavior>::first);
  if (row == kBehaviors.end())
    return fields.expected("behavior",
                           "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous",
                           ErrorCode::kUnsupported);
  return row->second;
}

Result<PreTokenizerStep> read_split(const Fields& fields) {
  GERBIL_CHECK_OK(only_keys(fields, {"type", "pattern", "behavior", "invert"}));
  SplitStep step;
  GERBIL_TRY(step.pattern, read_pattern(fields));
  GERBIL_TRY(step.behavior, read_behavior(fields));
  GERBIL_TRY(step.invert, fields.boolean_or("invert", false));
  // The known patterns match all of a text, so that nothing lies between the matches.
  const bool matches_are_words = step.behavior == SplitBehavior::kIsolated ||
                                 (step.behavior == SplitBehavior::kRemoved && step.invert);
  if (matches_are_words && std::holds_alternative<Regex>(step.pattern)) {
    GERBIL_TRY(const Fields pattern, fields.object("pattern"));
    GERBIL_TRY(const std::string regex, pattern.string("Regex"));
    if (const auto known = known_word_pattern(regex)) return WordPatternStep{*known};
  }
  return step;
}

Status read_byte_level(const Fields& fields, bool last, TokenizerData& data) {
  GERBIL_CHECK_OK(only_keys(fields, {"type", "add_prefix_space", "trim_offsets", "use_regex"}));
  GERBIL_TRY(const bool prefix_space, fields.boolean("add_prefix_space"));
  GERBIL_TRY(const bool use_regex, fields.boolean_or("use_regex", true));
  if (prefix_space) data.pre_tokenizer.emplace_back(PrefixSpaceStep{});
  if (use_regex) data.pre_tokenizer.emplace_back(WordPatternStep{WordPattern::kGpt2});
  if (last) {
    data.byte_symbols = true;
  } else {
    data.pre_tokenizer.emplace_back(AlphabetStep{});
  }
  return {};
}

// All but ByteLevel and Bert's, which are more than one step.
Result<PreTokenizerStep> read_step(const Fields& step) {
  const std::string_view type = type_of(step);
  if (type == "Split") return read_split(step);
  if (type == "Metaspace") {
    GERBIL_TRY(MetaspaceStep metaspace, read_metaspace(step));
    return metaspace;
  }
  if (type == "Digits") {
    GERBIL_CHECK_OK(only_keys(step, {"type", "individual_digits"}));
    GERBIL_TRY(const bool individual, step.boolean_or("individual_digits", false));
    return CharacterSplitStep{CharacterClass::kNumber,
                              individual ? SplitBehavior::kIsolated : SplitBehavior::kContiguous};
  }
  if (type == "Punctuation") {
    GERBIL_CHECK_OK(only_keys(step, {"type", "behavior"}));
    CharacterSplitStep split{CharacterClass::kPunctuation, SplitBehavior::kIsolated};
    if (step.has("behavior")) {
      GERBIL_TRY(split.behavior, read_behavior(step));
    }
    return split;
  }
  if (type == "WhitespaceSplit") {
    GERBIL_CHECK_OK(only_keys(step, {"type"}));
    return CharacterSplitStep{CharacterClass::kWhiteSpace, SplitBehavior::kRemoved};
  }
  if (type == "Whitespace") {
    GERBIL_CHECK_OK(only_keys(step, {"type"}));
    return WordRunsStep{};
  }
  if (type == "CharDelimiterSplit") {
    GERBIL_CHECK_OK(only_keys(step, {"type", "delimiter"}));
    GERBIL_TRY(const char32_t delimiter, read_character(step, "delimiter"));
    return CharacterSplitStep{delimiter, SplitBehavior::kRemoved};
  }
  return step.expected("type",
                       "Split, ByteLevel, Metaspace, Digits, Punctuation, Whitespace, "
                       "WhitespaceSplit, CharDelimiterSplit, BertPreTokenizer or Sequence",
                       ErrorCode::kUnsupported);
}

Result<StripTokenStep> read_strip(const Fields& step) {
  GERBIL_CHECK_OK(only_keys(step, {"type", "content", "start", "stop"}));
  StripTokenStep strip;
  GERBIL_TRY(strip.content, read_character(step, "content"));
  GERBIL_TRY(const int64_t start, step.integer("start", {0, 1 << 20}));
  GERBIL_TRY(const int64_t stop, step.integer("stop", {0, 1 << 20}));
  strip.start = static_cast<uint32_t>(start);
  strip.stop = static_cast<uint32_t>(stop);
  return strip;
}

// "single": [{"SpecialToken": {"id": "<bos>", ...}}, {"Sequence": {"id": "A", ...}}]
Status read_template(const Fields& fields, const Vocabulary& vocabulary,
                     std::vector<int32_t>& prefix, std::vector<int32_t>& suffix) {
  GERBIL_CHECK_OK(only_keys(fields, {"type", "single", "pair", "special_tokens"}));
  GERBIL_TRY(const Fields special_tokens, fields.object("special_tokens"));
  GERBIL_TRY(const std::vector<Fields> pieces, fields.objects("single"));
  bool after_text = false;
  for (const Fields& piece : pieces) {
    GERBIL_CHECK_OK(only_keys(piece, {"SpecialToken", "Sequence"}));
    if (piece.has("SpecialToken") == piece.has("Sequence"))
      return piece.expected("SpecialToken", "either this or \"Sequence\"");
    if (piece.has("Sequence")) {
      if (after_text) return fields.expected("single", "one Sequence", ErrorCode::kUnsupported);
      after_text = true;
      continue;
    }
    GERBIL_TRY(const Fields token, piece.object("SpecialToken"));
    GERBIL_TRY(const std::string name, token.string("id"));
    GERBIL_TRY(const Fields entry, special_tokens.object(name));
    GERBIL_TRY(const auto ids, entry.integers("ids", {0, Vocabulary::kMaxTokens - 1}, 64));
    for (const int64_t id : ids) {
      if (!vocabulary.has(static_cast<int32_t>(id)))
        return entry.expected("ids", "ids of tokens in the vocabulary", ErrorCode::kCorrupt);
      (after_text ? suffix : prefix).push_back(static_cast<int32_t>(id));
    }
  }
  if (!after_text) return fields.expected("single", "one Sequence", ErrorCode::kUnsupported);
  return {};
}

// "cls": ["<s>", 0]
Result<int32_t> read_named_token(const Fields& fields, std::string_view key,
                                 const Vocabulary& vocabulary) {
  const Value* value = fields.find(key);
  const json::Array* pair = value ? value->array() : nullptr;
  const int64_t* id = pair && pair->size() == 2 ? (*pair)[1].integer() : nullptr;
  if (!id || *id < 0 || *id >= vocabulary.size() || !vocabulary.has(static_cast<int32_t>(*id)))
    return fields.expected(key, "a token and its id in the vocabulary", ErrorCode::kCorrupt);
  return static_cast<int32_t>(*id);
}

}  // namespace

Status read_pre_tokenizer(const Fields& root, TokenizerData& data) {
  GERBIL_TRY(const auto steps, steps_of(root, "pre_tokenizer", "pretokenizers"));
  for (size_t i = 0; i < steps.size(); ++i) {
    const std::string_view type = type_of(steps[i]);
    if (type == "ByteLevel") {
      GERBIL_CHECK_OK(read_byte_level(steps[i], i + 1 == steps.size(), data));
    } else if (type == "BertPreTokenizer") {
      GERBIL_CHECK_OK(only_keys(steps[i], {"type"}));
      data.pre_tokenizer.emplace_back(
          CharacterSplitStep{CharacterClass::kWhiteSpace, SplitBehavior::kRemoved});
      data.pre_tokenizer.emplace_back(
          CharacterSplitStep{CharacterClass::kPunctuation, SplitBehavior::kIsolated});
    } else {
      GERBIL_TRY(PreTokenizerStep step, read_step(steps[i]));
      data.pre_tokenizer.push_back(std::move(step));
    }
  }
  return {};
}

// The steps that a stream can take one token at a time: per token, then bytes, then what is done to
// the start of the joined text.
Status read_decoder(const Fields& root, TokenizerData& data) {
  using Bytes = DecoderData::Bytes;
  GERBIL_TRY(const auto steps, steps_of(root, "decoder", "decoders"));
  DecoderData& decoder = data.decoder;
  decoder.present = root.has("decoder");
  bool joined = false;
  for (const Fields& step : steps) {
    const std::string_view type = type_of(step);
    const auto misplaced = [&](std::string_view what) {
      return step.expected("type", what, ErrorCode::kUnsupported);
    };
    if (type == "Fuse") {
      GERBIL_CHECK_OK(only_keys(step, {"type"}));
      joined = true;
    } else if (type == "Strip" && joined) {
      GERBIL_TRY(StripTokenStep strip, read_strip(step));
      if (strip.stop != 0)
        return step.expected("stop", "0 in a step after Fuse", ErrorCode::kUnsupported);
      decoder.at_start.push_back(strip);
    } else if (joined) {
      return misplaced("Fuse or Strip where the tokens are joined already");
    } else if (decoder.bytes == Bytes::kFallback) {
      return misplaced("Fuse after ByteFallback");
    } else if (type == "ByteFallback") {
      GERBIL_CHECK_OK(only_keys(step, {"type"}));
      decoder.bytes = Bytes::kFallback;
    } else if (type == "ByteLevel") {
      // Its fields are those of the pre-tokenizer; a decoder does not use them.
      GERBIL_CHECK_OK(only_keys(step, {"type", "add_prefix_space", "trim_offsets", "use_regex"}));
      decoder.bytes = Bytes::kAlphabet;
      joined = true;
    } else if (type == "Replace") {
      GERBIL_CHECK_OK(only_keys(step, {"type", "pattern", "content"}));
      ReplaceStep replace;
      GERBIL_TRY(replace.pattern, read_pattern(step));
      GERBIL_TRY(replace.content, step.string("content"));
      decoder.per_token.emplace_back(std::move(replace));
    } else if (type == "Metaspace") {
      GERBIL_TRY(MetaspaceStep metaspace, read_metaspace(step));
      decoder.per_token.emplace_back(std::move(metaspace));
    } else if (type == "Strip") {
      GERBIL_TRY(StripTokenStep strip, read_strip(step));
      decoder.per_token.emplace_back(strip);
    } else {
      return misplaced("ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace or Sequence");
    }
  }
  return {};
}

Status read_post_processor(const Fields& root, TokenizerData& data) {
  GERBIL_TRY(const auto steps, steps_of(root, "post_processor", "processors"));
  for (const Fields& step : steps) {
    const std::string_view type = type_of(step);
    std::vector<int32_t> prefix;
    std::vector<int32_t> suffix;
    if (type == "ByteLevel") {  // moves offsets, not ids
      GERBIL_CHECK_OK(only_keys(step, {"type", "add_prefix_space", "trim_offsets", "use_regex"}));
    } else if (type == "TemplateProcessing") {
      GERBIL_CHECK_OK(read_template(step, data.vocabulary, prefix, suffix));
    } else if (type == "BertProcessing" || type == "RobertaProcessing") {
      GERBIL_CHECK_OK(only_keys(step, {"type", "sep", "cls", "trim_offsets", "add_prefix_space"}));
      GERBIL_TRY(const int32_t before, read_named_token(step, "cls", data.vocabulary));
      GERBIL_TRY(const int32_t after, read_named_token(step, "sep", data.vocabulary));
      prefix.push_back(before);
      suffix.push_back(after);
    } else {
      return step.expected(
          "type", "ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing or Sequence",
          ErrorCode::kUnsupported);
    }
    if (prefix.empty() && suffix.empty()) continue;
    if (!data.prefix.empty() || !data.suffix.empty())
      return step.expected("type", "one step that adds tokens", ErrorCode::kUnsupported);
    data.prefix = std::move(prefix);
    data.suffix = std::move(suffix);
  }
  return {};
}

}  // namespace gerbil::text
