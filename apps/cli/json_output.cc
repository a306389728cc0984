#include "cli/json_output.h"

#include <cmath>
#include <nlohmann/json.hpp>

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

}  // namespace

std::string answer_json(const Answer& answer, double load_ms) {
  Json calls = Json::array();
  for (const ToolCall& call : answer.tool_calls) calls.push_back(tool_call(call));
  const Json timings = {{"load_ms", to_thousandths(load_ms)},
                        {"prefill_ms", to_thousandths(answer.timings.prefill_ms)},
                        {"decode_ms", to_thousandths(answer.timings.decode_ms)},
                        {"tok_s", to_thousandths(answer.timings.tok_s)}};
  return print({{"text", answer.text},
                {"reasoning", answer.reasoning},
                {"tool_calls", std::move(calls)},
                {"token_ids", answer.token_ids},
                {"finish_reason", std::string(name(answer.finish_reason))},
                {"prompt_tokens", answer.prompt_tokens},
                {"timings", timings}});
}

std::string tool_call_json(const ToolCall& call) { return print(tool_call(call)); }

std::string ids_json(const std::vector<int32_t>& ids) { return print(Json(ids)); }

std::string messages_json(const std::optional<std::string>& system, std::string_view prompt) {
  Json messages = Json::array();
  if (system) messages.push_back({{"role", "system"}, {"content", *system}});
  messages.push_back({{"role", "user"}, {"content", std::string(prompt)}});
  return print(messages);
}

}  // namespace gerbil::cli
