#include "cli/generation_request.h"

namespace gerbil::cli {

Request generation_request(const GenerationOptions& generation) {
  return {.prompt = RawText{},
          .max_tokens = generation.max_tokens,
          .sampling = generation.sampling,
          .stop = generation.stop,
          .stop_token_ids = generation.stop_tokens,
          .thinking_budget = generation.thinking_budget};
}

}  // namespace gerbil::cli
