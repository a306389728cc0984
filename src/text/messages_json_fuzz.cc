// Messages, tools and template variables as a request has them (zero bytes divide them): whatever
// they are, they become a prompt or one line. The first byte says how the chat is asked for.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "text/chat_parts.h"
#include "text/chat_templates.h"
#include "text/utf8.h"

namespace {

using namespace gerbil;

// Reads what templates read, in the ways they do, and the JSON back.
constexpr std::string_view kDefault =
    "{% for m in messages %}<{{ m.role }}>{% if m.content is string %}{{ m.content|trim }}"
    "{% else %}{% for p in m.content %}{{ p.text if 'text' in p else p.type }}{% endfor %}{% endif "
    "%}"
    "{% for c in m.tool_calls %}{% set c = c.function or c %}{{ c.name }}"
    "{% for k, v in c.arguments|items %}{{ k }}={{ v|string }};{% endfor %}{% endfor %}"
    "{% if loop.last and add_generation_prompt %}<a>{% endif %}{% endfor %}{{ x }}";
constexpr std::string_view kToolUse =
    "{{ tools|tojson }}{% for m in messages %}{{ m|tojson(indent=2) }}{{ m }}"
    "{{ m.content|string|trim }}{% for c in m.tool_calls %}{{ c.function.arguments|tojson }}"
    "{% endfor %}{% endfor %}";

const text::ChatTemplates& templates() {
  static const text::ChatTemplates made = [] {
    auto result = text::ChatTemplates::from_files(
        {.chat_template_jinja = kDefault, .additional = {{"tool_use", kToolUse}}});
    GERBIL_ASSERT(result);
    return *std::move(result);
  }();
  return made;
}

Result<std::string> render(std::string_view messages, std::string_view tools,
                           const text::ChatOptions& options) {
  GERBIL_TRY(const text::ChatTemplate chosen, templates().choose("", text::gives_tools(tools)));
  return chosen.render(messages, tools, options);
}

void check_line(const Error& error) {
  GERBIL_ASSERT(!error.message.empty() && error.message.find('\n') == std::string::npos);
  GERBIL_ASSERT(error.code != ErrorCode::kInternal);
  GERBIL_ASSERT(text::utf8_valid_prefix(error.message) == error.message.size());
}

std::string_view take_part(std::string_view& rest) {
  const size_t end = std::min(rest.find('\0'), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view messages = take_part(rest);
  const std::string_view tools = take_part(rest);
  const bool continues = (data[0] & 1) != 0;
  // What is not UTF-8 was refused before.
  for (const std::string_view part : {messages, tools, rest})
    if (text::utf8_valid_prefix(part) != part.size()) return 0;
  text::ChatOptions options{.add_generation_prompt = !continues && (data[0] & 2) != 0,
                            .continue_final_message = continues,
                            .variables_json = std::string(rest)};
  if ((data[0] & 4) != 0) options.enable_thinking = (data[0] & 8) != 0;

  const auto prompt = render(messages, tools, options);
  if (!prompt) {
    check_line(prompt.error());
  } else {
    GERBIL_ASSERT(text::utf8_valid_prefix(*prompt) == prompt->size());
  }
  // What a chat is asked beside its prompt, here for JSON of any shape.
  if (const Status text_only = text::check_text_only(messages); !text_only)
    check_line(text_only.error());
  const auto content = text::unfinished_content(messages);
  if (!content) check_line(content.error());
  if (!prompt) return 0;
  const std::string before = text::without_last(messages);
  if (before.empty()) return 0;
  const auto shorter = render(before, tools, {});
  if (!shorter) check_line(shorter.error());
  // Without its last message it is a chat still.
  GERBIL_ASSERT(shorter || !shorter.error().message.starts_with("messages"));
  return 0;
}
