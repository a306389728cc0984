#include "text/tokenizer_json.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/json_dom.h"
#include "text/tokenizer_json_model.h"
#include "text/tokenizer_json_steps.h"

namespace gerbil::text {
namespace {

nlohmann::ordered_json writable(const json::Value& value) {
  if (const auto* flag = value.boolean()) return *flag;
  if (const auto* integer = value.integer()) return *integer;
  if (const auto* text = value.string()) return *text;
  if (const auto* array = value.array()) {
    auto all = nlohmann::ordered_json::array();
    for (const json::Value& item : *array) all.push_back(writable(item));
    return all;
  }
  if (const auto* object = value.object()) {
    auto all = nlohmann::ordered_json::object();
    for (const json::Member& member : object->members()) all[member.key] = writable(member.value);
    return all;
  }
  if (const auto number = value.number()) return *number;
  return nullptr;
}

// `model`: read_model, from wherever its tables are.
template <class ReadModel>
Result<TokenizerData> read(const json::Value& value, std::string_view file_name,
                           ReadModel&& model) {
  GERBIL_TRY(const json::Fields root, json::Fields::of(value, file_name));
  GERBIL_CHECK_OK(only_keys(root, {"version", "truncation", "padding", "added_tokens", "normalizer",
                                   "pre_tokenizer", "post_processor", "decoder", "model"}));
  GERBIL_TRY(const std::string version, root.string_or("version", "1.0"));
  if (version != "1.0") return root.expected("version", "\"1.0\"", ErrorCode::kUnsupported);

  TokenizerData data;
  GERBIL_CHECK_OK(read_normalizer(root, data));
  GERBIL_CHECK_OK(read_pre_tokenizer(root, data));
  GERBIL_CHECK_OK(read_decoder(root, data));
  GERBIL_CHECK_OK(model(root, data));
  GERBIL_CHECK_OK(read_added_tokens(root, data));
  GERBIL_CHECK_OK(read_post_processor(root, data));
  return data;
}

}  // namespace

Result<TokenizerData> read_tokenizer_json(std::string_view text, std::string_view file_name) {
  constexpr std::array<std::string_view, 2> kTables = {kVocabPath, kMergesPath};

  GERBIL_TRY(const json::Dom dom, json::Dom::parse(text, file_name));
  GERBIL_TRY(const json::Value value, dom.value_without(kTables));
  GERBIL_TRY(TokenizerData data,
             read(value, file_name, [&](const json::Fields& root, TokenizerData& into) {
               return read_model(dom, root, into);
             }));
  data.rest_json = writable(value).dump();
  return data;
}

void put_tokenizer(const TokenizerData& data, TableWriter& to) {
  to.put(Span<const char>(data.rest_json));
  data.vocabulary.put(to);
  data.model.merges().put(to);
  data.model.seams().put(to);
}

Result<TokenizerData> take_tokenizer(TableReader& from, std::string_view file_name) {
  const Table<char> rest = from.take<char>();
  auto vocabulary = Vocabulary::take(from);
  auto merges = MergeTable::take(from, vocabulary ? vocabulary->size() : 0);
  auto seams = Seams::take(from);
  if (!vocabulary || !merges || !seams)
    return corrupt("{}: expected a tokenizer's tables, found others", file_name);
  ModelTables tables{*std::move(vocabulary), *std::move(merges), *std::move(seams)};
  GERBIL_TRY(const json::Value value, json::parse({rest.data(), rest.size()}, file_name));
  GERBIL_TRY(TokenizerData data,
             read(value, file_name, [&](const json::Fields& root, TokenizerData& into) {
               return read_model(std::move(tables), root, into);
             }));
  data.rest_json.assign(rest.data(), rest.size());
  return data;
}

}  // namespace gerbil::text
