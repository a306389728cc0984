// The stages of a tokenizer.json before and after its model: normalizer, pre-tokenizer, decoder and
// post-processor. Used by tokenizer_json.cc alone. Pure; any thread.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "text/tokenizer_data.h"

namespace gerbil::text {

Status read_normalizer(const json::Fields& root, TokenizerData& data);
Status read_pre_tokenizer(const json::Fields& root, TokenizerData& data);
Status read_decoder(const json::Fields& root, TokenizerData& data);
// After the vocabulary.
Status read_post_processor(const json::Fields& root, TokenizerData& data);

// ---- shared by the above

// Empty where it is missing or not a string: then it is none of the known ones.
std::string_view type_of(const json::Fields& fields);

// The steps of `root[key]` in order, the members of Sequences however nested; none where it is
// null.
Result<std::vector<json::Fields>> steps_of(const json::Fields& root, std::string_view key,
                                           std::string_view list_key);

// "pattern": {"Regex": ...} or {"String": ...}
Result<Pattern> read_pattern(const json::Fields& fields);
Result<MetaspaceStep> read_metaspace(const json::Fields& fields);
// "content": one character
Result<char32_t> read_character(const json::Fields& fields, std::string_view key);

}  // namespace gerbil::text
