#include "text/tokenizer_json.h"

#include <array>

#include "base/json_dom.h"
#include "text/tokenizer_json_model.h"
#include "text/tokenizer_json_steps.h"

namespace gerbil::text {

Result<TokenizerData> read_tokenizer_json(std::string_view text, std::string_view file_name) {
  constexpr std::array<std::string_view, 2> kTables = {kVocabPath, kMergesPath};

  GERBIL_TRY(const json::Dom dom, json::Dom::parse(text, file_name));
  GERBIL_TRY(const json::Value value, dom.value_without(kTables));
  GERBIL_TRY(const json::Fields root, json::Fields::of(value, file_name));
  GERBIL_CHECK_OK(only_keys(root, {"version", "truncation", "padding", "added_tokens", "normalizer",
                                   "pre_tokenizer", "post_processor", "decoder", "model"}));
  GERBIL_TRY(const std::string version, root.string_or("version", "1.0"));
  if (version != "1.0") return root.expected("version", "\"1.0\"", ErrorCode::kUnsupported);

  TokenizerData data;
  GERBIL_CHECK_OK(read_normalizer(root, data));
  GERBIL_CHECK_OK(read_pre_tokenizer(root, data));
  GERBIL_CHECK_OK(read_decoder(root, data));
  GERBIL_CHECK_OK(read_model(dom, root, data));
  GERBIL_CHECK_OK(read_added_tokens(root, data));
  GERBIL_CHECK_OK(read_post_processor(root, data));
  return data;
}

}  // namespace gerbil::text
