// Any bytes as a tokenizer.json: an error or a tokenizer whose encoding and decoding keep their
// promises.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "text/detokenizer.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gerbil::text;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tokenizer = Tokenizer::from_json(text, "tokenizer.json");
  if (!tokenizer) {
    if (tokenizer.error().message.empty() ||
        tokenizer.error().message.find('\n') != std::string::npos)
      std::abort();
    return 0;
  }
  for (const std::string_view sample :
       {text.substr(0, 512),
        std::string_view("hello  w\xC3\xB6rld, e\xCC\x81 12<|im_end|>\r\n x")}) {
    const auto ids = tokenizer->encode(sample);
    if (!ids) continue;  // a regular expression that gave up
    Detokenizer detokenizer(*tokenizer, true);
    std::string streamed;
    for (const int32_t id : *ids) {
      if (id < 0 || id >= tokenizer->vocab_size()) std::abort();
      streamed += detokenizer.push(id);
    }
    streamed += detokenizer.flush();
    if (utf8_valid_prefix(streamed) != streamed.size()) std::abort();
    // A run of byte tokens that is not UTF-8 is all replacements when it is decoded as a whole.
    const std::string decoded = tokenizer->decode(*ids, true);
    if (streamed != decoded && decoded.find(kReplacement) == std::string::npos) std::abort();
  }
  return 0;
}
