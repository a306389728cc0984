// Prompt: what a request asks to be answered, as token ids, and how its answer is to be read. Pure
// functions.
#pragma once

#include <optional>
#include <vector>

#include "api/prompter.h"
#include "api/sight.h"
#include "gerbil/gerbil.h"

namespace gerbil::api {

struct Prompt {
  std::vector<int32_t> ids;
  int64_t shared = 0;  // tokens that the chat's next prompt will likely begin with
  std::optional<text::ResponseFormat> chat;  // how to read the answer; raw prompts have raw answers
  std::vector<SeenMedia> media;              // whose places the ids hold
  std::string open_reasoning;  // where that starts in reasoning: what follows the prompt's <think>
};

// A prompt that does not fit into `context` tokens may come back without its rest: runtime::Engine
// refuses it.
// `sight`: null where the model takes no pictures. `seen`: those that need not be opened again.
Result<Prompt> make_prompt(const Prompter& prompter, const Sight* sight, SeenCache& seen,
                           const Request& request, int64_t context);

}  // namespace gerbil::api
