#include "text/tokenizer_json_model.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/json_dom.h"
#include "base/quote.h"

namespace gerbil::text {
namespace {

using json::Fields;

using simdjson::dom::element;

// An error of a table's entry: FILE: "model.merges[17]": ...
std::unexpected<Error> at_entry(const Fields& fields, std::string_view key, size_t index,
                                Error error) {
  return with_context(std::move(error),
                      fmt::format("{}: {}", fields.file(),
                                  in_quotes(fmt::format("{}[{}]", fields.path(key), index))));
}

// root.model[key]; nothing where it is missing or null.
std::optional<element> table(const json::Dom& dom, std::string_view key) {
  const auto value = dom.root()["model"][key];
  if (value.error() != simdjson::SUCCESS || value.value_unsafe().is_null()) return std::nullopt;
  return value.value_unsafe();
}

// FILE: "model.vocab": expected an object, found 3
std::unexpected<Error> expected(const json::Dom& dom, const Fields& model, std::string_view key,
                                std::string_view what, std::optional<element> found) {
  return invalid("{}: {}: expected {}, {}", model.file(), in_quotes(model.path(key)), what,
                 found ? "found " + dom.describe(*found) : "but it is missing");
}

Status read_vocabulary(const json::Dom& dom, const Fields& model, Vocabulary& vocabulary) {
  const auto value = table(dom, "vocab");
  if (!value || !value->is_object()) return expected(dom, model, "vocab", "an object", value);
  const simdjson::dom::object vocab = value->get_object().value_unsafe();
  if (vocab.begin() == vocab.end())
    return expected(dom, model, "vocab", "at least one token", value);
  size_t tokens = 0;
  size_t bytes = 0;
  for (const auto& field : vocab) {
    ++tokens;
    bytes += field.key.size();
  }
  vocabulary.reserve(std::min<size_t>(tokens, Vocabulary::kMaxTokens), bytes);
  for (const auto& field : vocab) {
    const auto id = field.value.get_int64();
    if (id.error() != simdjson::SUCCESS)
      return expected(dom, model, fmt::format("vocab.{}", field.key), "a token's id, an integer",
                      field.value);
    auto added = vocabulary.add(id.value_unsafe(), field.key, true);
    if (added) continue;
    if (vocabulary.find(field.key) >= 0)
      return corrupt("{}: the key {} twice", model.file(), in_quotes(field.key));
    return with_context(std::move(added).error(),
                        fmt::format("{}: {}", model.file(), in_quotes(model.path("vocab"))));
  }
  return {};
}

using MergePair = std::pair<std::string_view, std::string_view>;

// "a b" or ["a", "b"]
std::optional<MergePair> merge_pair(element value) {
  if (value.is_string()) {
    const std::string_view line = value.get_string().value_unsafe();
    const size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos)
      return std::nullopt;
    return MergePair{line.substr(0, space), line.substr(space + 1)};
  }
  if (!value.is_array()) return std::nullopt;
  MergePair pair;
  size_t count = 0;
  const simdjson::dom::array parts = value.get_array().value_unsafe();
  for (const element part : parts) {
    if (count == 2 || !part.is_string()) return std::nullopt;
    (count == 0 ? pair.first : pair.second) = part.get_string().value_unsafe();
    ++count;
  }
  return count == 2 ? std::optional(pair) : std::nullopt;
}

struct Merges {
  MergeTable table;
  Seams seams;
};

// A few merges on their way into the table: each look-up would wait for memory, so they wait
// together.
class MergeBatch {
 public:
  static constexpr size_t kSize = 32;

  bool full() const { return count_ == kSize; }
  size_t count() const { return count_; }

  void add(const MergePair& pair) {
    joined_[count_] = pair.first;
    joined_[count_] += pair.second;
    contents_[3 * count_] = pair.first;
    contents_[3 * count_ + 1] = pair.second;
    contents_[3 * count_ + 2] = joined_[count_];
    ++count_;
  }

  // The content that is not in the vocabulary, and its merge's place in the batch; nothing where
  // all merges went into the table. An empty `missing`: they collide in the table.
  struct Fault {
    size_t place = 0;
    std::optional<std::string_view> missing;
  };
  std::optional<Fault> finish(const Vocabulary& vocabulary, uint32_t first_rank, bool seams,
                              Merges& merges) {
    const size_t contents = 3 * count_;
    for (size_t i = 0; i < contents; ++i) {
      hashes_[i] = Vocabulary::hash_of(contents_[i]);
      vocabulary.fetch_slot(hashes_[i]);
    }
    for (size_t i = 0; i < contents; ++i) vocabulary.fetch_content(hashes_[i]);
    for (size_t i = 0; i < contents; ++i) {
      ids_[i] = vocabulary.find(contents_[i], hashes_[i]);
      if (!vocabulary.in_model(ids_[i])) return Fault{i / 3, contents_[i]};
      if (i % 3 == 1) merges.table.fetch(ids_[i - 1], ids_[i]);
    }
    for (size_t i = 0; i < count_; ++i) {
      if (!merges.table.insert(ids_[3 * i], ids_[3 * i + 1], first_rank + static_cast<uint32_t>(i),
                               ids_[3 * i + 2]))
        return Fault{i, std::nullopt};
      if (seams) merges.seams.add(contents_[3 * i], contents_[3 * i + 1]);
    }
    count_ = 0;
    return std::nullopt;
  }

