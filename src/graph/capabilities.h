// What a backend can run: filled from the kernels' registry and handed to the fuse and place
// passes, so that the graph room knows neither kernels nor backends.
#pragma once

#include <bitset>

#include "graph/op.h"

namespace gerbil::graph {

struct Capabilities {
  std::bitset<kOpKinds> ops;

  bool has(OpKind kind) const { return ops.test(kind); }
};

}  // namespace gerbil::graph
