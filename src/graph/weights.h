// WeightMap: which stored tensors a graph's weight roles are made of. Filled from a model family's
// name tables, read by a backend when it packs; it is all that a backend ever sees of a checkpoint.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tensor/tensor_ref.h"

namespace gerbil::graph {

enum class LoadTransform : uint8_t {
  kNone,
  kAddOne,  // norm weights stored minus one: w + 1
};

struct StoredPart {
  std::string name;  // in the checkpoint, for messages
  tensor::TensorRef tensor;
};

// The parts are concatenated along the first dimension. A role that the checkpoint does not hold
// (an optional bias, a tied head) keeps its row with present = false, so that an error can name the
// tensor that was looked for.
struct WeightBinding {
  std::vector<StoredPart> parts;
  LoadTransform transform = LoadTransform::kNone;
  bool present = true;
};

using WeightMap = std::map<std::string, WeightBinding, std::less<>>;  // role -> binding

}  // namespace gerbil::graph
