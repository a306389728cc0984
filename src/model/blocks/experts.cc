#include "model/blocks/experts.h"

namespace gerbil::model {

using graph::Scope;
using graph::Value;

Value routed_experts(Scope s, Value x, const ExpertsConfig& experts) {
  const Value logits = s.linear("router", x, experts.count);
  const Scope::Choice choice = s.route(logits, experts.top_k, experts.normalise);
  return s.experts("experts", x, choice, experts.count, experts.intermediate);
}

}  // namespace gerbil::model
