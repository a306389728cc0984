// The tables of a tokenizer.json (model and added tokens), and what its readers share. Used by
// tokenizer_json.cc alone. Pure; any thread.
#pragma once

#include <initializer_list>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "text/tokenizer_data.h"

namespace gerbil::json {
class Dom;
}

namespace gerbil::text {

// kUnsupported, naming it, where `fields` has a member that is not among `known`.
Status only_keys(const json::Fields& fields, std::initializer_list<std::string_view> known);

// Its largest tables, which are read from the parser's own tree and are null in `root`.
inline constexpr std::string_view kVocabPath = "model.vocab";
inline constexpr std::string_view kMergesPath = "model.merges";

// "model": vocabulary and merges. After the pre-tokenizer.
Status read_model(const json::Dom& dom, const json::Fields& root, TokenizerData& data);

// ... that an earlier read_model() made; the vocabulary has the added tokens too.
struct ModelTables {
  Vocabulary vocabulary;
  MergeTable merges;
  Seams seams;
};
Status read_model(ModelTables tables, const json::Fields& root, TokenizerData& data);

// "added_tokens", after the model: those that the vocabulary has not got yet go into it.
Status read_added_tokens(const json::Fields& root, TokenizerData& data);

}  // namespace gerbil::text
