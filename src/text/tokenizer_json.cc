#include "text/tokenizer_json.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "base/json.h"
#include "base/quote.h"
#include "text/tokenizer_json_model.h"

namespace gerbil::text {
namespace {

using json::Fields;
using json::Value;

// The words of GPT-2, which a ByteLevel pre-tokenizer with use_regex cuts.
constexpr std::string_view kGpt2Words =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// Empty where it is missing or not a string: then it is none of the known ones.
std::string_view type_of(const Fields& fields) {
  const Value* value = fields.find("type");
  const std::string* type = value ? value->string() : nullptr;
  return type ? std::string_view(*type) : std::string_view{};
}

// `fields` is of a type that this build does not know.
std::unexpected<Error> unknown_type(const Fields& fields, std::string_view known) {
  return fields.expected("type", known, ErrorCode::kUnsupported);
}

// Collects the steps of a stage in order: `fields`, or the members of a Sequence, however nested.
Status flatten(const Fields& fields, std::string_view list_key, std::vector<Fields>& steps) {
  if (type_of(fields) != "Sequence") {
    steps.push_back(fields);
    return {};
  }
  GERBIL_CHECK_OK(only_keys(fields, {"type", list_key}));
  GERBIL_TRY(const std::vector<Fields> items, fields.objects(list_key));
  for (const Fields& item : items) GERBIL_CHECK_OK(flatten(item, list_key, steps));
  return {};
}

// The steps of `root[key]`; none where it is null.
Result<std::vector<Fields>> steps_of(const Fields& root, std::string_view key,
                                     std::string_view list_key) {
  std::vector<Fields> steps;
  GERBIL_TRY(const auto fields, root.optional_object(key));
  if (fields) GERBIL_CHECK_OK(flatten(*fields, list_key, steps));
  return steps;
}

Status read_normalizer(const Fields& root, TokenizerData& data) {
  GERBIL_TRY(const auto steps, steps_of(root, "normalizer", "normalizers"));
  for (const Fields& step : steps) {
    if (type_of(step) != "NFC") return unknown_type(step, "\"NFC\" or \"Sequence\"");
    GERBIL_CHECK_OK(only_keys(step, {"type"}));
    data.normalizer.emplace_back(NfcStep{});
  }
  return {};
}

Result<Regex> compile(const Fields& fields, std::string_view key, std::string_view pattern) {
  auto regex = Regex::compile(pattern);
  if (!regex)
    return with_context(std::move(regex).error(),
                        fmt::format("{}: \"{}\"", fields.file(), fields.path(key)));
  return regex;
}

Result<SplitStep> read_split(const Fields& fields) {
  GERBIL_CHECK_OK(only_keys(fields, {"type", "pattern", "behavior", "invert"}));
  SplitStep step;
  GERBIL_TRY(const Fields pattern, fields.object("pattern"));
  GERBIL_CHECK_OK(only_keys(pattern, {"Regex", "String"}));
  if (pattern.has("Regex") == pattern.has("String"))
    return fields.expected("pattern", "an object with either \"Regex\" or \"String\"");
  if (pattern.has("Regex")) {
    GERBIL_TRY(const std::string text, pattern.string("Regex"));
    GERBIL_TRY(step.pattern, compile(pattern, "Regex", text));
  } else {
    GERBIL_TRY(std::string text, pattern.string("String"));
    if (text.empty()) return pattern.expected("String", "a text that is not empty");
    step.pattern = std::move(text);
  }
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
  step.behavior = row->second;
  GERBIL_TRY(step.invert, fields.boolean_or("invert", false));
  return step;
}

Status read_byte_level(const Fields& fields, TokenizerData& data) {
  GERBIL_CHECK_OK(only_keys(fields, {"type", "add_prefix_space", "trim_offsets", "use_regex"}));
  GERBIL_TRY(const bool prefix_space, fields.boolean("add_prefix_space"));
  GERBIL_TRY(const bool use_regex, fields.boolean_or("use_regex", true));
  if (prefix_space) data.pre_tokenizer.emplace_back(PrefixSpaceStep{});
  if (use_regex) {
    GERBIL_TRY(Regex words, Regex::compile(kGpt2Words));
    data.pre_tokenizer.emplace_back(SplitStep{.pattern = std::move(words)});
  }
  return {};
}

Status read_pre_tokenizer(const Fields& root, TokenizerData& data) {
  GERBIL_TRY(const auto steps, steps_of(root, "pre_tokenizer", "pretokenizers"));
  bool byte_level = false;
  for (const Fields& step : steps) {
    if (byte_level)
      return step.expected("type", "no step after ByteLevel", ErrorCode::kUnsupported);
    const std::string_view type = type_of(step);
    if (type == "Split") {
      GERBIL_TRY(SplitStep split, read_split(step));
      data.pre_tokenizer.emplace_back(std::move(split));
    } else if (type == "ByteLevel") {
      GERBIL_CHECK_OK(read_byte_level(step, data));
      byte_level = true;
    } else {
      return unknown_type(step, "\"Split\", \"ByteLevel\" or \"Sequence\"");
    }
  }
  if (!byte_level)
    return root.expected("pre_tokenizer", "one that ends in ByteLevel", ErrorCode::kUnsupported);
  return {};
}

Status read_decoder(const Fields& root) {
  GERBIL_TRY(const auto steps, steps_of(root, "decoder", "decoders"));
  for (const Fields& step : steps) {
    if (type_of(step) != "ByteLevel") return unknown_type(step, "\"ByteLevel\"");
    // Its other fields are those of the pre-tokenizer; a decoder does not use them.
    GERBIL_CHECK_OK(only_keys(step, {"type", "add_prefix_space", "trim_offsets", "use_regex"}));
  }
  if (steps.size() != 1)
    return root.expected("decoder", "one ByteLevel step", ErrorCode::kUnsupported);
  return {};
}

// "single": [{"SpecialToken": {"id": "<bos>", ...}}, {"Sequence": {"id": "A", ...}}]
Status read_template(const Fields& fields, TokenizerData& data) {
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
      if (!data.vocabulary.has(static_cast<int32_t>(id)))
        return entry.expected("ids", "ids of tokens in the vocabulary", ErrorCode::kCorrupt);
      (after_text ? data.suffix : data.prefix).push_back(static_cast<int32_t>(id));
    }
  }
  if (!after_text) return fields.expected("single", "one Sequence", ErrorCode::kUnsupported);
  return {};
}

