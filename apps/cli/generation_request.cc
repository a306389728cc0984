#include "cli/generation_request.h"

namespace gerbil::cli {

Request generation_request(const GenerationOptions& generation) {
  return {.prompt = RawText{},
          .max_tokens = generation.max_tokens,
          .sampling = generation.sampling,
          .stop = generation.stop};
}

}  // namespace gerbil::cli
