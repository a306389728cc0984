#include "backend/host/patch_inputs.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "graph/patches.h"

namespace gerbil::backend {

using graph::InputKind;
using graph::kTableTaps;

bool PatchInputs::wanted_by(const graph::Graph& graph) {
  return std::ranges::any_of(graph.values, [](const graph::ValueInfo& value) {
    return value.input == InputKind::kPatches;
  });
}

PatchInputs::PatchInputs(const graph::Graph& graph, int64_t max_patches)
    : graph_(&graph),
      max_patches_(max_patches),
      ids_(static_cast<size_t>(max_patches * kTableTaps)),
      factors_(static_cast<size_t>(max_patches * kTableTaps)) {
  for (const graph::ValueInfo& value : graph.values)
    if (value.input == InputKind::kPatches) patch_dim_ = value.shape.dim;
}

Status PatchInputs::check(const graph::Batch& batch) const {
  const auto side = static_cast<int32_t>(graph_->patches.merge_side);
  int64_t patches = 0;
  for (const graph::PatchGroup& group : batch.groups) {
    if (group.rows < 1 || group.columns < 1 || group.rows % side != 0 || group.columns % side != 0)
      return invalid("a picture of {} x {} patches: expected multiples of {}", group.rows,
                     group.columns, side);
    patches += group.patches();
    if (patches > max_patches_)
      return invalid("a step of more than {} patches: this plan takes no more", max_patches_);
  }
  if (static_cast<int64_t>(batch.patches.size()) != patches * patch_dim_)
    return invalid("{} patches: expected {} numbers, found {}", patches, patches * patch_dim_,
                   batch.patches.size());
  return {};
}

void PatchInputs::fill(const graph::Batch& batch, std::vector<std::vector<float>>& ropes) {
  size_t patch = 0;
  for (const graph::PatchGroup& group : batch.groups)
    for (int64_t number = 0; number < group.patches(); ++number, ++patch) {
      const graph::PatchPlace place = graph::place_of(group, graph_->patches.merge_side, number);
      if (graph_->patches.table_side > 0) {
        const graph::TableTaps taps = graph::table_taps(graph_->patches.table_side, group, place);
        std::ranges::copy(taps.ids, ids_.begin() + static_cast<ptrdiff_t>(patch * kTableTaps));
        std::ranges::copy(taps.factors,
                          factors_.begin() + static_cast<ptrdiff_t>(patch * kTableTaps));
      }
      const std::array<int32_t, 3> position = {0, place.row, place.column};
      for (size_t rope = 0; rope < ropes.size(); ++rope) {
        const auto width = static_cast<size_t>(graph_->ropes[rope].rotary_dim());
        graph::fill_rope_row(graph_->ropes[rope], position,
                             Span<float>(ropes[rope]).subspan(patch * width, width));
      }
    }
  count_ = static_cast<int64_t>(patch);
}

void* PatchInputs::data(InputKind kind) {
  switch (kind) {
    case InputKind::kTableIds:
      return ids_.data();
    case InputKind::kTableFactors:
      return factors_.data();
    default:
      return nullptr;
  }
}

}  // namespace gerbil::backend
