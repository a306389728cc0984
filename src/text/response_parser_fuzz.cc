// Cutting an answer into pieces changes nothing, and no text is lost: the first byte says how the
// parser is set up and where to cut.
#include <cstdint>

#include "base/check.h"
#include "base/json.h"
#include "text/response_parser.h"

namespace {

using namespace gerbil::text;

std::vector<ResponseEvent> parse(const ResponseFormat& format, std::string_view answer,
                                 size_t piece) {
  ResponseParser parser(format);
  std::vector<ResponseEvent> events;
  for (size_t i = 0; i < answer.size(); i += piece) parser.push(answer.substr(i, piece), events);
  parser.finish(events);
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view answer(reinterpret_cast<const char*>(data) + 1, size - 1);
  const ResponseFormat format{
      .thinking = (data[0] & 1) != 0,
      .tool_calls = (data[0] & 2) != 0,
      .starts_in_reasoning = (data[0] & 4) != 0,
      .tools =
          R"([{"function": {"name": "f", "parameters": {"properties": {"a": {"type": "string"}, "n": {"type": "integer"},
              "x": {"anyOf": [{"type": "number"}, {"type": "null"}]}, "o": {"type": "object"}, "b": {"type": "boolean"}}}}}])"};
  const auto whole = parse(format, answer, answer.size() + 1);
  const auto cut = parse(format, answer, 1 + (data[0] >> 3));
  GERBIL_ASSERT(whole.size() == cut.size());
  size_t text_bytes = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    GERBIL_ASSERT(whole[i].kind == cut[i].kind && whole[i].text == cut[i].text);
    GERBIL_ASSERT(whole[i].tool_call.name == cut[i].tool_call.name);
    GERBIL_ASSERT(whole[i].tool_call.arguments == cut[i].tool_call.arguments);
    if (whole[i].kind == ResponseEvent::Kind::kToolCall) {
      const auto arguments = gerbil::json::parse(whole[i].tool_call.arguments, "arguments");
      GERBIL_ASSERT(arguments && arguments->object());
    }
    text_bytes += whole[i].text.size();
  }
  GERBIL_ASSERT(text_bytes <= answer.size());
  if (!format.thinking && !format.tool_calls && !format.starts_in_reasoning)
    GERBIL_ASSERT(text_bytes == answer.size());
  return 0;
}
