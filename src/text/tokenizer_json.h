// Reads Hugging Face's tokenizer.json (format of the `tokenizers` library, version "1.0").
//
// Strict: a field or a step that is not understood, or a value that would change the ids and is not
// implemented, is an error with its path and what was found. `truncation` and `padding` are
// requests, not part of the tokenizer: they are skipped. The text is hostile: nesting, sizes, ids
// and references are checked. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "text/table_file.h"
#include "text/tokenizer_data.h"

namespace gerbil::text {

Result<TokenizerData> read_tokenizer_json(std::string_view text, std::string_view file_name);

// What is large of it, for the next time, and the same data from that: kCorrupt where the tables
// are not those of a tokenizer.
void put_tokenizer(const TokenizerData& data, TableWriter& to);
Result<TokenizerData> take_tokenizer(TableReader& from, std::string_view file_name);

}  // namespace gerbil::text
