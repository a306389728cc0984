// The feed-forward layer of experts that several families share.
#pragma once

#include "graph/builder.h"
#include "model/model_config.h"

namespace gerbil::model {

// The chosen experts' SwiGLU layers of x, weighted: matrix "router" [experts, hidden], then weights
// "experts". x: [rows, hidden], normed.
graph::Value routed_experts(graph::Scope s, graph::Value x, const ExpertsConfig& experts);

}  // namespace gerbil::model
