// What the opaque objects of gerbil_c.h hold.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gerbil/gerbil.h"
#include "gerbil/gerbil_c.h"

struct gerbil_options {
  gerbil::LoadOptions load;
  // Checked when they are used, so that the error says more than a setter could.
  std::string backend = "auto", quant = "auto", activations = "auto", kv = "auto", isa = "auto";

  gerbil::Result<gerbil::LoadOptions> resolved() const;
};

struct gerbil_tokenizer {
  std::unique_ptr<gerbil::Tokenizer> tokenizer;
};

struct gerbil_engine {
  std::unique_ptr<gerbil::Engine> engine;
};

struct gerbil_session {
  std::unique_ptr<gerbil::Session> session;
};

struct gerbil_request {
  gerbil::Request request;
  // Said by numbers that the interface has no names for; reported when the request is used.
  bool unknown_think = false;
  bool unknown_end = false;
};

struct gerbil_logprobs {
  const std::vector<gerbil::DrawnLogprob>* entries;
};

struct gerbil_delta {
  const gerbil::Delta& delta;
  gerbil_logprobs logprobs{&delta.logprobs};
};

struct gerbil_answer {
  gerbil::Answer answer;
  gerbil_logprobs logprobs{&answer.logprobs};

  explicit gerbil_answer(gerbil::Answer given) : answer(std::move(given)) {}
  gerbil_answer(const gerbil_answer&) = delete;
  gerbil_answer& operator=(const gerbil_answer&) = delete;
};

namespace gerbil::c {

// GERBIL_THINK_* to the template's choice; false where it is none of them.
bool read_think(gerbil_think think, std::optional<bool>& out);

}  // namespace gerbil::c
