// Whatever the template and the messages are (a zero byte divides them), a rendering ends: with
// text of bounded length, or with one line.
#include <cstdint>

#include "base/check.h"
#include "text/chat_template.h"
#include "text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gerbil;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t divider = input.find('\0');
  const std::string_view source = input.substr(0, divider);
  const std::string_view messages =
      divider == std::string_view::npos
          ? R"([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "text", "text": "a"}],
               "tool_calls": [{"function": {"name": "f", "arguments": "{\"a\": [1.5, null, true]}"}}]}])"
          : input.substr(divider + 1);
  // The fuzzer's inputs are small: so are its limits, for the sake of speed.
  const text::jinja::Limits limits{
      .max_steps = 20'000, .max_output_bytes = 1u << 18, .max_memory_bytes = 1u << 22};
  const auto compiled = text::ChatTemplate::compile(source, "fuzz", limits);
  if (!compiled) {
    GERBIL_ASSERT(compiled.error().message.starts_with("fuzz"));
    GERBIL_ASSERT(compiled.error().message.find('\n') == std::string::npos);
    return 0;
  }
  const auto prompt = compiled->render(messages, R"([{"function": {"name": "f"}}])",
                                       {.now = text::jinja::CivilTime{2026, 2, 28, 23, 59, 60}});
  if (prompt) {
    GERBIL_ASSERT(prompt->size() <= limits.max_output_bytes);
    GERBIL_ASSERT(text::utf8_valid_prefix(*prompt) == prompt->size());
  } else {
    GERBIL_ASSERT(prompt.error().message.find('\n') == std::string::npos);
    GERBIL_ASSERT(text::utf8_valid_prefix(prompt.error().message) == prompt.error().message.size());
    GERBIL_ASSERT(prompt.error().code != ErrorCode::kInternal);
  }
  return 0;
}
