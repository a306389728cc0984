// What answers, their pieces and their log probabilities hold.
#include "api/c/guard.h"
#include "api/c/handles.h"

using gerbil::c::show;
using gerbil::c::show_nothing;

namespace {

const gerbil::DrawnLogprob* entry_of(const gerbil_logprobs* list, size_t index) {
  if (list == nullptr || index >= list->entries->size()) return nullptr;
  return &(*list->entries)[index];
}

bool read(const gerbil::TokenLogprob& from, int32_t* id, double* logprob, const char** bytes,
          size_t* size) {
  if (id != nullptr) *id = from.id;
  if (logprob != nullptr) *logprob = from.logprob;
  const char* text = show(from.bytes, size);
  if (bytes != nullptr) *bytes = text;
  return true;
}

const gerbil::ToolCall* call_of(const gerbil_answer* answer, size_t index) {
  if (answer == nullptr || index >= answer->answer.tool_calls.size()) return nullptr;
  return &answer->answer.tool_calls[index];
}

}  // namespace

extern "C" {

size_t gerbil_logprobs_count(const gerbil_logprobs* list) {
  return list == nullptr ? 0 : list->entries->size();
}
bool gerbil_logprobs_get(const gerbil_logprobs* list, size_t index, int32_t* id, double* logprob,
                         const char** bytes, size_t* size) {
  const auto* entry = entry_of(list, index);
  return entry != nullptr && read(*entry, id, logprob, bytes, size);
}
size_t gerbil_logprobs_top_count(const gerbil_logprobs* list, size_t index) {
  const auto* entry = entry_of(list, index);
  return entry == nullptr ? 0 : entry->top.size();
}
bool gerbil_logprobs_top_get(const gerbil_logprobs* list, size_t index, size_t rank, int32_t* id,
                             double* logprob, const char** bytes, size_t* size) {
  const auto* entry = entry_of(list, index);
  return entry != nullptr && rank < entry->top.size() &&
         read(entry->top[rank], id, logprob, bytes, size);
}

gerbil_delta_kind gerbil_delta_get_kind(const gerbil_delta* delta) {
  if (delta == nullptr) return GERBIL_DELTA_TEXT;
  switch (delta->delta.kind) {
    case gerbil::Delta::Kind::kReasoning:
      return GERBIL_DELTA_REASONING;
    case gerbil::Delta::Kind::kText:
      return GERBIL_DELTA_TEXT;
    case gerbil::Delta::Kind::kToolCall:
      return GERBIL_DELTA_TOOL_CALL;
  }
  return GERBIL_DELTA_TEXT;
}
const char* gerbil_delta_text(const gerbil_delta* delta, size_t* size) {
  return delta == nullptr ? show_nothing(size) : show(delta->delta.text, size);
}
const char* gerbil_delta_tool_name(const gerbil_delta* delta) {
  return delta == nullptr ? "" : delta->delta.tool_call.name.c_str();
}
const char* gerbil_delta_tool_arguments(const gerbil_delta* delta) {
  return delta == nullptr ? "" : delta->delta.tool_call.arguments.c_str();
}
const gerbil_logprobs* gerbil_delta_logprobs(const gerbil_delta* delta) {
  return delta == nullptr ? nullptr : &delta->logprobs;
}

void gerbil_answer_free(gerbil_answer* answer) { delete answer; }

const char* gerbil_answer_text(const gerbil_answer* answer, size_t* size) {
  return answer == nullptr ? show_nothing(size) : show(answer->answer.text, size);
}
const char* gerbil_answer_reasoning(const gerbil_answer* answer, size_t* size) {
  return answer == nullptr ? show_nothing(size) : show(answer->answer.reasoning, size);
}
size_t gerbil_answer_tool_call_count(const gerbil_answer* answer) {
  return answer == nullptr ? 0 : answer->answer.tool_calls.size();
}
const char* gerbil_answer_tool_name(const gerbil_answer* answer, size_t index) {
  const auto* call = call_of(answer, index);
  return call == nullptr ? "" : call->name.c_str();
}
const char* gerbil_answer_tool_arguments(const gerbil_answer* answer, size_t index) {
  const auto* call = call_of(answer, index);
  return call == nullptr ? "" : call->arguments.c_str();
}
const int32_t* gerbil_answer_token_ids(const gerbil_answer* answer, size_t* count) {
  if (count != nullptr) *count = answer == nullptr ? 0 : answer->answer.token_ids.size();
  return answer == nullptr ? nullptr : answer->answer.token_ids.data();
}
const gerbil_logprobs* gerbil_answer_logprobs(const gerbil_answer* answer) {
  return answer == nullptr ? nullptr : &answer->logprobs;
}

gerbil_finish_reason gerbil_answer_finish_reason(const gerbil_answer* answer) {
  if (answer == nullptr) return GERBIL_FINISH_STOP;
  switch (answer->answer.finish_reason) {
    case gerbil::FinishReason::kStop:
      return GERBIL_FINISH_STOP;
    case gerbil::FinishReason::kLength:
      return GERBIL_FINISH_LENGTH;
    case gerbil::FinishReason::kContext:
      return GERBIL_FINISH_CONTEXT;
    case gerbil::FinishReason::kCancelled:
      return GERBIL_FINISH_CANCELLED;
  }
  return GERBIL_FINISH_STOP;
}
const char* gerbil_finish_reason_name(gerbil_finish_reason reason) {
  switch (reason) {
    case GERBIL_FINISH_STOP:
      return "stop";
    case GERBIL_FINISH_LENGTH:
      return "length";
    case GERBIL_FINISH_CONTEXT:
      return "context";
    case GERBIL_FINISH_CANCELLED:
      return "cancelled";
    default:
      return "";
  }
}
gerbil_thinking_end gerbil_answer_thinking_end(const gerbil_answer* answer) {
  if (answer == nullptr) return GERBIL_THINKING_ITSELF;
  switch (answer->answer.thinking_end) {
    case gerbil::ThinkingEnd::kItself:
      return GERBIL_THINKING_ITSELF;
    case gerbil::ThinkingEnd::kBudget:
      return GERBIL_THINKING_BUDGET;
    case gerbil::ThinkingEnd::kLoop:
      return GERBIL_THINKING_LOOP;
  }
  return GERBIL_THINKING_ITSELF;
}
int64_t gerbil_answer_prompt_tokens(const gerbil_answer* answer) {
  return answer == nullptr ? 0 : answer->answer.prompt_tokens;
}
int64_t gerbil_answer_cached_tokens(const gerbil_answer* answer) {
  return answer == nullptr ? 0 : answer->answer.cached_tokens;
}
int64_t gerbil_answer_reasoning_tokens(const gerbil_answer* answer) {
  return answer == nullptr ? 0 : answer->answer.reasoning_tokens;
}
double gerbil_answer_prefill_ms(const gerbil_answer* answer) {
  return answer == nullptr ? 0 : answer->answer.timings.prefill_ms;
}
double gerbil_answer_decode_ms(const gerbil_answer* answer) {
  return answer == nullptr ? 0 : answer->answer.timings.decode_ms;
}
double gerbil_answer_tokens_per_second(const gerbil_answer* answer) {
  return answer == nullptr ? 0 : answer->answer.timings.tok_s;
}
}
