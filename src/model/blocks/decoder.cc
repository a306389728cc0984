#include "model/blocks/decoder.h"

namespace gerbil::model {

using graph::Scope;
using graph::Value;

Value embed_tokens(Scope root, const ModelConfig& config) {
  const Value x = root.embed("embed", config.vocab, config.hidden);
  root.tap("hidden.0", x);
  return x;
}

Value swiglu(Scope s, Value x, int64_t intermediate) {
  const int64_t hidden = s.shape(x).dim;
  const auto gate_up = s.linear_parts("gate_up", x, {intermediate, intermediate});
  return s.linear("down", s.mul(s.silu(gate_up[0]), gate_up[1]), hidden);
}

void predict(Scope root, const ModelConfig& config, Value x) {
  const Value hidden = root.rms_norm("final_norm", x, config.eps);
  root.tap("hidden.final", hidden);
  const std::string_view head = root.has("lm_head") ? "lm_head" : "embed";
  const Value logits = root.linear(head, root.gather_wanted(hidden), config.vocab);
  root.tap("logits", logits);
  const Value ids = root.sample(logits);
  root.tap("sample", ids);
  root.logprobs(logits, ids);
}

}  // namespace gerbil::model