Status read_post_processor(const Fields& root, TokenizerData& data) {
  GERBIL_TRY(const auto steps, steps_of(root, "post_processor", "processors"));
  bool has_template = false;
  for (const Fields& step : steps) {
    const std::string_view type = type_of(step);
    if (type == "ByteLevel") {  // moves offsets, not ids
      GERBIL_CHECK_OK(only_keys(step, {"type", "add_prefix_space", "trim_offsets", "use_regex"}));
    } else if (type == "TemplateProcessing" && !has_template) {
      GERBIL_CHECK_OK(read_template(step, data));
      has_template = true;
    } else {
      return unknown_type(step, "\"ByteLevel\" or one \"TemplateProcessing\"");
    }
  }
  return {};
}

}  // namespace

Result<TokenizerData> read_tokenizer_json(std::string_view text, std::string_view file_name) {
  GERBIL_TRY(const Value value, json::parse(text, file_name));
  GERBIL_TRY(const Fields root, Fields::of(value, file_name));
  GERBIL_CHECK_OK(only_keys(root, {"version", "truncation", "padding", "added_tokens", "normalizer",
                                   "pre_tokenizer", "post_processor", "decoder", "model"}));
  GERBIL_TRY(const std::string version, root.string_or("version", "1.0"));
  if (version != "1.0") return root.expected("version", "\"1.0\"", ErrorCode::kUnsupported);

  TokenizerData data;
  GERBIL_CHECK_OK(read_normalizer(root, data));
  GERBIL_CHECK_OK(read_pre_tokenizer(root, data));
  GERBIL_CHECK_OK(read_decoder(root));
  GERBIL_CHECK_OK(read_model(root, data));
  GERBIL_CHECK_OK(read_added_tokens(root, data));
  GERBIL_CHECK_OK(read_post_processor(root, data));
  return data;
}

}  // namespace gerbil::text
