// What decoders of several families share, written in the graph's primitives (the fuse pass fuses).
//
// Taps, which tests and `forward --taps` rely on: hidden.0 (embedding output), hidden.I (output of
// layer I - 1), hidden.final (after the final norm), logits, sample.
#pragma once

#include "graph/builder.h"
#include "model/model_config.h"

namespace gerbil::model {

// Rows of the table "embed" for the step's tokens: hidden.0. [rows, hidden]
graph::Value embed_tokens(graph::Scope root, const ModelConfig& config);

// down(silu(gate x) * up x), with gate and up as one matrix "gate_up" (SwiGLU, arXiv 2002.05202).
graph::Value swiglu(graph::Scope s, graph::Value x, int64_t intermediate);

// From the residual stream after the last layer to the next tokens: final norm, the wanted rows,
// logits by "lm_head" or, where the checkpoint has none, by the embedding table, sample.
void predict(graph::Scope root, const ModelConfig& config, graph::Value x);

}  // namespace gerbil::model
