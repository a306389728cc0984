#include "kernels/registry.h"

#include <array>

// Declarations of everything listed.
#define GERBIL_KERNEL(op, folder, row, level, smallest, largest) \
  namespace gerbil::kernels::folder {                            \
  void row(const Call& call);                                    \
  }
#define GERBIL_KERNEL_WITH_SCRATCH(op, folder, row, level, smallest, largest)      \
  namespace gerbil::kernels::folder {                                              \
  void row(const Call& call);                                                      \
  uint64_t row##_scratch_bytes(const graph::Graph& graph, const graph::Node& node, \
                               const graph::RowLimits& limits, const Team& team);  \
  }
#include "kernels/registry.inc"
#undef GERBIL_KERNEL
#undef GERBIL_KERNEL_WITH_SCRATCH

namespace gerbil::kernels {
namespace {

constexpr KernelRow kRows[] = {
#define GERBIL_KERNEL(op, folder, row, level, smallest, largest)               \
  {graph::kOpKindOf<graph::op>, #row,        Level::level, RowClass::smallest, \
   RowClass::largest,           folder::row, nullptr},
#define GERBIL_KERNEL_WITH_SCRATCH(op, folder, row, level, smallest, largest) \
  {graph::kOpKindOf<graph::op>,                                               \
   #row,                                                                      \
   Level::level,                                                              \
   RowClass::smallest,                                                        \
   RowClass::largest,                                                         \
   folder::row,                                                               \
   folder::row##_scratch_bytes},
#include "kernels/registry.inc"
#undef GERBIL_KERNEL
#undef GERBIL_KERNEL_WITH_SCRATCH
    {},  // so that the table is never empty; not part of registry()
};

}  // namespace

RowClass row_class(int64_t rows) {
  if (rows <= 1) return RowClass::kOne;
  if (rows <= 8) return RowClass::kFew;
  return rows <= 64 ? RowClass::kSome : RowClass::kMany;
}

Span<const KernelRow> registry() {
  return Span<const KernelRow>(kRows).first(std::size(kRows) - 1);
}

const KernelRow* find_kernel(graph::OpKind op, Level level, RowClass rows) {
  for (const KernelRow& row : registry()) {
    if (row.op != op || rows < row.smallest || rows > row.largest) continue;
    if (row.level == Level::kReference || level == Level::kCpu) return &row;
  }
  return nullptr;
}

graph::Capabilities capabilities(Level level) {
  graph::Capabilities result;
  result.ops.set(graph::kOpKindOf<graph::Slice>);
  result.ops.set(graph::kOpKindOf<graph::Reshape>);
  for (graph::OpKind op = 0; op < graph::kOpKinds; ++op) {
    bool every_class = true;
    for (int rows = 0; rows < kRowClasses; ++rows)
      every_class = every_class && find_kernel(op, level, static_cast<RowClass>(rows)) != nullptr;
    if (every_class) result.ops.set(op);
  }
  return result;
}

}  // namespace gerbil::kernels
