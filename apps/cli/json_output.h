// The JSON that commands print: one line each. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gerbil/gerbil.h"

namespace gerbil::cli {

// {"text", "reasoning", "tool_calls": [{"name", "arguments"}], "token_ids", "finish_reason",
// "prompt_tokens", "timings": {"load_ms", "prefill_ms", "decode_ms", "tok_s"}}; after a thinking
// "reasoning_tokens", where it was ended for the model "thinking_end"; with `logprobs`
// "logprobs": [{"id", "token", "logprob", "bytes", "top_logprobs": [{"id", ...}]}].
std::string answer_json(const Answer& answer, double load_ms, bool logprobs);
// {"name", "arguments"}; arguments that are not JSON stay a string.
std::string tool_call_json(const ToolCall& call);
// [1,2,3]
std::string ids_json(const std::vector<int32_t>& ids);
// The messages of a chat: [{"role": "system", ...}, {"role": "user", ...}]. UTF-8.
// `media`: content parts in front of the prompt, as (type, place).
std::string messages_json(const std::optional<std::string>& system, std::string_view prompt,
                          const std::vector<std::pair<std::string, std::string>>& media = {});

}  // namespace gerbil::cli
