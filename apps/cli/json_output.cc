#include "cli/json_output.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/input.h"

namespace gerbil::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 256;  // writing recurses

double to_thousandths(double value) { return std::round(value * 1000) / 1000; }

std::string print(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json tool_call(const ToolCall& call) {
  bool deep = false;
  Json arguments = Json::parse(
      call.arguments,
      [&](int depth, Json::parse_event_t, Json&) {
        deep = deep || depth > kMaxDepth;
        return !deep;
      },
      /*allow_exceptions=*/false);
  if (deep || arguments.is_discarded()) arguments = call.arguments;
  return {{"name", call.name}, {"arguments", std::move(arguments)}};
}

// As OpenAI's API has them: text, bytes where the text is no whole character, -9999 for "never".
Json token_json(const TokenLogprob& token) {
  const bool whole = check_utf8(token.bytes, "").has_value();
  Json result = {{"id", token.id},
                 {"token", whole ? token.bytes : "\xef\xbf\xbd"},
                 {"logprob", std::max(token.logprob, -9999.0)}};
  Json bytes = Json::array();
  for (const char byte : token.bytes) bytes.push_back(static_cast<uint8_t>(byte));
  result["bytes"] = std::move(bytes);
  return result;
}

Json logprobs_json(const std::vector<DrawnLogprob>& logprobs) {
  Json all = Json::array();
  for (const DrawnLogprob& drawn : logprobs) {
    Json& one = all.emplace_back(token_json(drawn));
    Json top = Json::array();
    for (const TokenLogprob& token : drawn.top) top.push_back(token_json(token));
    one["top_logprobs"] = std::move(top);
  }
  return all;
}

}  // namespace

std::string answer_json(const Answer& answer, double load_ms, bool logprobs) {
  Json calls = Json::array();
  for (const ToolCall& call : answer.tool_calls) calls.push_back(tool_call(call));
  const Json timings = {{"load_ms", to_thousandths(load_ms)},
                        {"prefill_ms", to_thousandths(answer.timings.prefill_ms)},
                        {"decode_ms", to_thousandths(answer.timings.decode_ms)},
                        {"tok_s", to_thousandths(answer.timings.tok_s)}};
  Json result = {{"text", answer.text},
                 {"reasoning", answer.reasoning},
                 {"tool_calls", std::move(calls)},
                 {"token_ids", answer.token_ids},
                 {"finish_reason", std::string(name(answer.finish_reason))},
                 {"prompt_tokens", answer.prompt_tokens},
                 {"timings", timings}};
  if (answer.reasoning_tokens > 0) result["reasoning_tokens"] = answer.reasoning_tokens;
  if (answer.thinking_end != ThinkingEnd::kItself)
    result["thinking_end"] = std::string(name(answer.thinking_end));
  if (logprobs) result["logprobs"] = logprobs_json(answer.logprobs);
  return print(result);
}

std::string tool_call_json(const ToolCall& call) { return print(tool_call(call)); }

std::string ids_json(const std::vector<int32_t>& ids) { return print(Json(ids)); }

std::string messages_json(const std::optional<std::string>& system, std::string_view prompt,
                          const std::vector<std::pair<std::string, std::string>>& media) {
  Json messages = Json::array();
  if (system) messages.push_back({{"role", "system"}, {"content", *system}});
  Json content = std::string(prompt);
  if (!media.empty()) {
    content = Json::array();
    for (const auto& [type, place] : media) content.push_back({{"type", type}, {type, place}});
    content.push_back({{"type", "text"}, {"text", std::string(prompt)}});
  }
  messages.push_back({{"role", "user"}, {"content", std::move(content)}});
  return print(messages);
}

}  // namespace gerbil::cli
