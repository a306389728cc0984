// Stored tensor names -> weight roles, strict both ways: every tensor of the checkpoint is claimed
// by a role of the family's table or left alone by one of its skip rules, and every required role
// is there, whole. An error names the file and the tensor.
//
// Shapes are not checked here but where the graph uses a weight (graph::Builder). Pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/checkpoint.h"
#include "graph/weights.h"
#include "model/family.h"

namespace gerbil::model {

struct TensorCount {
  uint64_t tensors = 0;
  uint64_t bytes = 0;  // as stored
};

// What became of a checkpoint's tensors.
struct LoadReport {
  struct Skipped {
    std::string_view rule;  // "vision"
    TensorCount count;
  };
  TensorCount claimed;
  std::set<std::string, std::less<>> names;  // of the claimed
  std::vector<Skipped> skipped;  // the rules that skipped something, in the table's order
};

struct NameMap {
  graph::WeightMap weights;
  LoadReport report;
};

// Which weights of an encoder of pictures are claimed too.
struct VisionNames {
  const VisionFamily* family = nullptr;  // null: none
  int64_t depth = 0;
};

// `architecture` is for messages.
Result<NameMap> map_names(const NameTable& table, std::string_view architecture,
                          const ModelConfig& config, const format::Checkpoint& checkpoint,
                          const VisionNames& vision = {});

}  // namespace gerbil::model
