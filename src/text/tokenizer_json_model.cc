#include "text/tokenizer_json_model.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/quote.h"
#include "text/bpe_alphabet.h"

namespace gerbil::text {
namespace {

using json::Fields;
using json::Value;

// An error of a table's entry: FILE: "model.merges[17]": ...
std::unexpected<Error> at_entry(const Fields& fields, std::string_view key, size_t index,
                                Error error) {
  return with_context(std::move(error),
                      fmt::format("{}: {}", fields.file(),
                                  in_quotes(fmt::format("{}[{}]", fields.path(key), index))));
}

Status read_vocabulary(const Fields& model, Vocabulary& vocabulary) {
  GERBIL_TRY(const Fields vocab, model.object("vocab"));
  const auto members = vocab.object().members();
  if (members.empty()) return model.expected("vocab", "at least one token");
  size_t bytes = 0;
  for (const json::Member& member : members) bytes += member.key.size();
  vocabulary.reserve(members.size(), bytes);
  for (const json::Member& member : members) {
    const int64_t* id = member.value.integer();
    if (!id) return vocab.expected(member.key, "a token's id, an integer");
    auto added = vocabulary.add(*id, member.key, true);
    if (!added)
      return with_context(std::move(added).error(),
                          fmt::format("{}: {}", model.file(), in_quotes(model.path("vocab"))));
  }
  return {};
}

using MergePair = std::pair<std::string_view, std::string_view>;

// "a b" or ["a", "b"]
std::optional<MergePair> merge_pair(const Value& value) {
  if (const std::string* line = value.string()) {
    const size_t space = line->find(' ');
    if (space == std::string::npos || line->find(' ', space + 1) != std::string::npos)
      return std::nullopt;
    const std::string_view view = *line;
    return MergePair{view.substr(0, space), view.substr(space + 1)};
  }
  const json::Array* array = value.array();
  if (!array || array->size() != 2) return std::nullopt;
  const std::string* left = (*array)[0].string();
  const std::string* right = (*array)[1].string();
  if (!left || !right) return std::nullopt;
  return MergePair{*left, *right};
}

Result<int32_t> model_token(const Vocabulary& vocabulary, std::string_view content) {
  const int32_t id = vocabulary.find_content(content);
  if (id < 0) return corrupt("the token {} is not in the vocabulary", in_quotes(content));
  return id;
}

Result<MergeTable> read_merges(const Fields& model, const Vocabulary& vocabulary) {
  const Value* value = model.find("merges");
  const json::Array* list = value ? value->array() : nullptr;
  if (!list) return model.expected("merges", "an array");
  MergeTable merges;
  merges.reserve(list->size());
  std::string joined;
  for (size_t rank = 0; rank < list->size(); ++rank) {
    const auto at_merge = [&](Error error) {
      return at_entry(model, "merges", rank, std::move(error));
    };
    const auto pair = merge_pair((*list)[rank]);
    if (!pair)
      return at_merge(
          {ErrorCode::kCorrupt, fmt::format("expected \"a b\" or [\"a\", \"b\"], found {}",
                                            json::describe((*list)[rank]))});
    auto left = model_token(vocabulary, pair->first);
    if (!left) return at_merge(std::move(left).error());
    auto right = model_token(vocabulary, pair->second);
    if (!right) return at_merge(std::move(right).error());
    joined = pair->first;
    joined += pair->second;
    auto merged = model_token(vocabulary, joined);
    if (!merged) return at_merge(std::move(merged).error());
    merges.insert(*left, *right, static_cast<uint32_t>(rank), *merged);
  }
  return merges;
}

// Fields that would change the ids and are not implemented.
Status refuse_other_models(const Fields& model) {
  GERBIL_TRY(const std::string type, model.string_or("type", "BPE"));  // absent in GPT-2's file
  if (type != "BPE") return model.expected("type", "\"BPE\"", ErrorCode::kUnsupported);
  GERBIL_CHECK_OK(only_keys(
      model, {"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
              "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges"}));
  GERBIL_TRY(const double dropout, model.number_or("dropout", 0));
  if (dropout != 0) return model.expected("dropout", "null", ErrorCode::kUnsupported);
  GERBIL_TRY(const bool byte_fallback, model.boolean_or("byte_fallback", false));
  if (byte_fallback) return model.expected("byte_fallback", "false", ErrorCode::kUnsupported);
  for (const std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    GERBIL_TRY(const std::string affix, model.string_or(key, ""));
    if (!affix.empty()) return model.expected(key, "null", ErrorCode::kUnsupported);
  }
  return {};
}

}  // namespace

Status only_keys(const Fields& fields, std::initializer_list<std::string_view> known) {
  for (const json::Member& member : fields.object().members())
    if (std::ranges::find(known, member.key) == known.end())
      return fields.expected(member.key, "no field of this name", ErrorCode::kUnsupported);
  return {};
}

Status read_model(const Fields& root, TokenizerData& data) {
  GERBIL_TRY(const Fields model, root.object("model"));
  GERBIL_CHECK_OK(refuse_other_models(model));
  GERBIL_CHECK_OK(read_vocabulary(model, data.vocabulary));
  GERBIL_TRY(MergeTable merges, read_merges(model, data.vocabulary));
  BpeOptions options;
  GERBIL_TRY(options.fuse_unknown, model.boolean_or("fuse_unk", false));
  GERBIL_TRY(options.ignore_merges, model.boolean_or("ignore_merges", false));
  GERBIL_TRY(const auto unknown, model.optional_string("unk_token"));
  if (unknown) {
    options.unknown_id = data.vocabulary.find_content(*unknown);
    if (options.unknown_id < 0)
      return model.expected("unk_token", "a token of the vocabulary", ErrorCode::kCorrupt);
  }
  data.model = Bpe(data.vocabulary, std::move(merges), options);
  return {};
}

Status read_added_tokens(const Fields& root, TokenizerData& data) {
  if (!root.has("added_tokens")) return {};
  GERBIL_TRY(const std::vector<Fields> items, root.objects("added_tokens", Vocabulary::kMaxTokens));
  for (size_t i = 0; i < items.size(); ++i) {
    const Fields& item = items[i];
    GERBIL_CHECK_OK(only_keys(
        item, {"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"}));
    AddedToken token;
    GERBIL_TRY(const int64_t id, item.integer("id", {0, Vocabulary::kMaxTokens - 1}));
    token.id = static_cast<int32_t>(id);
    GERBIL_TRY(token.content, item.string("content"));
    GERBIL_TRY(token.single_word, item.boolean_or("single_word", false));
    GERBIL_TRY(token.lstrip, item.boolean_or("lstrip", false));
    GERBIL_TRY(token.rstrip, item.boolean_or("rstrip", false));
    GERBIL_TRY(token.special, item.boolean_or("special", false));
    GERBIL_TRY(token.normalized, item.boolean_or("normalized", !token.special));
    if (token.content.empty()) return item.expected("content", "a text that is not empty");
    // A token of the model may be named again; then it keeps its id.
    const int32_t known = data.vocabulary.find_content(token.content);
    const bool again = known == token.id && data.vocabulary.in_model(known);
    if (!again) {
      auto added = data.vocabulary.add(id, token.content, false);
      if (!added) return at_entry(root, "added_tokens", i, std::move(added).error());
    }
    data.added_tokens.push_back(std::move(token));
  }
  return {};
}

}  // namespace gerbil::text
