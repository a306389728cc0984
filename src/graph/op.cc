#include "graph/op.h"

#include <array>

namespace gerbil::graph {

std::string_view op_name(OpKind kind) {
  static constexpr std::array<std::string_view, kOpKinds> kNames = {
      "embed",         "linear",   "rms_norm",     "l2_norm",       "layer_norm", "add",
      "mul",           "silu",     "sigmoid",      "gelu",          "slice",      "reshape",
      "rope",          "attend",   "conv1d",       "delta_gate",    "delta_rule", "scale_rows",
      "route",         "experts",  "interpolate",  "attend_groups", "merge_rows", "gather_rows",
      "sample",        "logprobs", "add_rms_norm", "rms_norm_rope", "silu_mul",   "sigmoid_mul",
      "gated_rms_norm"};
  static_assert(!kNames.back().empty());
  return kNames[kind];
}

}  // namespace gerbil::graph