 private:
  size_t count_ = 0;
  std::array<std::string, kSize> joined_;
  std::array<std::string_view, 3 * kSize> contents_;  // left, right, joined
  std::array<uint32_t, 3 * kSize> hashes_;
  std::array<int32_t, 3 * kSize> ids_;
};

Result<Merges> read_merges(const json::Dom& dom, const Fields& model, const Vocabulary& vocabulary,
                           bool seams) {
  const auto value = table(dom, "merges");
  if (!value || !value->is_array()) return expected(dom, model, "merges", "an array", value);
  const simdjson::dom::array list = value->get_array().value_unsafe();
  Merges merges;
  size_t count = 0;
  for ([[maybe_unused]] const element item : list) ++count;
  merges.table.reserve(count);
  MergeBatch batch;
  uint32_t rank = 0;  // of the first in the batch
  const auto wrong = [&](size_t place, std::string message) {
    return at_entry(model, "merges", rank + place, {ErrorCode::kCorrupt, std::move(message)});
  };
  const auto finish = [&]() -> Status {
    const auto size = static_cast<uint32_t>(batch.count());
    if (const auto fault = batch.finish(vocabulary, rank, seams, merges))
      return wrong(fault->place, fault->missing
                                     ? fmt::format("the token {} is not in the vocabulary",
                                                   in_quotes(*fault->missing))
                                     : "the merges up to this one were made to collide in a table");
    rank += size;
    return {};
  };
  for (const element item : list) {
    const auto pair = merge_pair(item);
    if (!pair) {
      const size_t place = batch.count();
      GERBIL_CHECK_OK(finish());
      rank -= static_cast<uint32_t>(place);
      return wrong(place,
                   fmt::format("expected \"a b\" or [\"a\", \"b\"], found {}", dom.describe(item)));
    }
    batch.add(*pair);
    if (batch.full()) {
      GERBIL_CHECK_OK(finish());
    }
  }
  GERBIL_CHECK_OK(finish());
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
  for (const std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    GERBIL_TRY(const std::string affix, model.string_or(key, ""));
    if (!affix.empty()) return model.expected(key, "null", ErrorCode::kUnsupported);
  }
  return {};
}

Result<BpeOptions> read_options(const Fields& model, TokenizerData& data) {
  BpeOptions options;
  GERBIL_TRY(options.fuse_unknown, model.boolean_or("fuse_unk", false));
  GERBIL_TRY(options.ignore_merges, model.boolean_or("ignore_merges", false));
  GERBIL_TRY(options.byte_fallback, model.boolean_or("byte_fallback", false));
  GERBIL_TRY(const auto unknown, model.optional_string("unk_token"));
  if (unknown) {
    options.unknown_id = data.vocabulary.find_in_model(*unknown);
    if (options.unknown_id < 0)
      return model.expected("unk_token", "a token of the vocabulary", ErrorCode::kCorrupt);
  }
  if (data.byte_symbols && options.byte_fallback) {
    // Fallback is then of the alphabet's characters, not of the text's.
    data.byte_symbols = false;
    data.pre_tokenizer.emplace_back(AlphabetStep{});
  }
  options.byte_symbols = data.byte_symbols;
  return options;
}

}  // namespace

Status only_keys(const Fields& fields, std::initializer_list<std::string_view> known) {
  for (const json::Member& member : fields.object().members())
    if (std::ranges::find(known, member.key) == known.end())
      return fields.expected(member.key, "no field of this name", ErrorCode::kUnsupported);
  return {};
}

Status read_model(const json::Dom& dom, const Fields& root, TokenizerData& data) {
  GERBIL_TRY(const Fields model, root.object("model"));
  GERBIL_CHECK_OK(refuse_other_models(model));
  GERBIL_CHECK_OK(read_vocabulary(dom, model, data.vocabulary));
  GERBIL_TRY(const BpeOptions options, read_options(model, data));
  GERBIL_TRY(Merges merges, read_merges(dom, model, data.vocabulary, options.byte_fallback));
  data.model = Bpe(data.vocabulary, std::move(merges.table), options, std::move(merges.seams));
  return {};
}

Status read_model(ModelTables tables, const Fields& root, TokenizerData& data) {
  GERBIL_TRY(const Fields model, root.object("model"));
  GERBIL_CHECK_OK(refuse_other_models(model));
  data.vocabulary = std::move(tables.vocabulary);
  GERBIL_TRY(const BpeOptions options, read_options(model, data));
  data.model = Bpe(data.vocabulary, std::move(tables.merges), options, std::move(tables.seams));
  data.vocabulary_is_whole = true;
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
    const int32_t known = data.vocabulary.find(token.content);
    const bool again = known == token.id && data.vocabulary.in_model(known);
    if (data.vocabulary_is_whole) {
      if (known != token.id) return item.expected("content", "a token of the tables");
    } else if (!again) {
      auto added = data.vocabulary.add(id, token.content, false);
      if (!added) return at_entry(root, "added_tokens", i, std::move(added).error());
    }
    data.added_tokens.push_back(std::move(token));
  }
  return {};
}

}  // namespace gerbil::text
